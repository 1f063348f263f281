"""Poems from a trained package: request → plan → candidates → ranking → poem. Numpy alone; torch is not imported."""

from poetcore.generation.poem import Poem
from poetcore.generation.poet import Poet
from poetcore.generation.request import ComposeRequest

__all__ = ["ComposeRequest", "Poem", "Poet"]
