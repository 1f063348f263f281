"""What a report looks like, and what it says of a machine."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from benchmarks.document import document
from benchmarks.machine import Machine, processor_description, this_machine
from benchmarks.report import Figure, Goal, Report, as_json, markdown, table
from benchmarks.timing import Spread

MACHINE = Machine(
    date="2030-01-02T03:04:05+00:00",
    system="Linux x86_64",
    cpu="A processor",
    cores=2,
    flags=("avx2",),
    memory_gib=8.0,
    gpu=None,
    threads=2,
    torch="9.9",
    numpy="8.8",
    python="3.11.1",
    yuexia="0.1.0",
)
FASTER = Figure(
    "seed_tokens_per_s",
    "seed: real tokens/s",
    "plain loop",
    Spread(14_000, 15_000, 16_000),
    Spread(45_000, 60_000, 61_000),
    Spread(3.2, 4.0, 4.1),
    Goal(4),
)
UNKNOWN = Figure("seed_peak_memory", "seed: peak memory, MB", "plain loop", None, None, None, Goal(0.4, at_least=False))
REPORT = Report("Training", "poet bench train", MACHINE, ("A note.",), (FASTER, UNKNOWN))


def test_json_has_each_side_by_figure_and_null_where_unknown() -> None:
    found = as_json(REPORT)
    assert found["machine"]["cpu"] == "A processor"
    assert found["baseline"] == {"seed_tokens_per_s": 15_000, "seed_peak_memory": None}
    assert found["ours"] == {"seed_tokens_per_s": 60_000, "seed_peak_memory": None}
    assert found["ratio"] == {"seed_tokens_per_s": 4.0, "seed_peak_memory": None}
    assert found["figures"]["seed_tokens_per_s"] == {
        "label": "seed: real tokens/s",
        "against": "plain loop",
        "baseline": {"min": 14_000, "median": 15_000, "max": 16_000},
        "ours": {"min": 45_000, "median": 60_000, "max": 61_000},
        "ratio": {"min": 3.2, "median": 4.0, "max": 4.1},
        "goal": "≥ 4",
        "met": True,
    }
    assert found["figures"]["seed_peak_memory"]["met"] is None


def test_a_document_has_command_machine_notes_and_a_row_a_figure() -> None:
    text = document([REPORT], datetime(2030, 1, 2, tzinfo=UTC))
    assert "Written by `make bench`, last on 2030-01-02" in text
    assert markdown(REPORT) in text
    assert "`poet bench train`, 2030-01-02T03:04:05+00:00." in text
    assert "- A note." in text
    assert (
        "| seed: real tokens/s | plain loop | 15,000 (14,000–16,000) | 60,000 (45,000–61,000) | 4.000 (3.200–4.100) "
        "| ≥ 4 ✓ |"
    ) in text
    assert "| seed: peak memory, MB | plain loop | – | – | – | ≤ 0.4 |" in text


def test_a_missed_goal_shows() -> None:
    missed = replace(FASTER, ratio=Spread(3.2, 3.9, 4.1))
    written = StringIO()
    Console(width=120, file=written).print(table(replace(REPORT, figures=(missed,))))
    shown = written.getvalue()
    assert "≥ 4 ✗" in shown
    assert "(45,000–61,000)" in shown
    assert "A processor, 2 cores (avx2), 8 GiB" in shown


def test_a_processor_is_described_by_model_and_flags() -> None:
    amd = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx2 avx512_bf16\n\nmodel name\t: another\n"
    assert processor_description(amd) == {"model": "AMD EPYC", "flags": "fpu avx2 avx512_bf16"}
    arm = "processor\t: 0\nFeatures\t: fp asimd bf16\n"
    assert processor_description(arm) == {"model": "", "flags": "fp asimd bf16"}
    assert processor_description("") == {"model": "", "flags": ""}


def test_what_is_said_of_a_machine_does_not_name_it() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.threads >= 1
    assert machine.torch[0].isdigit()
    assert set(machine.as_dict()) == {
        *("date", "system", "cpu", "cores", "flags", "memory_gib", "gpu", "threads"),
        *("torch", "numpy", "python", "yuexia"),
    }
