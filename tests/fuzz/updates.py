"""Updates as hypothesis makes them up: what Telegram sends, what it might send, and what it never would."""

from typing import Any, Final

from hypothesis import strategies as st

Json = dict[str, Any]
Drawn = st.SearchStrategy[Json]

BOT_NAME: Final = "yuexia_bot"
ADMIN: Final = 7
_OF_ADMINISTRATORS: Final = ("ban", "unban", "broadcast", "stats", "errors", "audit", "retrain", "jobs", "rollback")
READERS: Final = (1, 2, ADMIN, 2**52 - 1)
GROUPS: Final = (-1, -1001, -(2**52))
QUIET_GROUPS: Final = (-500, -1500)
"""Groups in which nothing is ever said to the bot."""
QUIET_READERS: Final = (5001, 5002)
"""Readers of whom the bot only hears what is none of its business."""
CHANNEL: Final = -1009

_JUNK: Final = (
    "",
    " ",
    "\u3000",
    "\x00",
    "\ud800",
    "\udfff月\ud83d",
    "\u202eabc\u202c",
    "\u200b\u200d\ufeff",
    "<b>&amp;</b><script>",
    "</code>{ $x } %s {0}",
    "月" * 4096,
    "a" * 5000,
    "😀" * 100,
    "٣４²",
    "e\u0301\u0301\u0301",
    "'; DROP TABLE poem; --",
    "99999999999999999999999999",
    "-0",
    "nan",
)
_WORDS: Final = (
    *(
        "月",
        "七絕",
        "七绝",
        "五律",
        "春夏秋冬",
        "《中秋》",
        "東韻",
        "07:30",
        "25:99",
        "Berlin",
        "+8",
        "-99",
        "pause",
        "stop",
    ),
    *(
        "1",
        "0",
        "-1",
        "7",
        "p_1",
        "p_0",
        "f_1",
        "zh",
        "en",
        "hans",
        "床前明月光，疑是地上霜。",
        "moon",
        "強姦",
        "@other_bot",
    ),
)
_COMMAND_WORDS: Final = st.one_of(
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=2),
    st.lists(st.sampled_from(_JUNK) | st.text(max_size=8), max_size=4),
).map(" ".join)
_TO_US: Final = ("", "", f"@{BOT_NAME}", f"@{BOT_NAME.upper()}")
_text = st.one_of(st.sampled_from(_JUNK), st.sampled_from(_WORDS), st.text(max_size=20))
_language = st.sampled_from((None, "en", "zh-hans", "zh-TW", "xx", "", "zh" * 30, "\ud800"))
_wild_id = st.integers(1, 2**52 - 1)
_moment = st.sampled_from((0, 1, 1_700_000_000, 2**31 - 1, 2**33))


_SHOWN_BUTTON: Drawn = st.fixed_dictionaries(
    {
        "shown": st.integers(0, 999),
        "by": st.sampled_from(READERS),
        "bent": st.sampled_from(("", "", "", "", "cut", "more", "turn")),
    }
)
"""No update yet: a press of a button that the bot has shown, perhaps with data bent a little."""


def commands(names: list[str], to: tuple[str, ...] = _TO_US) -> st.SearchStrategy[str]:
    """Commands of these names and a few others, with any words; `to` are the ways of addressing the bot."""
    name = st.sampled_from([*names, "nothing", "POEM", "poem月", "a" * 40, ""])
    between = st.sampled_from((" ", "", "\n", "\u3000"))
    return st.tuples(name, st.sampled_from(to), between, _COMMAND_WORDS).map(lambda parts: "/{}{}{}{}".format(*parts))


