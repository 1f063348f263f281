"""Message text as Telegram keeps it: plain text plus entities, offsets counted in UTF-16 units.

Follows https://core.telegram.org/bots/api#html-style and the wording of its errors.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.localchat.errors import ApiError, bad_request


@dataclass(frozen=True, slots=True)
class TextKind:
    """What a text is for; `limit` in UTF-16 units after entities parsing."""

    limit: int
    too_long: str
    may_be_empty: bool = False


MESSAGE = TextKind(4096, "message is too long")
CAPTION = TextKind(1024, "message caption is too long", may_be_empty=True)

_ENTITY_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
}
_TAG = re.compile(r"<(?P<slash>/?)(?P<name>[^\s<>/]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
# The only character references that the server knows; &nbsp; and the rest stay as typed.
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,8}|#[xX][0-9a-fA-F]{1,6});")
_MARKUP = re.compile(r"<|&(?:lt|gt|amp|quot|#\d{1,8}|#[xX][0-9a-fA-F]{1,6});")
_PATTERNS = {
    "url": re.compile(r"(?<![\w@])https?://[^\s<>\"，。、；：？！「」『』（）《》]+(?<![.,;:!?)\]'])"),
    "bot_command": re.compile(r"(?<![\w/@.])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])"),
    "mention": re.compile(r"(?<![\w@/])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)"),
}
_MENTIONED = re.compile(r"tg://user\?id=([1-9][0-9]{0,15})", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of text with a meaning; `offset` and `length` in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    user_id: int | None = None
    """Of a text_mention."""

    @property
    def end(self) -> int:
        return self.offset + self.length

    def json(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"type": self.type, "offset": self.offset, "length": self.length}
        if self.url is not None:
            fields["url"] = self.url
        if self.language is not None:
            fields["language"] = self.language
        if self.user_id is not None:
            fields["user"] = {"id": self.user_id, "is_bot": False, "first_name": "Reader"}
        return fields


@dataclass(frozen=True, slots=True)
class FormattedText:
    """Text without markup, and its entities sorted by offset, longest first."""

    text: str
    entities: tuple[Entity, ...] = ()


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts: an emoji or a rare hanzi is two."""
    return len(text) + sum(character > "\uffff" for character in text)


def clean(text: str) -> str:
    """Text as the server stores it: no lone surrogates, no control characters but the line feed."""
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROL.sub(" ", paired.replace("\r", ""))


def plain(text: str, entities: Iterable[Entity] = (), kind: TextKind = MESSAGE) -> FormattedText:
    """Text without markup, checked for its length; commands, mentions and addresses in it become entities.

    Raises `ApiError` 400 for an empty or too long text.
    """
    if not text and not kind.may_be_empty:
        raise bad_request("message text is empty")
    return _finished(clean(text), list(entities), kind)


def from_html(markup: str, kind: TextKind = MESSAGE) -> FormattedText:
    """Parse Telegram's HTML. Raises `ApiError` 400 for unknown or unbalanced tags and for a bad length."""
    if not markup and not kind.may_be_empty:
        raise bad_request("message text is empty")
    parser = _HtmlParser(clean(markup))
    return _finished(parser.text, parser.entities, kind)


def _finished(text: str, entities: list[Entity], kind: TextKind) -> FormattedText:
    trimmed = _trimmed(text, entities)
    if not trimmed.text and not kind.may_be_empty:
        raise bad_request("text must be non-empty")
    if utf16_length(trimmed.text) > kind.limit:
        raise bad_request(kind.too_long)
    taken = [entity for entity in trimmed.entities if entity.type in {"code", "pre", "text_link", "text_mention"}]
    found: list[Entity] = []
    for entity in _found(trimmed.text):
        if not any(_overlap(entity, other) for other in (*taken, *found)):
            found.append(entity)
    ordered = sorted([*trimmed.entities, *found], key=lambda entity: (entity.offset, -entity.length))
    return FormattedText(trimmed.text, tuple(ordered))


