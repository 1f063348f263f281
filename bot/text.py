"""Text and numbers that every database and every server takes."""

from typing import Any


def well_formed(json: Any) -> Any:
    """What was read from JSON, without NUL in its strings and with U+FFFD for halves of surrogate pairs.

    JSON can write both, PostgreSQL refuses the first, and neither UTF-8 nor SQLite knows the second.
    """
    if isinstance(json, str):
        return json.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(json, dict):
        return {well_formed(key): well_formed(value) for key, value in json.items()}
    if isinstance(json, list):
        return [well_formed(value) for value in json]
    return json


def fits(number: int) -> bool:
    """Whether a database keeps it as a whole number: 64 bits."""
    return -(2**63) <= number < 2**63
