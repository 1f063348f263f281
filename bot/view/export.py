"""A reader's poems and ratings as JSON Lines: the keys are documented in docs/readers-data.md, and stay."""

import json
from typing import Any

from bot.storage.export import Exported


def json_line(exported: Exported) -> str:
    """One poem, with what its reader thinks of it. What another reader asked for stays theirs."""
    poem, mine = exported.poem, exported.mine
    line: dict[str, Any] = {
        "text": poem.text,
        "form": poem.form,
        "title": poem.asked_title if mine else None,
        "prefix": poem.asked_prefix if mine else None,
        "acrostic": poem.asked_acrostic if mine else None,
        "rhyme": poem.asked_rhyme if mine else None,
        "poet": poem.poet,
        "at": poem.created_at.isoformat(),
        "mine": mine,
        "rating": exported.rating,
        "rated_at": exported.rated_at.isoformat() if exported.rated_at else None,
        "favourite": exported.favourite,
    }
    return json.dumps(line, ensure_ascii=False) + "\n"
