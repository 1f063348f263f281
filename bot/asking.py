"""What a reader asks for: the words after `/poem`, in any order."""

import re
from dataclasses import dataclass
from typing import Final

from poetcore.prosody import FORMS, Form, form_named

# More cannot begin a poem of 56 hanzi.
LONGEST_PREFIX: Final = 100

# Readers often type no space: /poem 月七絕.
_FORM_NAME: Final = re.compile("|".join(name.replace("絕", "[絕绝]") for name in FORMS))


@dataclass(frozen=True)
class Asked:
    """How the poem shall begin (None: anyhow) and in which form (None: the poet's choice)."""

    prefix: str | None = None
    form: Form | None = None


def asked_for(words: str) -> Asked | None:
    """What the words after `/poem` ask for; None if they name two different forms.

    Form names, traditional or simplified, may stand anywhere; all other words join to the beginning of the poem.
    """
    forms = {form_named(name) for name in _FORM_NAME.findall(words)}
    if len(forms) > 1:
        return None
    # Neither spaces nor what no database takes: NUL, halves of a surrogate pair.
    prefix = "".join(filter(str.isprintable, _FORM_NAME.sub("", words))).replace(" ", "")[:LONGEST_PREFIX]
    return Asked(prefix or None, forms.pop() if forms else None)
