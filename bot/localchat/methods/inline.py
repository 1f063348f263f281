"""Answers to inline queries."""

import re
from typing import Any

from bot.localchat.chats import ChatState
from bot.localchat.errors import ApiError, bad_request
from bot.localchat.inline import InlineAnswer, InlineResult
from bot.localchat.messages import Draft, Event
from bot.localchat.parameters import Parameters
from bot.localchat.updates import Json

RESULTS_LIMIT = 50
ID_LIMIT = 64
"""The longest id of a result and the longest offset, in bytes."""

_FILE_FIELDS = {"photo": "photo_file_id", "document": "document_file_id"}


def answer_inline_query(state: ChatState, given: Parameters) -> bool:
    listed = given.json("results", "can't parse JSON encoded inline query results")
    if not isinstance(listed, list):
        raise bad_request("can't parse JSON encoded inline query results")
    if len(listed) > RESULTS_LIMIT:
        raise bad_request("RESULTS_TOO_MUCH")
    results = tuple(_result(state, item) for item in listed)
    if len({result.id for result in results}) < len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    next_offset = given.string("next_offset")
    if len(next_offset.encode()) > ID_LIMIT:
        raise bad_request("NEXT_OFFSET_INVALID")
    answer = InlineAnswer(results, next_offset, _button(given))
    query = state.inline.give(given.string("inline_query_id"), answer, state.now())
    state.observe(Event("results", query.user.id, query.offer()))
    return True


def _result(state: ChatState, item: Any) -> InlineResult:
    if not isinstance(item, dict):
        raise _bad_result("expected an Object")
    given = Parameters(item)
    kind, result_id = given.string("type"), given.string("id")
    if not 1 <= len(result_id.encode()) <= ID_LIMIT:
        raise bad_request("RESULT_ID_INVALID")
    draft = _article(given) if kind == "article" else _file(state, given, kind)
    return InlineResult(result_id, kind, given.string("title"), given.string("description"), draft)


def _article(given: Parameters) -> Draft:
    if not given.string("title"):
        raise bad_request("ARTICLE_TITLE_EMPTY")
    message = given.object("input_message_content", "can't parse input message content")
    if message is None:
        raise bad_request("message text is empty")
    return Draft(message.text("message_text"), None, given.inline_keyboard())


def _file(state: ChatState, given: Parameters, kind: str) -> Draft:
    """A cached photo or document. Files elsewhere are not known here: this server fetches nothing."""
    if kind not in _FILE_FIELDS:
        raise _bad_result("unsupported inline query result type")
    media = state.media.find(given.string(_FILE_FIELDS[kind]), kind)
    message = given.object("input_message_content", "can't parse input message content")
    if message is not None:
        return Draft(message.text("message_text"), None, given.inline_keyboard())
    return Draft(given.caption(), media, given.inline_keyboard())


def _button(given: Parameters) -> Json | None:
    button = given.object("button", "can't parse inline query results button")
    if button is None:
        return None
    text, start = button.string("text"), button.string("start_parameter")
    if not text:
        raise bad_request("can't parse inline query results button")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", start):
        raise bad_request("START_PARAM_INVALID")
    return {"text": text, "start_parameter": start}


def _bad_result(problem: str) -> ApiError:
    return bad_request(f"can't parse inline query result: {problem}")
