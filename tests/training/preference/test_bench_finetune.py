"""`poet bench finetune`: a fine-tune on ratings of the poet's own poems, timed."""

from pathlib import Path

from benchmarks.finetune import Plan, bench_finetune


def test_a_fine_tune_is_timed(tiny_poet: Path, tiny_data: Path) -> None:
    said: list[str] = []
    plan = Plan(ratings=60, assignments=("updates=2", "validation_poems=0", "batch_poems=6"))
    report = bench_finetune(tiny_poet, tiny_data, plan, said.append)
    figures = {figure.name: figure for figure in report.figures}
    seconds, update = (figures[name].ours for name in ("finetune_s", "finetune_update_ms"))
    assert seconds is not None
    assert update is not None
    assert update.median == 1e3 * seconds.median / 2
    assert figures["finetune_s"].met is True
    assert any("60 ratings by 30 raters" in line for line in said)
