"""The images and the compose file: closed as they should be, complete, and small."""

import os
import re
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.deploy.conftest import Installation, build_wheel
from tests.deploy.files import DEPLOY, ROOT, compose, filled_in, image, instructions

# Compressed, in MB: python:3.11-slim-bookworm and Debian's package fonts-arphic-ukai (8.4 MB), generously.
BASE_MB = 50
FONT_MB = 9
IMAGES = ["Dockerfile.bot", "Dockerfile.worker"]


def test_the_bots_image_stays_small(installed: Installation) -> None:
    assert not (installed.packages / "torch").exists()
    files = [file for file in installed.packages.rglob("*") if file.is_file()]
    # Level 1 compresses less than what registries use: the estimate is too high, if anything.
    ours = sum(len(zlib.compress(file.read_bytes(), 1)) for file in files) / 1e6
    assert BASE_MB + FONT_MB + ours <= 250, f"the image is {BASE_MB + FONT_MB + ours:.0f} MB compressed"


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_runs_as_an_ordinary_user_and_copies_what_it_may(name: str) -> None:
    told = instructions(name)
    assert ("USER", "10001:10001") in told
    assert image(name).command[0] == "poetbot"
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert _copied(name) <= allowed, ".dockerignore keeps some of it out"


def test_an_image_is_built_from_the_whole_program(wheel: Path, tmp_path: Path) -> None:
    copied = [_copied(name) for name in IMAGES]
    assert copied[0] == copied[1]
    for source in copied[0]:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, tmp_path)
    assert _names(build_wheel(tmp_path, tmp_path)) == _names(wheel)


def test_profiles_bring_what_they_promise() -> None:
    services = compose()["services"]
    of_profile = {
        profile: {name for name, told in services.items() if profile in told["profiles"]}
        for profile in ("one", "scale", "bots", "worker")
    }
    assert of_profile == {
        "one": {"bot"},
        "scale": {"webhook", "proxy", "database", "worker"},
        "bots": {"webhook", "proxy"},
        "worker": {"worker"},
    }
    assert services["webhook"]["deploy"]["replicas"] == 2
    assert services["webhook"]["command"] == ["poetbot", "run", "--webhook"]
    (device,) = services["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert [name for name, told in services.items() if "ports" in told] == ["proxy"]


@pytest.mark.parametrize("name", ["webhook", "worker"])
def test_several_machines_share_a_database_and_a_folder_of_poets(name: str) -> None:
    told = compose()["services"][name]
    assert told["depends_on"]["database"] == {"condition": "service_healthy", "required": False}
    (poets,) = [volume for volume in told["volumes"] if volume.endswith(":/poets")]
    assert filled_in(poets, {}) == "poets:/poets"
    assert filled_in(poets, {"YUEXIA_POETS_VOLUME": "/mnt/poets"}) == "/mnt/poets:/poets"


@pytest.mark.parametrize("name", ["bot", "webhook"])
def test_metrics_are_seen_from_other_containers(name: str) -> None:
    assert compose()["services"][name]["environment"]["YUEXIA_METRICS_HOST"] == "0.0.0.0"


@pytest.mark.parametrize(("name", "poets"), [("bot", "/data/poets"), ("webhook", "/poets"), ("worker", "/poets")])
def test_what_the_files_count_on_is_not_for_the_env_file_to_change(name: str, poets: str) -> None:
    # Compose lets .env win over the image's ENV, and `environment` over both.
    own = compose()["services"][name]["environment"]
    assert (own["YUEXIA_HOME"], own["YUEXIA_POETS"]) == ("/data", poets)
    assert own["YUEXIA_FONT"] == "", "a font of the host is none of the container"
    assert f"127.0.0.1:{own['YUEXIA_METRICS_PORT']}/healthz" in image("Dockerfile.bot").health[-1]
    assert f"webhook {own['YUEXIA_WEBHOOK_PORT']} " in (DEPLOY / "Caddyfile").read_text()


@pytest.mark.parametrize("name", ["bot", "webhook", "worker", "proxy"])
def test_a_service_may_do_little(name: str) -> None:
    told = compose()["services"][name]
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in told["security_opt"]
    assert "privileged" not in told


def test_volumes_and_variables_are_declared() -> None:
    told = compose()
    volumes = [volume for service in told["services"].values() for volume in service.get("volumes", ())]
    mounted = {filled_in(volume, {}).split(":")[0] for volume in volumes}
    assert {name for name in mounted if not name.startswith(".")} == set(told["volumes"])
    assert "/poets" in dict(instructions("Dockerfile.bot"))["RUN"], "a named volume takes its owner from the image"
    used = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    explained = (DEPLOY / ".env.example").read_text()
    assert all(name in explained for name in used)
    assert dotenv_values(DEPLOY / ".env.example")["COMPOSE_PROFILES"] == "one"


def test_no_profile_is_stopped_for_a_variable_that_only_another_needs() -> None:
    # Compose fills in the whole file, whichever profiles are in use.
    assert not re.search(r"(?<!\$)\$\{\w+:?\?", (DEPLOY / "compose.yaml").read_text())


@pytest.mark.parametrize("domain", ["", "poems.example"])
def test_the_proxy_says_that_it_needs_a_domain(tmp_path: Path, domain: str) -> None:
    caddy = tmp_path / "caddy"
    caddy.write_text('#!/bin/sh\necho "$@"\n')
    caddy.chmod(0o755)
    command = [word.replace("$$", "$") for word in compose()["services"]["proxy"]["command"]]
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "YUEXIA_DOMAIN": domain}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if domain:
        assert (done.returncode, done.stdout) == (0, "run --config /etc/caddy/Caddyfile --adapter caddyfile\n")
    else:
        assert (done.returncode != 0, done.stdout) == (True, "")
        assert "YUEXIA_DOMAIN: set it in .env" in done.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed: its configuration was not validated")
def test_the_proxy_understands_its_configuration() -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    environment = os.environ | {"YUEXIA_DOMAIN": "poems.example"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def _copied(name: str) -> set[str]:
    """What a Dockerfile copies from the checkout."""
    copies = [rest for instruction, rest in instructions(name) if instruction == "COPY" and "--from" not in rest]
    return {source for rest in copies for source in rest.split()[:-1]}


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
