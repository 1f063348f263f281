"""A poet: a package made ready to compose. The steps are request → plan → candidates → ranking → poem."""

from pathlib import Path
from typing import Final

import numpy as np

from poetcore.corpus.vocabulary import START, UNKNOWN, Vocabulary
from poetcore.errors import PackageError
from poetcore.generation.decoding import FORBIDDEN, Candidate, FormRules, FreeRules, Rules, decode
from poetcore.generation.engine import Array, Condition, Engine
from poetcore.generation.plan import Plan, plan
from poetcore.generation.poem import Poem
from poetcore.generation.ranking import best, score
from poetcore.generation.request import ComposeRequest
from poetcore.nn.context import mark_ids
from poetcore.package import PoetCard, Tensors, read_package
from poetcore.prosody import FORMS
from poetcore.prosody.text import COMMA, FULL_STOP, is_hanzi, lines_of
from poetcore.script import is_simplified_only, to_simplified

PRETRAINED: Final = Path(__file__).resolve().parent.parent / "pretrained"
"""The package that ships."""


class Poet:
    """A poet that composes; nothing in it changes after it is made, so threads may share it."""

    def __init__(self, card: PoetCard, tensors: Tensors) -> None:
        """`tensors`: float32, as `read_package` returns them; raises `PackageError` if no poem can be made."""
        self.card: Final = card
        self.vocabulary: Final = Vocabulary(card.vocabulary.characters)
        self._hanzi: Final = self._hanzi_penalty()
        self._characters: Final = self._character_penalty()
        if COMMA not in self.vocabulary or FULL_STOP not in self.vocabulary or not np.isfinite(self._hanzi).any():
            raise PackageError(f"poet {card.version} knows no hanzi or lacks {COMMA} or {FULL_STOP}: it cannot compose")
        self.engine: Final = Engine(card.architecture, tensors, mark_ids(self.vocabulary).tolist())

    @classmethod
    def load(cls, folder: Path | None = None) -> "Poet":
        """The poet in `folder`, or the one that ships; raises `PackageError`."""
        return cls(*read_package(folder or PRETRAINED))

    @property
    def version(self) -> str:
        """Which poet this is."""
        return self.card.version

    def compose(self, request: ComposeRequest) -> Poem:
        """Compose one poem; blocks for some tens of milliseconds. Raises `RequestError` for a prefix without hanzi."""
        rng = np.random.Generator(np.random.PCG64(request.seed))
        # Drawn even where it is not needed: asking for the form that the poet would choose gives the same poem.
        coin = rng.random()
        planned = plan(request, self._usual, coin)
        condition = Condition(form=0 if planned.form is None else 1 + list(FORMS).index(planned.form.name))
        rules = self._rules(planned)
        candidates = decode(self.engine, rules, request.best_of, request.temperature, rng, condition)
        texts = [self._text(candidate, planned) for candidate in candidates]
        scores = [score(candidate, sum(map(is_hanzi, text))) for candidate, text in zip(candidates, texts, strict=True)]
        chosen = best(scores)
        return self._poem(request, planned, texts[chosen], scores[chosen], len(candidates))

    def _poem(self, request: ComposeRequest, planned: Plan, text: str, points: float, candidates: int) -> Poem:
        form = next((form for form in FORMS.values() if form.fits(text)), None)
        missed = request.form is not None and form != request.form
        shown = to_simplified(text) if request.script == "hans" else text
        return Poem(
            text=shown,
            traditional=text,
            lines=lines_of(shown),
            form=form.name if form else None,
            rhyme_group=None,
            title=None,
            prefix=shown[: len(planned.prefix)],
            seed=request.seed,
            poet=self.version,
            score=points,
            candidates=candidates,
            relaxed=planned.relaxed + (("form",) if missed else ()),
        )

    def _rules(self, planned: Plan) -> Rules:
        template = tuple(None if char is None else self.vocabulary.id_of(char) for char in planned.places)
        if planned.form is not None:
            return FormRules(template, self._hanzi)
        return FreeRules(tuple(token for token in template if token is not None), self._hanzi, self._characters)

    def _text(self, candidate: Candidate, planned: Plan) -> str:
        """The candidate in characters; those of the plan literally, for the vocabulary may lack them."""
        planned_chars = dict(enumerate(planned.places))
        return "".join(
            planned_chars.get(position) or self.vocabulary.decode([token])
            for position, token in enumerate(candidate.tokens)
        )

    def _usual(self, typed: str, converted: str) -> bool:
        """Whether the corpus writes `typed` about as often as `converted`.

        Token ids go by frequency. Within a factor of two stand variants that poets' editions use side by side (笋 筍,
        恒 恆); a simplified character that slipped in (叶 for 葉, 来 for 來) ranks ten and more times lower.
        """
        if typed not in self.vocabulary or converted not in self.vocabulary:
            return typed in self.vocabulary
        return self.vocabulary.id_of(typed) < 2 * self.vocabulary.id_of(converted)

    def _hanzi_penalty(self) -> Array:
        """[V], leaves the hanzi, without the simplified ones that slipped into the corpus."""
        penalty = np.full(len(self.vocabulary), FORBIDDEN)
        for char in self.vocabulary.characters:
            if is_hanzi(char) and not is_simplified_only(char, self._usual):
                penalty[self.vocabulary.id_of(char)] = 0
        return penalty

    def _character_penalty(self) -> Array:
        """[V], leaves every character and END."""
        penalty = np.zeros(len(self.vocabulary), np.float32)
        penalty[[START, UNKNOWN]] = FORBIDDEN
        return penalty
