"""The alert rules: Prometheus's syntax, metrics that exist, and what to do."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from bot.composing import Composer
from bot.storage import Database
from bot.watching.exposition import Exposition
from bot.watching.health import Health
from poetcore.generation import Poet

RULES = Path(__file__).parents[3] / "deploy" / "alerts.yaml"

# Prometheus makes it itself for each target.
_OF_PROMETHEUS = {"up"}
# prometheus-client adds these to the name of a counter or a histogram.
_SUFFIXES = ("_total", "_bucket", "_count", "_sum")


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_is_whole_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Yuexia[A-Z]\w+", rule["alert"])
    assert re.fullmatch(r"[1-9]\d*[smhd]", rule.get("for", "1m"))
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "action"}
    promql.parse(rule["expr"])


async def test_every_metric_that_is_named_exists(database: Database, make_poet: Callable[..., Path]) -> None:
    composer = Composer(Poet.load(make_poet("founder")))
    text = (await Exposition(database, composer, Health(database, composer)).text()).decode()
    composer.close()
    known = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)) | _OF_PROMETHEUS
    named = {name for rule in _rules() for name in _metrics(promql.parse(rule["expr"]))}
    assert len(named) > 10
    assert not {name for name in named if not _spellings(name) & known}


def _rule(name: str) -> str:
    (rule,) = [rule for rule in _rules() if rule["alert"] == name]
    return " ".join(promql.parse(rule["expr"]).prettify().split())


def test_a_worker_that_lives_hides_none_that_died_and_one_that_is_gone_for_good_is_let_go() -> None:
    silence = "time() - max by (worker) (yuexia_worker_last_beat_timestamp_seconds)"
    assert _rule("YuexiaWorkerIsSilent") == f"({silence} > 600) < 172800"


def test_that_a_job_waits_alarms_unless_some_worker_lives() -> None:
    waits = 'max(yuexia_learning_jobs{state=~"queued|running"}) > 0'
    lives = "time() - max(yuexia_worker_last_beat_timestamp_seconds) < 600"
    assert _rule("YuexiaNobodyLearns") == f"{waits} unless {lives}"


def _spellings(name: str) -> set[str]:
    return {name, *(name.removesuffix(suffix) for suffix in _SUFFIXES)}


def _metrics(expression: promql.Expr) -> Iterator[str]:
    found: list[str] = []

    def note(node: object) -> None:
        if isinstance(node, promql.VectorSelector) and node.name is not None:
            found.append(node.name)

    promql.walk(expression, note)
    yield from found
