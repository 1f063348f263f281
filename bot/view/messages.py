"""Everything the bot says, in every language. Texts are HTML for Telegram, except toasts, titles and commands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.view.language import Language, language_of


@dataclass(frozen=True)
class Messages:
    """The bot's words in one language; a language that lacks one does not come to be."""

    start: str
    help: str
    your_id: str
    """With {user} and {chat}."""
    you_are_admin: str
    hint: str
    no_hanzi: str
    two_forms: str
    sorry: str
    rated_up: str
    rated_down: str
    withdrawn: str
    poem_gone: str
    command_poem: str
    command_help: str
    command_id: str


CATALOGUE: Final[Mapping[Language, Messages]] = {
    Language.HANT: Messages(
        start="我是<b>月下</b>，會寫五絕、七絕、五律、七律。\n\n試試 /poem 月，或 /poem 七絕 秋山，/help 有更多說明。",
        help=(
            "/poem　隨意寫一首\n"
            "/poem 月　以「月」開頭\n"
            "/poem 月 七絕　指定體裁：五絕 七絕 五律 七律\n"
            "/id　你的編號\n\n"
            "詩下的 👍 👎 是你的評價：再按一次收回，按另一個改評。"
        ),
        your_id="你的編號：<code>{user}</code>\n本聊天的編號：<code>{chat}</code>",
        you_are_admin="你是管理員。",
        hint="想要一首詩？寫 /poem 月，詩便以「月」開頭。/help 有更多說明。",
        no_hanzi="詩須以漢字開頭，例如 /poem 月。",
        two_forms="一首詩只有一種體裁，例如 /poem 月 七絕。",
        sorry="抱歉，出了點差錯，請稍後再試。",
        rated_up="👍 謝謝！",
        rated_down="👎 記下了。",
        withdrawn="已收回評價。",
        poem_gone="這首詩已找不到了。",
        command_poem="寫一首詩：/poem 月 七絕",
        command_help="使用說明",
        command_id="你的編號",
    ),
    Language.HANS: Messages(
        start="我是<b>月下</b>，会写五绝、七绝、五律、七律。\n\n试试 /poem 月，或 /poem 七绝 秋山，/help 有更多说明。",
        help=(
            "/poem　随意写一首\n"
            "/poem 月　以“月”开头\n"
            "/poem 月 七绝　指定体裁：五绝 七绝 五律 七律\n"
            "/id　你的编号\n\n"
            "诗下的 👍 👎 是你的评价：再按一次收回，按另一个改评。"
        ),
        your_id="你的编号：<code>{user}</code>\n本聊天的编号：<code>{chat}</code>",
        you_are_admin="你是管理员。",
        hint="想要一首诗？写 /poem 月，诗便以“月”开头。/help 有更多说明。",
        no_hanzi="诗须以汉字开头，例如 /poem 月。",
        two_forms="一首诗只有一种体裁，例如 /poem 月 七绝。",
        sorry="抱歉，出了点差错，请稍后再试。",
        rated_up="👍 谢谢！",
        rated_down="👎 记下了。",
        withdrawn="已收回评价。",
        poem_gone="这首诗已找不到了。",
        command_poem="写一首诗：/poem 月 七绝",
        command_help="使用说明",
        command_id="你的编号",
    ),
    Language.ENGLISH: Messages(
        start=(
            "I am <b>Yuexia</b> 月下 and write classical Chinese poems.\n\n"
            "Try /poem 月 or /poem 七絕 秋山; /help tells more."
        ),
        help=(
            "/poem – any poem\n"
            "/poem 月 – a poem that begins with 月\n"
            "/poem 月 七絕 – in a form of your choice: 五絕 七絕 五律 七律\n"
            "/id – your id\n\n"
            "👍 👎 below a poem are your rating: press again to withdraw it, press the other to change it."
        ),
        your_id="Your id: <code>{user}</code>\nThis chat's id: <code>{chat}</code>",
        you_are_admin="You are an administrator.",
        hint="Would you like a poem? Write /poem 月 and it begins with 月. /help tells more.",
        no_hanzi="A poem begins with a Chinese character, for instance /poem 月.",
        two_forms="A poem has one form, for instance /poem 月 七絕.",
        sorry="Sorry, something went wrong. Please try again later.",
        rated_up="👍 Thank you!",
        rated_down="👎 Noted.",
        withdrawn="Rating withdrawn.",
        poem_gone="This poem can no longer be found.",
        command_poem="write a poem: /poem 月 七絕",
        command_help="how to use me",
        command_id="your id",
    ),
}


def messages_for(language_code: str | None) -> Messages:
    """The bot's words for a reader whose Telegram has this language."""
    return CATALOGUE[language_of(language_code)]


def commands(messages: Messages) -> list[tuple[str, str]]:
    """The commands that Telegram lists for readers, with what they do."""
    return [("poem", messages.command_poem), ("help", messages.command_help), ("id", messages.command_id)]
