"""Poem cards: a poem as a picture worth sharing, in vertical columns on paper, with the date and a seal."""

from bot.view.cards.drawing import card
from bot.view.cards.paper import Paper

__all__ = ["Paper", "card"]
