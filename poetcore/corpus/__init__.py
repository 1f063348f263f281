"""Read the chinese-poetry collection, clean it, split it, turn it into tokens."""

from poetcore.corpus.prepared import SPLITS, TEST, TRAIN, VALIDATION, PreparedCorpus, evenly_spread
from poetcore.corpus.reader import COLLECTIONS
from poetcore.corpus.vocabulary import END, SPECIALS, START, UNKNOWN, Vocabulary

__all__ = [
    "COLLECTIONS",
    "END",
    "SPECIALS",
    "SPLITS",
    "START",
    "TEST",
    "TRAIN",
    "UNKNOWN",
    "VALIDATION",
    "PreparedCorpus",
    "Vocabulary",
    "evenly_spread",
]
