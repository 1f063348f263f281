"""What the tests of the benchmarks share."""

import pytest
import torch

from benchmarks.corpora import Course, plan_course, synthetic_corpus
from poetcore.corpus import PreparedCorpus
from poetcore.training.presets import settings_for

TINY = ("sequence_length=40", "batch_poems=8", "vocabulary_size=50", "embedding_size=8", "hidden_size=8")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Models this small are slower on two threads than on one."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def corpus() -> PreparedCorpus:
    """Four hundred invented poems of a hundred characters."""
    return synthetic_corpus(400, characters=100)


@pytest.fixture
def course(corpus: PreparedCorpus) -> Course:
    """Five updates of the report's recipe in small."""
    return plan_course(corpus, settings_for("seed", TINY), 5)