def weighted(*choices: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One of the strategies, each as often as its number says; `one_of` counts all alike, and those inside of them."""
    deck = [strategy for times, strategy in choices for _ in range(times)]
    return st.integers(0, len(deck) - 1).flatmap(deck.__getitem__)


def _reader(ids: st.SearchStrategy[int]) -> Drawn:
    fixed = {"id": ids, "is_bot": st.just(False), "first_name": _text, "language_code": _language}
    return st.fixed_dictionaries(fixed, optional={"last_name": _text, "username": _text, "is_premium": st.booleans()})


_a_bot: Drawn = st.fixed_dictionaries({"id": _wild_id, "is_bot": st.just(True), "first_name": _text})


def _private(user: Json) -> Json:
    return {"id": user["id"], "type": "private", "first_name": user["first_name"]}


def _group(group_id: int) -> Json:
    kind = "group" if group_id > -1000 else "supergroup"
    return {"id": group_id, "type": kind, "title": "<i>Poets</i> \u202e"}


def _content(texts: st.SearchStrategy[str]) -> Drawn:
    """What a message holds."""
    sticker = {"file_id": "x", "file_unique_id": "y", "type": "regular", "width": 1, "height": 1}
    photo = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
    document = {"file_id": "x", "file_unique_id": "y"}
    entity = st.fixed_dictionaries(
        {
            "type": st.sampled_from(("bot_command", "mention", "bold", "text_link", "new_kind")),
            "offset": st.integers(-1, 5000),
            "length": st.integers(-1, 5000),
        }
    )
    others: tuple[Json, ...] = (
        {},
        {"sticker": {**sticker, "is_animated": False, "is_video": False}},
        {"document": document},
        {"voice": {**document, "duration": 0}},
        {"location": {"longitude": 0.0, "latitude": 91.0}},
        {"contact": {"phone_number": "+1", "first_name": "<b>"}},
        {"dice": {"emoji": "🎲", "value": 6}},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": _group(-1)}},
        {"new_chat_title": "\ud800"},
        {"group_chat_created": True},
        {"brand_new_field": {"deep": [{"er": None}]}},
    )
    words = st.fixed_dictionaries({"text": texts}, optional={"entities": st.lists(entity, max_size=2)})
    picture = st.fixed_dictionaries({"photo": st.just(photo)}, optional={"caption": texts})
    return weighted((8, words), (1, picture), (1, st.sampled_from(others)))


_surroundings: Drawn = st.fixed_dictionaries(
    {"message_id": st.integers(1, 2**31), "date": _moment},
    optional={
        "message_thread_id": st.integers(1, 9),
        "edit_date": _moment,
        "has_protected_content": st.just(True),
        "media_group_id": _text,
        "unheard_of": st.sampled_from((None, {}, [[]], "x")),
    },
)


def _message(sender: Drawn, chat: Any, content: Drawn) -> Drawn:
    """A message; `chat` makes the chat from its sender."""
    return st.tuples(_surroundings, sender, content).map(
        lambda parts: {**parts[2], **parts[0], "from": parts[1], "chat": chat(parts[1])}
    )


def _in(group_ids: tuple[int, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(group_ids).map(lambda group_id: lambda _: _group(group_id))


def _in_group(group_ids: tuple[int, ...], sender: Drawn, content: Drawn) -> Drawn:
    return _in(group_ids).flatmap(lambda chat: _message(sender, chat, content))


def our_business(names: list[str]) -> Drawn:
    """Updates that the bot may answer, if it can make anything of them."""
    reader = _reader(weighted((9, st.sampled_from(READERS)), (1, _wild_id)))
    called = _text.map(lambda text: f"@{BOT_NAME} {text}")
    said = weighted((4, commands(names)), (2, _text), (1, called))
    private, group = _message(reader, _private, _content(said)), _in_group(GROUPS, reader, _content(said))
    admin = _message(_reader(st.just(ADMIN)), _private, _content(commands(list(_OF_ADMINISTRATORS))))
    return weighted(
        (6, private.map(lambda message: {"message": message})),
        (3, group.map(lambda message: {"message": message})),
        (1, admin.map(lambda message: {"message": message})),
        (6, _SHOWN_BUTTON),
        (2, _presses(reader, names).map(lambda press: {"callback_query": press})),
        (1, _asked_inline(reader).map(lambda query: {"inline_query": query})),
        (1, _chosen(reader).map(lambda chosen: {"chosen_inline_result": chosen})),
    )


def _presses(reader: Drawn, names: list[str]) -> Drawn:
    """Presses that are made up: of a message, of one too old to be told, of one sent inline, of none."""
    place = st.one_of(
        st.tuples(reader, _surroundings).map(lambda parts: {**parts[1], "chat": _private(parts[0]), "text": "月"}),
        st.tuples(st.sampled_from(GROUPS), st.integers(0, 99)).map(
            lambda parts: {"message_id": parts[1], "date": 0, "chat": _group(parts[0])}
        ),
    )
    number = st.sampled_from(("1", "2", "3", "0", "-1", "999999999999999999", "9" * 30, "01", "１")) | st.text(
        max_size=3
    )
    mark = st.sampled_from(("r", "p", "b", "d", "c", "s", "k", "i", "x", "learn", "z", "", *names)) | st.text(
        max_size=4
    )
    part = number | mark | st.sampled_from(("+", "-", "confirm", "up", "go", "pause", "again", "line", "七絕", "dark"))
    made_up = st.tuples(mark, st.lists(part, max_size=4)).map(lambda parts: ":".join((parts[0], *parts[1])))
    return st.fixed_dictionaries(
        {"id": st.integers(0, 2**63).map(str), "from": reader, "chat_instance": st.just("1")},
        optional={
            "message": place,
            "data": made_up,
            "inline_message_id": _text,
            "game_short_name": _text,
        },
    )


def _asked_inline(reader: Drawn) -> Drawn:
    fixed = {"id": st.integers(0, 2**63).map(str), "from": reader, "query": _text, "offset": _text}
    return st.fixed_dictionaries(fixed, optional={"chat_type": st.sampled_from(("sender", "group", "new"))})


def _chosen(reader: Drawn) -> Drawn:
    nearly = st.from_regex(r"(s[0-9]{1,20}|d[0-9]{1,8}-[0-9]{1,4})\.[0-9a-f]{15,16}", fullmatch=True)
    fixed = {"result_id": weighted((3, nearly), (1, _text)), "from": reader, "query": _text}
    return st.fixed_dictionaries(fixed, optional={"inline_message_id": _text})


def none_of_our_business(names: list[str]) -> Drawn:
    """Updates that nobody waits for an answer to; those of chats are of chats where nothing else happens."""
    reader = _reader(st.sampled_from(QUIET_READERS))
    said = commands(names) | _text
    talk = st.one_of(
        _text.filter(lambda text: not text.lstrip().startswith("/")),
        commands(names, to=("@other_bot",)),
        commands([f"x{name}" for name in names], to=("",)).filter(lambda text: not text.lower().startswith("/poem")),
        st.sampled_from(("/poem@other_bot 月", "@other_bot 月", "ask @yuexia_bot", "/nothing")),
    )
    private, group = _message(reader, _private, _content(said)), _in_group(QUIET_GROUPS, reader, _content(talk))
    by_bots = _in_group(QUIET_GROUPS, _a_bot, _content(said))
    channel = {"id": CHANNEL, "type": "channel", "title": "x"}
    in_its_name = _in_group(QUIET_GROUPS, reader, _content(said)).map(
        lambda message: {**message, "sender_chat": channel}
    )
    through_us = _in_group(QUIET_GROUPS, reader, _content(said)).map(
        lambda message: {**message, "via_bot": {"id": "ours", "is_bot": True, "first_name": "x"}}
    )
    post = _message(reader, lambda _: channel, _content(said))
    comings = st.sampled_from(("new_chat_members", "left_chat_member"))
    joined = st.tuples(_in_group(QUIET_GROUPS, reader, st.just({})), comings, reader).map(
        lambda parts: {**parts[0], parts[1]: [parts[2]] if parts[1].endswith("s") else parts[2]}
    )
    member = st.tuples(reader, st.sampled_from(QUIET_GROUPS), st.sampled_from(("member", "left", "kicked"))).map(
        lambda parts: {
            "chat": _group(parts[1]),
            "from": parts[0],
            "date": 1,
            "old_chat_member": {"user": parts[0], "status": "left"},
            "new_chat_member": {"user": parts[0], "status": parts[2], "until_date": 0},
        }
    )
    return st.one_of(
        private.map(lambda message: {"edited_message": message}),
        group.map(lambda message: {"message": message}),
        group.map(lambda message: {"message": message}),
        group.map(lambda message: {"edited_message": message}),
        by_bots.map(lambda message: {"message": message}),
        in_its_name.map(lambda message: {"message": message}),
        through_us.map(lambda message: {"message": message}),
        joined.map(lambda message: {"message": message}),
        post.map(lambda message: {"channel_post": message}),
        post.map(lambda message: {"edited_channel_post": message}),
        member.map(lambda change: {"chat_member": change}),
        st.sampled_from(
            ({}, {"brand_new_kind": {"id": 1}}, {"message": None}, {"poll": {"id": "x"}}, {"message": {"date": "x"}})
        ),
    )