def _trimmed(text: str, entities: list[Entity]) -> FormattedText:
    """Cut white space at both ends, but none that an entity at the beginning covers."""
    text = text.rstrip()
    entities = [entity for entity in entities if entity.offset >= 0]
    first = min((entity.offset for entity in entities), default=len(text))
    # White space is one unit a character, so units and characters agree up to the first other character.
    cut = min(len(text) - len(text.lstrip()), first)
    text = text[cut:]
    size = utf16_length(text)
    moved = (replace(entity, offset=entity.offset - cut) for entity in entities)
    fitted = (replace(entity, length=min(entity.length, size - entity.offset)) for entity in moved)
    return FormattedText(text, tuple(entity for entity in fitted if entity.length > 0))


def _found(text: str) -> list[Entity]:
    """What the server finds by itself; an address first, so that no command or mention is found within."""
    return [
        Entity(kind, utf16_length(text[: match.start()]), utf16_length(match.group()))
        for kind, pattern in _PATTERNS.items()
        for match in pattern.finditer(text)
    ]


def _overlap(one: Entity, other: Entity) -> bool:
    return one.offset < other.end and other.offset < one.end


@dataclass(frozen=True, slots=True)
class _OpenTag:
    name: str
    offset: int
    attributes: dict[str, str]


class _HtmlParser:
    """One pass over the markup; `text` and `entities` are the result."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._pieces: list[str] = []
        self._units = 0
        self._open: list[_OpenTag] = []
        self.entities: list[Entity] = []
        self._parse()
        self.text = "".join(self._pieces)

    def _parse(self) -> None:
        position = 0
        while piece := _MARKUP.search(self._markup, position):
            self._append(self._markup[position : piece.start()])
            if piece.group() != "<":
                self._append(clean(html.unescape(piece.group())))
                position = piece.end()
            else:
                position = self._tag(piece.start())
        self._append(self._markup[position:])
        if self._open:
            raise _cannot_parse(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._units += utf16_length(text)

    def _tag(self, start: int) -> int:
        """Read the tag at `start` and return the position after it."""
        match = _TAG.match(self._markup, start)
        where = f"at byte offset {len(self._markup[:start].encode())}"
        if match is None:
            raise _cannot_parse(f"Unclosed start tag {where}")
        name = match["name"].lower()
        if match["slash"]:
            self._close(name, where)
        else:
            self._begin(name, match["attributes"], where)
        return match.end()

    def _begin(self, name: str, attributes: str, where: str) -> None:
        found = {key.lower(): html.unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(attributes)}
        if name == "span":
            if found.get("class") != "tg-spoiler":
                raise _cannot_parse(f'Tag "span" must have class "tg-spoiler" {where}')
        elif name not in _ENTITY_OF_TAG:
            raise _cannot_parse(f'Unsupported start tag "{name}" {where}')
        self._open.append(_OpenTag(name, self._units, found))

    def _close(self, name: str, where: str) -> None:
        if not self._open:
            raise _cannot_parse(f"Unexpected end tag {where}")
        tag = self._open.pop()
        if name and name != tag.name:
            raise _cannot_parse(f'Unmatched end tag {where}, expected "</{tag.name}>", found "</{name}>"')
        entity = self._entity(tag)
        if entity is not None and entity.length > 0:
            self.entities.append(entity)

    def _entity(self, tag: _OpenTag) -> Entity | None:
        kind = _ENTITY_OF_TAG.get(tag.name, "spoiler")
        entity = Entity(kind, tag.offset, self._units - tag.offset)
        if tag.name == "a":
            url = tag.attributes.get("href", "")
            if mentioned := _MENTIONED.fullmatch(url):
                return replace(entity, type="text_mention", user_id=int(mentioned[1]))
            # The server drops a link that it cannot make a URL of, and keeps the text.
            return replace(entity, url=url) if re.match(r"https?://[^\s]+$", url) else None
        if tag.name == "pre":
            return replace(entity, language=tag.attributes.get("language"))
        if tag.name == "blockquote" and "expandable" in tag.attributes:
            return replace(entity, type="expandable_blockquote")
        if tag.name == "code" and self._open and self._open[-1].name == "pre":
            self._tell_pre_its_language(tag)
            return None
        return entity

    def _tell_pre_its_language(self, tag: _OpenTag) -> None:
        """`<pre><code class="language-x">` is one entity: the language goes to the enclosing pre."""
        language = tag.attributes.get("class", "").removeprefix("language-")
        if language:
            outer = self._open[-1]
            self._open[-1] = replace(outer, attributes={**outer.attributes, "language": language})


def _cannot_parse(problem: str) -> ApiError:
    return bad_request(f"can't parse entities: {problem}")
