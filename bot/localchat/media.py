"""Photos and documents: checked as Telegram checks them, and kept in memory within bounds."""

import io
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from bot.localchat.errors import bad_request
from bot.localchat.updates import Json

PHOTO_LIMIT: Final = 10 << 20
"""The largest photo, in bytes."""

UPLOAD_LIMIT: Final = 50 << 20
"""The largest file of any other kind, in bytes."""

KEPT_BYTES: Final = 64 << 20
"""Bytes of files kept in memory; the content of the oldest goes first."""

FILES_KEPT: Final = 10_000
"""Files whose ids are known; the oldest go first."""

# What Telegram makes of a photo: pictures whose longer side is at most so many pixels.
_SIZES: Final = {"s": 90, "m": 320, "x": 800, "y": 1280}
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came with a request."""

    name: str
    content: bytes
    mime_type: str = "application/octet-stream"


@dataclass(slots=True, eq=False)
class Media:
    """A photo or document on the server."""

    kind: str
    """photo or document."""
    file_name: str
    mime_type: str
    content: bytes | None
    """None once newer files have taken its place; its ids stay valid all the same."""
    size: int
    """Bytes."""
    pixels: tuple[int, int] = (0, 0)
    """Width and height of a photo."""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(36))

    @property
    def file_id(self) -> str:
        """What the bot sends it again by; of a photo, the largest size's."""
        return self.id_of_size("y" if self.kind == "photo" else "d")

    def json(self) -> Json:
        """The part of a Message that this is."""
        if self.kind == "photo":
            return {"photo": self._photo_sizes()}
        document = {"file_name": self.file_name, "mime_type": self.mime_type, "file_size": self.size}
        return {"document": self._ids("d") | document}

    def _photo_sizes(self) -> list[Json]:
        longest = max(self.pixels)
        sizes = []
        for letter, bound in _SIZES.items():
            is_largest = letter == "y"
            if longest <= bound and not is_largest:
                continue
            scale = min(1.0, bound / longest)
            width, height = (max(1, round(side * scale)) for side in self.pixels)
            size = {"file_size": self.size} if is_largest else {}
            sizes.append(self._ids(letter) | {"width": width, "height": height} | size)
        return sizes

    def _ids(self, letter: str) -> Json:
        return {"file_id": self.id_of_size(letter), "file_unique_id": f"AQAD{letter}{self.key[:11]}"}

    def id_of_size(self, letter: str) -> str:
        """The file_id of one size of a photo (s, m, x, y), or of a document (d)."""
        return f"{'BQACAg' if letter == 'd' else 'AgACAg'}{letter}{self.key}"


class MediaStore:
    """The files that the server knows."""

    def __init__(self) -> None:
        self._by_key: OrderedDict[str, Media] = OrderedDict()
        self._bytes = 0

    def add(self, kind: str, upload: Upload) -> Media:
        """Keep an upload as a photo or document. Raises `ApiError` 400 for what Telegram would not take as one."""
        if not upload.content:
            raise bad_request("file must be non-empty")
        size = len(upload.content)
        mime_type, pixels = upload.mime_type, (0, 0)
        if kind == "photo":
            if size > PHOTO_LIMIT:
                limits = f"file of size {size} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
                raise bad_request(limits)
            mime_type, pixels = _examined(upload.content)
        media = Media(kind, upload.name, mime_type, upload.content, size, pixels)
        self._by_key[media.key] = media
        self._bytes += size
        self._make_room(media)
        return media

    def find(self, file_id: str, kind: str | None = None) -> Media:
        """The file with this id. Raises `ApiError` 400 for an id that was never given, and for one of another kind."""
        media = self._by_key.get(file_id[7:])
        if media is None or file_id != media.id_of_size(file_id[6:7]):
            raise bad_request("wrong file identifier/HTTP URL specified")
        if kind is not None and media.kind != kind:
            raise bad_request(f"can't use file of type {media.kind.capitalize()} as {kind.capitalize()}")
        return media

    def _make_room(self, newest: Media) -> None:
        for media in self._by_key.values():
            if self._bytes <= KEPT_BYTES or media is newest:
                break
            if media.content is not None:
                self._bytes -= media.size
                media.content = None
        while len(self._by_key) > FILES_KEPT:
            _, oldest = self._by_key.popitem(last=False)
            self._bytes -= oldest.size if oldest.content is not None else 0


def _examined(content: bytes) -> tuple[str, tuple[int, int]]:
    """MIME type, width and height of a picture, from its first bytes alone."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            width, height = image.size
            mime_type = image.get_format_mimetype()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return mime_type or "application/octet-stream", (width, height)
