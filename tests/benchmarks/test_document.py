"""`make bench`: the sections of docs/benchmarks.md, what is kept of them, what is computed from them."""

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.capacity import capacity
from benchmarks.report import Figure, Report
from benchmarks.serving import broadcast_plan, broadcast_report, database_report, load_report
from bot.bench import broadcast, database, load

LOAD = load.Report(
    updates_per_s=120.0,
    poems_per_s=12.0,
    p50_s=0.1,
    p95_s=0.5,
    p99_s=0.9,
    lost=0,
    errors=0,
    updates=4_000,
    poems=400,
    poem_p95_s=0.8,
    seconds=33.3,
    bot_cpu_ms=10.0,
    telegram_cpu_ms=2.0,
)
BROADCAST = broadcast.Report(
    chats=100_000,
    sent=98_000,
    doubles=1,
    lost=0,
    unknown=20,
    limit_per_s=300,
    rate_share=0.97,
    memory_growth_mb=None,
    interactive_p95_s=0.4,
    refused=1_000,
    timeouts=18,
    in_flight_at_kills=2,
    most_in_a_second=310,
    poems=300,
    seconds=400.0,
    bot_cpu_ms=1.5,
)
DATABASES = [
    database.Report(backend, presses_per_s=rate, p50_s=0.01, p99_s=0.1, presses=10_000, seconds=10.0)
    for backend, rate in (("sqlite", 450.0), ("postgresql", 1_250.0))
]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the benchmarks that ran; they take no time here."""
    ran: list[str] = []

    def measure(name: str, report: Report) -> Report:
        ran.append(name)
        return report

    reports = {
        "load": load_report(load.Plan(), LOAD),
        "broadcast": broadcast_report(broadcast_plan(100_000, 300), BROADCAST),
        "database": database_report(database.Plan(), DATABASES),
    }
    sections = {name: lambda name=name: measure(name, reports[name]) for name in reports}
    monkeypatch.setattr(benchmarks, "_sections", lambda _asked: sections)
    return ran


def test_a_report_keeps_its_goals_and_says_what_could_not_be_measured() -> None:
    figures = {figure.name: figure for figure in broadcast_report(broadcast_plan(100_000, 300), BROADCAST).figures}
    assert figures["broadcast_doubles"].met is False
    assert figures["broadcast_rate_share"].met is True
    assert figures["broadcast_memory_growth_mb"].ours is None
    assert figures["broadcast_memory_growth_mb"].met is None


def test_the_document_has_every_section_and_what_they_come_to(measured: list[str], tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.md"
    assert benchmarks.main(["--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert measured == ["load", "broadcast", "database"]
    assert text.index("## Readers at once") < text.index("## A broadcast under fire") < text.index("## Capacity")
    # 12 poems a second for four hours, three a reader.
    assert "within four hours | 57,600 |" in text
    assert "at 30 a second: hours | 9.3 |" in text
    assert "minutes of one core | 25 |" in text
    assert "six hours late and not sent | 648,000 |" in text
    assert "at most: Stars | 100,000 |" in text
    # 10 ms of its processor an update.
    assert "a core to itself | 100 |" in text
    assert "its one bot answers | 450, 4.5 × |" in text
    assert "like this one ends | 12 |" in text


def test_a_week_s_fine_tune_is_hours_a_month() -> None:
    report = load_report(load.Plan(), LOAD)
    learned = Report(
        "Learning", "poet bench finetune", report.machine, (), (Figure.absolute("finetune_s", "s", [720.0]),)
    )
    assert "of a GPU at most | 0.87 |" in capacity([learned])


def test_one_section_is_measured_anew_and_the_others_stay(measured: list[str], tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.md"
    assert benchmarks.main(["--out", str(out)]) == 0
    before = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    measured.clear()
    assert benchmarks.main(["--out", str(out), "--only", "broadcast"]) == 0
    assert measured == ["broadcast"]
    assert json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))["load"] == before["load"]
    assert "## Readers at once" in out.read_text(encoding="utf-8")


def test_a_section_that_needs_a_corpus_stays_when_another_is_measured_without(
    measured: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "benchmarks.md"
    assert benchmarks.main(["--out", str(out)]) == 0
    kept = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    kept["finetune"] = kept["load"] | {"title": "Learning from readers"}
    out.with_suffix(".json").write_text(json.dumps(kept), encoding="utf-8")
    assert benchmarks.main(["--out", str(out), "--only", "broadcast"]) == 0
    assert "## Learning from readers" in out.read_text(encoding="utf-8")


def test_torn_figures_are_refused_before_anything_is_written(
    measured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "benchmarks.md"
    out.with_suffix(".json").write_text("{", encoding="utf-8")
    assert benchmarks.main(["--out", str(out), "--only", "load"]) != 0
    assert "delete it and run again" in capsys.readouterr().err
    assert not out.exists()


def test_without_figures_nothing_is_computed() -> None:
    report = load_report(load.Plan(), LOAD)
    others = Report(report.title, report.command, report.machine, (), (Figure.absolute("other", "other", [1.0]),))
    assert capacity([others]) == ""
