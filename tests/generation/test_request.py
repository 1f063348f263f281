"""Requests are validated once, and the message names the field."""

from typing import Any

import pytest

from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", -1),
        ("seed", 2**63),
        ("seed", 1.5),
        ("seed", True),
        ("best_of", 0),
        ("best_of", 65),
        ("temperature", 0.09),
        ("temperature", 3.1),
        ("temperature", float("nan")),
        ("script", "latin"),
    ],
)
def test_a_senseless_value_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(RequestError, match=f"^{field} must"):
        ComposeRequest(**{field: value})


def test_the_limits_themselves_are_allowed() -> None:
    ComposeRequest(seed=2**63 - 1, best_of=64, temperature=3, script="hans")
    ComposeRequest(seed=0, best_of=1, temperature=0.1)
