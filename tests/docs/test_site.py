"""The documentation as a site: every page, every link, without the network."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.documents import DOCUMENTS, ROOT


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    site = tmp_path / "site"
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    # The theme's makers announce other software on every build.
    told = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(words, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    pages = {path.name for path in site.glob("*.html")}
    assert {"index.html", "index.zh.html", "contributing.html", "deploy.html"} <= pages
    assert {f"{document.stem}.html" for document in DOCUMENTS if document.parent.name == "docs"} <= pages
    assert not list(site.rglob("*.py"))
    # A reader without a network gets the whole page.
    assert "fonts.googleapis.com" not in (site / "index.html").read_text(encoding="utf-8")
