"""Regulated verse: readings of characters, the forms and their patterns, and the scansion of any poem."""

from poetcore.prosody.forms import FORMS, Form, form_named, form_of
from poetcore.prosody.patterns import LineType, Pattern, patterns
from poetcore.prosody.problems import Problem
from poetcore.prosody.readings import (
    RhymeGroup,
    Sounds,
    is_simplified,
    readings,
    rhyme_group_named,
    rhyme_groups,
    sounds_of,
)
from poetcore.prosody.scansion import Scansion, Strict, scan

__all__ = [
    "FORMS",
    "Form",
    "LineType",
    "Pattern",
    "Problem",
    "RhymeGroup",
    "Scansion",
    "Sounds",
    "Strict",
    "form_named",
    "form_of",
    "is_simplified",
    "patterns",
    "readings",
    "rhyme_group_named",
    "rhyme_groups",
    "scan",
    "sounds_of",
]
