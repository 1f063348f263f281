from benchmarks.ablation import ARMS, table


def test_the_table_has_a_row_for_each_arm_that_is_finished() -> None:
    row = {
        "parameters": 9_041_234,
        "seconds_per_update": 0.9249,
        "updates": 778,
        "tokens": 5_570_000,
        "seconds": 719.0,
        "tang_bits": 8.514,
        "song_bits": 8.726,
    }
    lines = table({"center": row, "dropout-0.1": row | {"tang_bits": 8.6}}).splitlines()
    assert lines[2] == "| `center` | – | 9.0 M | 0.92 s | 778 | 5.57 M | 8.51 | 8.73 |"
    assert lines[3] == "| `dropout-0.1` | `dropout=0.1` | 9.0 M | 0.92 s | 778 | 5.57 M | 8.60 | 8.73 |"
    assert len({line.count("|") for line in lines}) == 1
    assert "center" in ARMS
