"""What a poem's lines say about the next character besides the characters before it, for models that are told.

A poem is laid out in lines, and in a couplet the characters at the same place answer each other (對仗); line ends rhyme
every other line. An LSTM has to count and to carry a character over a dozen steps to know this. Here it is told:

- the place of the next character: line and position, counted from the marks so far;
- the character at that position of the line above, and of the line two above.

All three follow from the text so far, so a model that is told them predicts nothing that it was given.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import START, Vocabulary
from poetcore.prosody.forms import FORMS, Form
from poetcore.prosody.text import MARKS

Tokens = npt.NDArray[np.int32]

LINES: Final = 8
"""Lines are told apart up to here; later ones count as the last two in turn, so that couplets stay couplets."""
POSITIONS: Final = 9
"""Positions in a line are told apart up to here."""
FORM_IDS: Final = 1 + len(FORMS)
"""A form as a condition, see `form_id`."""
ERA_IDS: Final = 3
"""An era as a condition: 0 is "not told", then Tang, Song."""
PLACES: Final = LINES * POSITIONS
WIDTH: Final = 16
"""Tokens of a line that are remembered for the lines below."""


@dataclass(frozen=True)
class Contexts:
    """What is known when each input has been read, about the token to come; arrays of one shape."""

    place: Tokens
    """0 … PLACES - 1."""
    above: Tokens
    """The token at the place in the line above; START where there is none."""
    second_above: Tokens
    """The same two lines above."""

    def stacked(self) -> Tokens:
        """All three side by side, [..., 3], as a `Batch` has them."""
        return np.stack((self.place, self.above, self.second_above), axis=-1)


def mark_ids(vocabulary: Vocabulary) -> Tokens:
    """The token ids of the marks, which end lines."""
    return vocabulary.encode("".join(char for char in sorted(MARKS) if char in vocabulary))


def form_id(form: Form | None) -> int:
    """A form as a condition: 0 is "not told", then 五絕 七絕 五律 七律."""
    return 0 if form is None else 1 + list(FORMS).index(form.name)


def contexts(inputs: Tokens, begins: npt.NDArray[np.bool_], marks: Tokens) -> Contexts:
    """The contexts of sequences that lie end to end.

    `inputs` [N]: tokens in reading order; `begins` [N]: whether a sequence begins with it (its START); `marks`: the
    ids that end lines.
    """
    index = np.arange(len(inputs))
    is_mark = np.isin(inputs, marks) & ~begins
    ends_line = is_mark | begins
    # Where the line of the token to come begins: after the last mark, or after START.
    line_begin = np.maximum.accumulate(np.where(ends_line, index + 1, 0))
    sequence_begin = np.maximum.accumulate(np.where(begins, index, 0))
    marks_so_far = np.cumsum(is_mark)
    line: npt.NDArray[np.int64] = marks_so_far - marks_so_far[sequence_begin]
    position = index + 1 - line_begin
    # The mark or START before a line belongs to the line before, whose beginning was known when it was to come.
    above_begin = np.where(line >= 1, line_begin[np.where(line >= 1, line_begin - 2, 0)], -1)
    second_begin = np.where(line >= 2, line_begin[np.where(line >= 2, above_begin - 2, 0)], -1)
    return Contexts(
        place=place_of(line, position),
        above=_aligned(inputs, above_begin, line_begin, position),
        second_above=_aligned(inputs, second_begin, above_begin, position),
    )


def place_of(line: npt.NDArray[np.int64], position: npt.NDArray[np.int64]) -> Tokens:
    """Line and position, counted from 0, as one number."""
    counted = np.where(line < LINES, line, LINES - 2 + line % 2)
    place: Tokens = (counted * POSITIONS + np.minimum(position, POSITIONS - 1)).astype(np.int32)
    return place


def _aligned(
    inputs: Tokens, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64], position: npt.NDArray[np.int64]
) -> Tokens:
    """The token `position` after `begin`, START where that is not before `end` or there is no line (-1)."""
    there = (begin >= 0) & (begin + position < end) & (position < WIDTH)
    aligned: Tokens = np.where(there, inputs[np.where(there, begin + position, 0)], START).astype(np.int32)
    return aligned


@dataclass(frozen=True)
class Lines:
    """The same, token by token for rows that grow: the last lines of each row."""

    tokens: Tokens
    """[rows, 3, WIDTH]: the line under way, the one above, the one two above; START where there is nothing."""
    position: npt.NDArray[np.int64]
    """[rows]: the position of the token to come."""
    line: npt.NDArray[np.int64]
    """[rows]: its line."""

    @classmethod
    def start(cls, rows: int) -> "Lines":
        """Before anything but START was read."""
        return cls(np.full((rows, 3, WIDTH), START, np.int32), np.zeros(rows, np.int64), np.zeros(rows, np.int64))

    def read(self, tokens: Tokens, marks: Tokens) -> "Lines":
        """After each row has read one more token."""
        rows = np.arange(len(tokens))
        lines = self.tokens.copy()
        kept = self.position < WIDTH
        lines[rows[kept], 0, self.position[kept]] = tokens[kept]
        # Of two marks; np.isin would sort.
        ended = (tokens[:, None] == marks).any(axis=1)
        lines[ended, 1:] = lines[ended, :2]
        lines[ended, 0] = START
        position = np.where(ended, 0, self.position + (tokens != START))
        return Lines(lines, position, self.line + ended)

    def taken(self, rows: slice | npt.NDArray[np.int64]) -> "Lines":
        """These rows only, or again."""
        return Lines(self.tokens[rows], self.position[rows], self.line[rows])

    def contexts(self) -> Contexts:
        """What is known about each row's next token."""
        rows = np.arange(len(self.position))
        inside = self.position < WIDTH
        column = np.where(inside, self.position, 0)
        above, second = (np.where(inside, self.tokens[rows, line, column], START) for line in (1, 2))
        return Contexts(place_of(self.line, self.position), above.astype(np.int32), second.astype(np.int32))
