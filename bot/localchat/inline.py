"""Inline mode: what readers ask with `@bot …` in any chat, what the bot offers, and what is chosen."""

from collections import OrderedDict
from dataclasses import dataclass

from bot.localchat.errors import LocalChatError, bad_request
from bot.localchat.messages import Draft, User
from bot.localchat.presses import query_id_made_up
from bot.localchat.updates import Json

QUERIES_KEPT = 1000
"""Queries whose results can be chosen; the oldest go first."""

LIFETIME = 10.0
"""Seconds in which a query can be answered. The real server names no number; its readers have gone on typing."""


@dataclass(frozen=True, slots=True)
class InlineResult:
    """One result that a reader may choose."""

    id: str
    kind: str
    """article, photo or document."""
    title: str
    description: str
    draft: Draft
    """The message that is sent when it is chosen."""

    def json(self) -> Json:
        """What a reader sees of it."""
        shown: Json = {"id": self.id, "type": self.kind, "title": self.title, "description": self.description}
        return shown | (self.draft.media.json() if self.draft.media is not None else {})


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What the bot offered."""

    results: tuple[InlineResult, ...]
    next_offset: str = ""
    button: Json | None = None


@dataclass(slots=True)
class InlineQuery:
    """What a reader asked, and the bot's answer once it came."""

    id: str
    user: User
    text: str
    offset: str
    at: float
    answer: InlineAnswer | None = None

    def json(self) -> Json:
        """The Bot API's InlineQuery object."""
        asked = {"id": self.id, "from": self.user.json(), "query": self.text, "offset": self.offset}
        return asked | {"chat_type": "sender"}

    def offer(self) -> Json:
        """What the reader sees of the answer."""
        answer = self.answer or InlineAnswer(())
        return {
            "query_id": self.id,
            "offset": self.offset,
            "next_offset": answer.next_offset,
            "button": answer.button,
            "results": [result.json() for result in answer.results],
        }

    def result(self, result_id: str) -> InlineResult:
        """One of the results. Raises `LocalChatError` if the bot did not offer it."""
        for result in self.answer.results if self.answer else ():
            if result.id == result_id:
                return result
        raise LocalChatError(f"The bot offered no result {result_id!r} for the inline query {self.id}.")


class InlineQueries:
    """Inline queries by their id, oldest first."""

    def __init__(self) -> None:
        self._queries: OrderedDict[str, InlineQuery] = OrderedDict()

    def ask(self, user: User, text: str, offset: str, now: float) -> InlineQuery:
        """A new query."""
        query = InlineQuery(query_id_made_up(), user, text, offset, now)
        self._queries[query.id] = query
        if len(self._queries) > QUERIES_KEPT:
            self._queries.popitem(last=False)
        return query

    def asked(self, query_id: str) -> InlineQuery:
        """The query with this id. Raises `LocalChatError` if there is none."""
        if query_id not in self._queries:
            raise LocalChatError(f"There is no inline query {query_id}.")
        return self._queries[query_id]

    def give(self, query_id: str, answer: InlineAnswer, now: float) -> InlineQuery:
        """The bot answers, once. Raises `ApiError` 400 when it is too late."""
        query = self._queries.get(query_id)
        if query is None or query.answer is not None or now - query.at > LIFETIME:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        query.answer = answer
        return query
