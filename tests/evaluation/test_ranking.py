"""What the choice among candidates is learned from."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from poetcore.corpus import PreparedCorpus
from poetcore.corpus.preparation import prepare
from poetcore.evaluation import ranking
from poetcore.evaluation.ranking import fitted, learn_ranking
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.ranking import FEATURES
from poetcore.package import read_package
from poetcore.prosody import FORMS

POEMS_A_FORM = 500


@pytest.fixture(scope="module")
def package(make_poet: Callable[..., Path]) -> Path:
    return make_poet("ranked")


@pytest.fixture(scope="module")
def poet(package: Path) -> Poet:
    return Poet.load(package)


@pytest.fixture(scope="module")
def corpus(poet: Poet, tmp_path_factory: pytest.TempPathFactory) -> PreparedCorpus:
    """Poems in every form; each is of the hanzi of one of three subjects, which its title names."""
    random = np.random.default_rng(1)
    hanzi = [char for char in poet.vocabulary.characters if char not in "，。"]
    subjects = np.array(hanzi[: len(hanzi) // 3 * 3]).reshape(3, -1)
    poems = []
    for form in FORMS.values():
        for _ in range(POEMS_A_FORM):
            subject = subjects[int(random.integers(3))]
            lines = ["".join(random.choice(subject, form.line_length)) for _ in range(form.lines)]
            title = "".join(random.choice(subject[:4], 2))
            poems.append({"author": "", "title": title, "paragraphs": [form.punctuate(lines)]})
    source = tmp_path_factory.mktemp("source")
    (source / "poet.tang.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    folder = tmp_path_factory.mktemp("prepared") / "data"
    prepare(source, folder, ("tang",))
    return PreparedCorpus.load(folder)


def test_a_poet_learns_what_its_own_drafts_lack(
    corpus: PreparedCorpus, poet: Poet, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "_REQUESTS", 4)
    monkeypatch.setattr(ranking, "_FEWEST_REAL", 10)
    monkeypatch.setattr(ranking, "_ANSWERS", 3_000)
    said: list[str] = []
    learned = learn_ranking(corpus, poet, said.append)
    assert learned is not None
    assert said[0] == "titles and poems"
    for weights in learned.weights.values():
        # Real poems keep to one subject, drafts of random weights do not.
        assert weights.features[FEATURES.index("coherence")] > 0
        assert weights.title > 0
        # Between drafts of one request, a higher rough likelihood is a higher exact one.
        assert weights.exact[0] > 0
    chooser = Poet(*read_package(package), learned.to_files())
    request = ComposeRequest(form=FORMS["五律"], seed=3)
    _, texts = chooser.drafts(request)
    assert chooser.compose(request).traditional in texts
    assert chooser.compose(request) == chooser.compose(request)


def test_too_few_poems_teach_nothing(corpus: PreparedCorpus, poet: Poet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_FEWEST_REAL", 10_000)
    assert learn_ranking(corpus, poet) is None


def test_the_regression_finds_the_odds() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(3, 2, (20_000, 2))
    chances = 1 / (1 + np.exp(-(1.5 * (rows[:, 0] - 3) - 0.5 * (rows[:, 1] - 3))))
    labels = (random.random(len(rows)) < chances).astype(float)
    assert fitted(rows, labels, np.ones(len(rows))) == pytest.approx([1.5, -0.5], abs=0.1)
    # A column that says nothing has no say, and does not break the rest.
    constant = np.column_stack((rows, np.full(len(rows), 7.0)))
    assert fitted(constant, labels, np.ones(len(rows)))[2] == pytest.approx(0)
