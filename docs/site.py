"""What `mkdocs build` does beside: the pages that lie outside docs/, and links that are right in both places.

Every page links to files as they lie in the repository, so that it reads well there. On the site a link to a page
leads to that page; a link to any other file of the repository becomes its name.
"""

import logging
import posixpath
import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).resolve().parents[1]

OUTSIDE: Final = {
    "README.md": "index.md",
    "README.zh.md": "index.zh.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "deploy/README.md": "deploy.md",
    "deploy/learning.md": "deploy-learning.md",
}
"""Files of the repository that are pages of the site, and their names there."""

_INSIDE: Final = {page: source for source, page in OUTSIDE.items()}
# [text](target), and of a picture too; what has a scheme or is an anchor alone stays.
_LINK: Final = re.compile(r"\[(?P<text>[^\[\]]*)\]\((?P<target>(?![a-z]+:|#)[^()\s]+)\)")
_FENCE: Final = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)

_log = logging.getLogger("mkdocs.hooks.site")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside."""
    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn a page's links around; mkdocs, being strict, fails at a warning."""
    source = _INSIDE.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def turned(match: re.Match[str]) -> str:
        path, _, anchor = match["target"].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if not (ROOT / target).exists():
            _log.warning("%s links to %s, which does not exist", source, target)
        shown = OUTSIDE.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
        if shown is None or files.get_file_from_path(shown) is None:
            return match["text"]
        return f"[{match['text']}]({shown}{'#' * bool(anchor)}{anchor})"

    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else _LINK.sub(turned, part) for part in parts)
