"""What the files of deploy/ say: how each of them starts which program."""

import configparser
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"


@dataclass(frozen=True)
class Start:
    """A command, and the environment that its file gives it."""

    command: tuple[str, ...]
    environment: dict[str, str]
    health: tuple[str, ...] = ()


def image(name: str) -> Start:
    """What a Dockerfile's last stage starts."""
    environment: dict[str, str] = {}
    command, health = "", ""
    for instruction, rest in instructions(name):
        if instruction == "ENV":
            environment |= dict(word.split("=", 1) for word in shlex.split(rest))
        elif instruction == "CMD":
            command = rest
        elif instruction == "HEALTHCHECK":
            health = rest.partition("CMD ")[2]
    return Start(tuple(json.loads(command)), environment, tuple(json.loads(health)) if health else ())


def instructions(name: str) -> list[tuple[str, str]]:
    """A Dockerfile's instructions, each with what follows it on its lines."""
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [(first, rest.strip()) for first, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def unit(name: str) -> Start:
    """What a systemd unit starts."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    service = parser["Service"]
    environment = dict(word.split("=", 1) for word in shlex.split(service["Environment"]))
    command = service["ExecStart"].replace("%%", "%").replace("$$", "$")
    return Start(tuple(shlex.split(command)), environment)


def compose() -> dict[str, Any]:
    """The compose file, with its anchors resolved and its variables left as they stand."""
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8")))


def service(name: str, **variables: str) -> Start:
    """What a service of the compose file starts: its image's environment under its own."""
    told = compose()["services"][name]
    built = image(Path(told["build"]["dockerfile"]).name)
    own = {key: filled_in(str(value), variables) for key, value in told.get("environment", {}).items()}
    return Start(tuple(told.get("command", built.command)), built.environment | own, built.health)


def filled_in(text: str, variables: dict[str, str]) -> str:
    """Variables of the form `${NAME:-default}` replaced, innermost first."""
    while (inner := re.search(r"\$\{(\w+)(?::-([^{}]*))?\}", text)) is not None:
        text = text.replace(inner[0], variables.get(inner[1]) or inner[2] or "")
    return text
