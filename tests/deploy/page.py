"""The chat page as its script uses it."""

import json
import urllib.request


def answer(page: str, words: str) -> str:
    """What the bot says to a reader of the page."""
    with urllib.request.urlopen(f"{page}/page/events", timeout=60) as events:
        headers = {"Origin": page, "Content-Type": "application/json"}
        body = json.dumps({"text": words}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{page}/page/send", body, headers), timeout=60).close()
        for line in events:
            content = json.loads(line.removeprefix(b"data:")) if line.startswith(b"data:") else {}
            if "text" in content and content["from"]["is_bot"]:
                return str(content["text"])
    raise AssertionError("the page's events ended without an answer")
