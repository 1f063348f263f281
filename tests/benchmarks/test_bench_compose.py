"""`poet bench compose` as a person types it; that the naive loop writes what the engine writes is checked within."""

import json

from typer.testing import CliRunner

from poetcore.cli import app


def test_json_has_every_figure() -> None:
    result = CliRunner().invoke(app, ["bench", "compose", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    found = json.loads(result.stdout)
    assert {f"{form}_p{share}_ms" for form in ("五絕", "七絕", "五律", "七律") for share in (50, 99)} | {
        "decode_against_naive",
        "decode_against_floor",
        "decode_against_floor_of_bytes",
        "first_poem_s",
        "resident_mb",
    } == set(found["ours"])
    assert all(value > 0 for value in found["ours"].values())
    assert found["ratio"]["decode_against_naive"] > 0
    assert found["figures"]["resident_mb"]["goal"] == "≤ 250"
