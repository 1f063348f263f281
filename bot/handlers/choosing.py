"""/compose, and /poem without words: form and beginning by keyboard.

Everything chosen is in the buttons, so a restart loses nothing.
"""

from telegram import InlineKeyboardMarkup, MaybeInaccessibleMessage, Update
from telegram.constants import ChatID, ParseMode

from bot.api import quietly
from bot.asking import Asked, What
from bot.context import Context
from bot.handlers.answering import answer, changes
from bot.handlers.questions import ask_for
from bot.handlers.writing import new_seed, write
from bot.orders import order
from bot.view.choosing import ANY, NONE, TYPED, Choice, beginning_choice, choice_pressed, form_choice
from bot.view.keyboards import in_script
from poetcore.prosody import FORMS


async def choose(update: Update, context: Context) -> None:
    """Answer `/compose`: ask for the form, or write a poem at once."""
    if message := update.message:
        keyboard = form_choice(context.reader.id, context.script, context.say)
        await answer(message, context.say("choose-form"), keyboard)


async def press_choice(update: Update, context: Context) -> None:
    """Go one step on; pressed by anyone but who asked, only say so.

    Whoever asked in the name of a group presses in their own: its keyboard is everybody's.
    """
    query = update.callback_query
    if query is None:
        return
    choice, place = choice_pressed(query.data), query.message
    if choice is None or place is None or choice.user_id not in (context.reader.id, ChatID.ANONYMOUS_ADMIN):
        await quietly("answer to a press", query.answer(context.say.plain("choose-not-yours")))
        return
    await quietly("answer to a press", query.answer())
    if choice.form is None:
        keyboard = form_choice(choice.user_id, context.script, context.say)
        await _show(context, place, context.say("choose-form"), keyboard)
    elif choice.beginning is None:
        keyboard = beginning_choice(choice.user_id, choice.form, context.script, context.say)
        await _show(context, place, context.say("choose-beginning", form=_form_in_words(context, choice)), keyboard)
    else:
        await _end(context, place, choice)


async def _end(context: Context, place: MaybeInaccessibleMessage, choice: Choice) -> None:
    """All is chosen: what it was stays in the keyboard's place, and the poem follows."""
    form, beginning = FORMS.get(choice.form or ""), choice.beginning
    begins = in_script(beginning, context.script) if beginning and beginning not in (NONE, TYPED) else None
    chosen = " · ".join(part for part in (_form_in_words(context, choice), begins) if part)
    if not await _show(context, place, chosen):
        return
    if beginning == TYPED:
        await ask_for(context, place, What.PREFIX, form)
    else:
        await write(context, place, order(Asked(begins, form), What.PREFIX, context.script, new_seed()))


async def _show(
    context: Context, place: MaybeInaccessibleMessage, html: str, keyboard: InlineKeyboardMarkup | None = None
) -> bool:
    """Put the next step in the place of the last, if that is still there; False if the next one is there already."""
    edit = context.bot.edit_message_text(
        html, place.chat.id, place.message_id, parse_mode=ParseMode.HTML, reply_markup=keyboard
    )
    return await changes("step of /compose", edit)


def _form_in_words(context: Context, choice: Choice) -> str:
    if choice.form in (None, ANY):
        return context.say.plain("choose-any-form")
    return in_script(choice.form or "", context.script)
