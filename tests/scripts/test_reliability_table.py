"""The table of drills, made from reports."""

import pytest

from scripts.reliability_table import BEGIN, END, PAGE, table, with_table

REPORT = {
    "drill": "postgres-switchover",
    "repetitions": 5,
    "acknowledged_commits": 900,
    "acknowledged_commits_lost": 0,
    "write_outage_seconds": {"p50": 2.1, "max": 3.4},
    "limits": {"outage": 5, "queue_gap": None, "finish": None},
    "queue_gap_seconds": {"p50": 1.0, "max": 4.0},
    "time_to_normal_seconds": {"p50": 9.0, "max": 12.0},
    "tasks": 300,
    "tasks_failed": 0,
    "tasks_run_twice": 0,
    "load_average": {"before": [2.0, 1.0, 1.0], "after": [3.5, 1.0, 1.0]},
}


def test_one_line_per_drill_by_name() -> None:
    lines = table([REPORT, {**REPORT, "drill": "broker-emptied"}]).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["broker-emptied", "postgres-switchover"]
    assert len({line.count("|") for line in lines}) == 1
    assert "| 900 / 0 | 2.1 / 3.4 | 5 | 4.0 | 300 / 0 / 0 | 12.0 | 2.0 to 3.5 |" in lines[3]


def test_only_what_stands_between_the_marks_changes() -> None:
    assert with_table(f"before\n{BEGIN}old\n{END}after\n", "new\n") == f"before\n{BEGIN}new\n{END}after\n"
    with pytest.raises(ValueError, match="not enough values"):
        with_table("no marks", "new")


def test_the_page_has_its_marks() -> None:
    assert with_table(PAGE.read_text(), "") != ""
