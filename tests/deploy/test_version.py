"""One version: the package's, the changelog's newest, and what the programs say."""

import re
import tomllib
from importlib.metadata import version

from tests.deploy.files import ROOT


def test_the_changelog_and_the_installation_agree_with_the_package() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    released = [heading.split()[0] for heading in headings if heading != "Unreleased"]
    assert released[0] == package == version("yuexia")
    assert headings.index(released[0]) <= 1, "what is not released yet stands in one section, above the newest version"
