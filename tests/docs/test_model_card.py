"""The model card tells of the poet that ships, not of one before it."""

from docs.model_card import PAGE, between, figures
from poetcore.generation.poet import PRETRAINED
from poetcore.package import read_card


def test_the_figures_are_those_of_the_poet_that_ships() -> None:
    written = between(PAGE.read_text(encoding="utf-8"), "figures")
    assert written == figures(read_card(PRETRAINED)), "run `make model-card`"
