"""The hooks before a commit: they check what `make lint` checks."""

import re

import yaml

from tests.deploy.files import ROOT


def test_each_linter_of_make_lint_has_a_hook() -> None:
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    programs = [hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in local["hooks"]]
    assert programs == re.findall(r"^\t\$\(BIN\)/(\S+)", lint, re.MULTILINE)
