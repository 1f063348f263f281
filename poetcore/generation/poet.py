"""A poet: a package made ready to compose. The steps are request → plan → frame → drafts → ranking → poem."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import SPECIALS, START, UNKNOWN, Vocabulary
from poetcore.errors import PackageError
from poetcore.generation.arithmetic import EXACT, quantised_arithmetic
from poetcore.generation.candidates import Frame
from poetcore.generation.decoding import Drafts, decode
from poetcore.generation.drawing import FORBIDDEN
from poetcore.generation.engine import Condition, Engine
from poetcore.generation.frames import framed
from poetcore.generation.freely import FreeRules, write_freely
from poetcore.generation.lexicon import Lexicon
from poetcore.generation.lines import FILE as LINES
from poetcore.generation.lines import LineFilter
from poetcore.generation.plan import Plan, in_order, plan
from poetcore.generation.poem import Poem
from poetcore.generation.products import Array, Tokens
from poetcore.generation.ranking import Ranking, best, chosen, pairs_of
from poetcore.generation.request import ComposeRequest
from poetcore.nn.context import form_id, mark_ids
from poetcore.package import PoetCard, Tensors, read_extras, read_package
from poetcore.prosody import Form, form_of, rhyme_groups
from poetcore.prosody.text import COMMA, FULL_STOP, is_hanzi, lines_of
from poetcore.script import is_simplified_only, to_simplified

# Of 1,000 poems to titles 57% were found by theirs among ten, at 1.4 62% of 500; of real ones it is 58%. And real poems
# are foretold from their titles as well as at 1 (7.206 and 7.299 bits per hanzi, Tang and Song; 7.206 and 7.294).
_TITLE_STRENGTH: Final = 1.4

PRETRAINED: Final = Path(__file__).resolve().parent.parent / "pretrained"
"""The package that ships."""


class Poet:
    """A poet that composes; nothing in it changes after it is made, so threads may share it."""

    def __init__(
        self, card: PoetCard, tensors: Tensors, extras: Mapping[str, bytes] | None = None, exact: bool = False
    ) -> None:
        """`tensors`: float32, as `read_package` returns them, `extras` as `read_extras` does.

        `exact`: compute in float32, for measuring the model itself; else in eight bits, which serves readers sooner.
        Raises `PackageError` if no poem can be made.
        """
        self.card: Final = card
        self.vocabulary: Final = Vocabulary(card.vocabulary.characters)
        # Without the simplified characters that slipped into the corpus.
        self.lexicon: Final = Lexicon.of(
            self.vocabulary, lambda char: not is_simplified_only(char, self.vocabulary.usual)
        )
        if COMMA not in self.vocabulary or FULL_STOP not in self.vocabulary or not len(self.lexicon):
            raise PackageError(f"poet {card.version} knows no hanzi or lacks {COMMA} or {FULL_STOP}: it cannot compose")
        marks = mark_ids(self.vocabulary).tolist()
        self.engine: Final = Engine(
            card.architecture, tensors, marks, self.lexicon.order, EXACT if exact else quantised_arithmetic()
        )
        lines = (extras or {}).get(LINES)
        self._lines: Final = None if lines is None else LineFilter.from_bytes(lines)
        self._ranking: Final = Ranking.from_files(extras or {})
        self._shown: Final = [""] * SPECIALS + list(self.vocabulary.characters)
        points = [0] * SPECIALS + [ord(char) for char in self.vocabulary.characters]
        self._code_points: Final = np.array(points, np.uint64)

    @classmethod
    def load(cls, folder: Path | None = None, exact: bool = False) -> "Poet":
        """The poet in `folder`, or the one that ships; `exact` and errors as above."""
        folder = folder or PRETRAINED
        card, tensors = read_package(folder)
        return cls(card, tensors, read_extras(folder, card), exact)

    @property
    def version(self) -> str:
        """Which poet this is."""
        return self.card.version

    def compose(self, request: ComposeRequest) -> Poem:
        """Compose one poem; blocks for some tens of milliseconds.

        Raises `RequestError` for a prefix without hanzi, or lines to keep that are those of no form.
        """
        planned, rng = self._planned(request)
        return (
            self._write_freely(request, planned, rng)
            if planned.form is None
            else self._write(request, planned, planned.form, rng)
        )

    def drafts(self, request: ComposeRequest) -> tuple[Drafts, list[str]]:
        """The candidates among which `compose` chooses, as they are drawn and in characters.

        Raises `RequestError` as `compose` does, and `ValueError` for a request without constraints.
        """
        planned, rng = self._planned(request)
        if planned.form is None:
            raise ValueError("drafts are written in a form")
        frame, _ = self._framed(request, planned, planned.form, rng)
        return self._drafts(request, planned, frame, rng)

    def _planned(self, request: ComposeRequest) -> tuple[Plan, np.random.Generator]:
        """The plan, and the chance by which it is carried out."""
        rng = np.random.Generator(np.random.PCG64(request.seed))
        # Drawn even where it is not needed: asking for the form that the poet would choose gives the same poem.
        planned = plan(request, self.vocabulary.usual, rng.random())
        asked = "".join(filter(is_hanzi, (char or "" for char in planned.places))) + (planned.title or "")
        if asked:
            # Poems to several titles or beginnings with one seed would all have one pattern and rhyme in one group.
            rng = np.random.Generator(np.random.PCG64([request.seed, crc32(asked.encode())]))
        return planned, rng

    def _framed(
        self, request: ComposeRequest, planned: Plan, form: Form, rng: np.random.Generator
    ) -> tuple[Frame, tuple[str, ...]]:
        """The frame of the drafts, and what had to be given up for it."""
        return framed(
            planned,
            form,
            request.rhyme,
            self.vocabulary,
            self.lexicon,
            rng,
            request.best_of,
            request.temperature,
        )

    def _drafts(
        self, request: ComposeRequest, planned: Plan, frame: Frame, rng: np.random.Generator
    ) -> tuple[Drafts, list[str]]:
        """The drafts and their texts."""
        condition = self.condition(self._title(planned), planned.form)
        drafts = decode(self.engine, self.lexicon, frame, self._known, request.temperature, rng, condition)
        return drafts, [self._text(tokens, planned) for tokens in drafts.tokens.tolist()]

    def _write(self, request: ComposeRequest, planned: Plan, form: Form, rng: np.random.Generator) -> Poem:
        frame, relaxed = self._framed(request, planned, form, rng)
        drafts, texts = self._drafts(request, planned, frame, rng)
        recent = pairs_of(lines_of(text) for text in request.recent)
        poems = [lines_of(text) for text in texts]
        row, score = chosen(
            drafts, self.engine, form, poems, self._ranking, request.temperature, rng, planned.title, recent
        )
        return self._poem(request, planned, texts[row], score, _group_name(frame.group), relaxed)

    def _write_freely(self, request: ComposeRequest, planned: Plan, rng: np.random.Generator) -> Poem:
        rules = FreeRules(
            tuple(self.vocabulary.id_of(char) for char in planned.places if char),
            opening=self._penalty(self.lexicon.columns),
            later=self._penalty(np.delete(np.arange(len(self.vocabulary)), [START, UNKNOWN])),
        )
        condition = self.condition(self._title(planned), planned.form)
        candidates = write_freely(self.engine, rules, request.best_of, request.temperature, rng, condition)
        texts = [self._text(candidate.tokens, planned) for candidate in candidates]
        scores = [
            candidate.log_likelihood / max(1, sum(map(is_hanzi, text)))
            for candidate, text in zip(candidates, texts, strict=True)
        ]
        first = best(scores)
        return self._poem(request, planned, texts[first], scores[first], None, ())

    def _poem(
        self,
        request: ComposeRequest,
        planned: Plan,
        text: str,
        points: float,
        rhyme_group: str | None,
        relaxed: tuple[str, ...],
    ) -> Poem:
        form = form_of(text)
        shown = to_simplified(text) if request.script == "hans" else text
        missed = [
            *(["form"] if request.form is not None and form != request.form else []),
            *(["title"] if request.title and not self._title(planned) else []),
        ]
        return Poem(
            text=shown,
            traditional=text,
            lines=lines_of(shown),
            form=form.name if form else None,
            rhyme_group=rhyme_group,
            title=shown_title(request.title),
            prefix=shown[: len(planned.prefix)],
            seed=request.seed,
            poet=self.version,
            score=points,
            candidates=request.best_of,
            relaxed=in_order((*planned.relaxed, *relaxed, *missed)),
        )

    def condition(self, title: tuple[int, ...], form: Form | None) -> Condition:
        """What the model is told of a poem to a title, as token ids, and in a form."""
        return Condition(title, form_id(form), title_strength=_TITLE_STRENGTH)

    def _title(self, planned: Plan) -> tuple[int, ...]:
        """The tokens of the title that the poet knows."""
        tokens = self.vocabulary.encode(planned.title or "")
        return tuple(tokens[tokens != UNKNOWN].tolist())

    def _text(self, tokens: Sequence[int], planned: Plan) -> str:
        """The tokens in characters; those of the plan literally, for the vocabulary may lack them."""
        planned_chars = [*planned.places, *[None] * (len(tokens) - len(planned.places))]
        return "".join([char or self._shown[token] for char, token in zip(planned_chars, tokens, strict=False)])

    def _penalty(self, allowed: Tokens | npt.NDArray[np.int64]) -> Array:
        """[V], `FORBIDDEN` for every token but those allowed."""
        penalty = np.full(len(self.vocabulary), FORBIDDEN)
        penalty[allowed] = 0
        return penalty

    def _known(self, lines: Tokens) -> npt.NDArray[np.bool_]:
        """Which of these lines [n, length] the corpus has."""
        if self._lines is None:
            return np.zeros(len(lines), np.bool_)
        return self._lines.holds(self._code_points[lines])


def shown_title(title: str | None) -> str | None:
    """The reader's title as it stands above the poem: one line, nothing invisible; None if nothing is left."""
    return " ".join("".join(char if char.isprintable() else " " for char in title or "").split()) or None


def _group_name(group: int) -> str | None:
    """The name of a rhyme group, given as a bit; None for 0."""
    return rhyme_groups()[group.bit_length() - 1].name if group else None
