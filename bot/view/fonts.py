"""The font that poem cards are set in: found once, asked for every character whether it has it.

Order: YUEXIA_FONT, then installed font packages (entry points `fonts_ttf` and `fonts_otf`), then the system's fonts,
brush-written kinds first. A character that the first lacks comes from the next that has it.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

from fontTools.ttLib import TTCollection, TTFont, TTLibError
from PIL import ImageFont

from bot.errors import FontError

# Without these a font is none for poems, whatever it is called.
_NEEDED: Final = frozenset(map(ord, "月下獨酌花間壺"))

_SUFFIXES: Final = (".ttf", ".otf", ".ttc", ".otc")

# In the order of liking: regular script, then serif, then anything that has the characters.
_KNOWN: Final = (
    "LXGWWenKaiTC-Regular",
    "LXGWWenKai-Regular",
    "TW-Kai-98_1",
    "kaiu",
    "Kaiti",
    "ukai",
    "NotoSerifTC-Regular",
    "NotoSerifCJKtc-Regular",
    "NotoSerifCJK-Regular",
    "SourceHanSerifTC-Regular",
    "SourceHanSerif-Regular",
    "Songti",
    "mingliu",
    "uming",
    "NotoSansCJK-Regular",
    "msjh",
)

# Of a collection's faces the one drawn for traditional Chinese.
_TRADITIONAL: Final = re.compile(r"\b(TC|TW|HK|MingLiU)\b")


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file and the code points it has glyphs for."""

    path: Path
    index: int
    characters: frozenset[int]


class Font:
    """A face, and others to fall back on, which are read when a character is missing. Safe to share between threads."""

    def __init__(self, first: Face, others: Iterable[Path] = ()) -> None:
        self._faces = [first]
        self._unread = iter(tuple(others))
        self._lock = Lock()

    @property
    def path(self) -> Path:
        """The file of the first face."""
        return self._faces[0].path

    def face(self, char: str) -> Face | None:
        """The first face that has a glyph for this character; None if none has."""
        code = ord(char)
        with self._lock:
            for face in self._faces:
                if code in face.characters:
                    return face
            for path in self._unread:
                face_read = read_face(path)
                if face_read is None:
                    continue
                self._faces.append(face_read)
                if code in face_read.characters:
                    return face_read
        return None

    def has(self, char: str) -> bool:
        """Whether the character can be drawn."""
        return self.face(char) is not None

    def pieces(self, text: str) -> list[tuple[Face, str]]:
        """The text cut where another face goes on; what no face has is left out, for its glyph would be a box."""
        runs = groupby(text, key=self.face)
        return [(face, "".join(characters)) for face, characters in runs if face is not None]

    def width(self, text: str, size: float) -> float:
        """How wide a run of characters is, in pixels."""
        return float(sum(pen(face, round(size)).getlength(piece) for face, piece in self.pieces(text)))


def find_font(chosen: Path | None) -> Font | None:
    """The font for cards, `chosen` first if given; None if this machine has none with Chinese characters.

    Raises `FontError` when the chosen file is no font for poems.
    """
    others = [path for path in _candidates() if path != chosen]
    if chosen is not None:
        face = read_face(chosen)
        if face is None:
            raise FontError(
                f"YUEXIA_FONT names no font with Chinese characters: {chosen}; "
                "give a .ttf, .otf or .ttc file, or unset it"
            )
        return Font(face, others)
    for position, path in enumerate(others):
        face = read_face(path)
        if face is not None:
            return Font(face, others[position + 1 :])
    return None


def read_face(path: Path) -> Face | None:
    """The face of a font file that suits poems; None for a file that is no font or has no Chinese characters."""
    try:
        # Opened here: fontTools leaves a file open that turns out to be none of its kind.
        with path.open("rb") as file:
            index = _index(path, file)
            characters = frozenset(TTFont(file, fontNumber=index, lazy=True).getBestCmap() or ())
        # A file that fontTools reads and FreeType does not is of no use.
        ImageFont.truetype(str(path), 16, index=index)
    except (OSError, TTLibError, KeyError, ValueError, AssertionError):
        return None
    return Face(path, index, characters) if characters >= _NEEDED else None


@lru_cache(maxsize=64)
def pen(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """The face at a size in pixels. Basic layout: every glyph is placed by us, and it needs no libraqm."""
    return ImageFont.truetype(str(face.path), size, index=face.index, layout_engine=ImageFont.Layout.BASIC)


def _index(path: Path, file: BinaryIO) -> int:
    """Which face of a collection; 0 for a file with one."""
    if path.suffix.lower() not in (".ttc", ".otc"):
        return 0
    names = [font["name"].getDebugName(1) or "" for font in TTCollection(file, lazy=True).fonts]
    return next((index for index, name in enumerate(names) if _TRADITIONAL.search(name)), 0)


def _candidates() -> list[Path]:
    """Font files of this machine in the order of liking, each once."""
    return list(dict.fromkeys([*_packaged(), *_installed()]))


def _packaged() -> Iterator[Path]:
    """The files of installed font packages. Nothing of theirs is imported."""
    points: list[EntryPoint] = [*entry_points(group="fonts_ttf"), *entry_points(group="fonts_otf")]
    for point in points:
        files = (point.dist.files if point.dist is not None else None) or ()
        for file in sorted(files, key=lambda file: ("Regular" not in file.name, file.name)):
            if file.suffix.lower() in _SUFFIXES:
                yield Path(str(file.locate()))


def _installed() -> list[Path]:
    """The system's fonts that are known to have Chinese characters."""
    known = {name.lower(): rank for rank, name in enumerate(_KNOWN)}
    found = [
        path
        for folder in _folders()
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES and path.stem.lower() in known
    ]
    return sorted(found, key=lambda path: (known[path.stem.lower()], str(path)))


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "darwin":
        folders = [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    elif sys.platform == "win32":
        folders = [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    else:
        folders = [
            home / ".local/share/fonts",
            home / ".fonts",
            Path("/usr/local/share/fonts"),
            Path("/usr/share/fonts"),
        ]
    return [folder for folder in folders if folder.is_dir()]
