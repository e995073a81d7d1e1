"""Arrivals: the written rates, and files of one's own with all their faults at once."""

from pathlib import Path

import pytest

from capacity.traces import TraceError, generated, read


def test_the_steady_trace_carries_twenty_thousand_items_an_hour() -> None:
    trace = generated("steady", 7, horizon=3600)
    assert abs(len(trace.tasks) - 20000) < 500, "Poisson: three and a half standard deviations"
    assert trace == generated("steady", 7, horizon=3600)
    assert trace != generated("steady", 8, horizon=3600)


def test_a_file_is_read_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("arrival_seconds,duration_seconds\n9,1\n3.5,2\n")
    trace = read(path)
    assert trace.name == "mine"
    assert [task.arrival for task in trace.tasks] == [3.5, 9.0]


def test_all_wrong_rows_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("arrival_seconds,duration_seconds\n1,1\n-1,1\n1,soon\n1,0\n1,inf\n")
    with pytest.raises(TraceError) as caught:
        read(path)
    said = str(caught.value)
    assert all(f"line {line}" in said for line in (3, 4, 5, 6))
    assert "line 2" not in said
    assert "duration_seconds above 0" in said


@pytest.mark.parametrize("text", ["", "arrival_seconds,duration_seconds\n", "a,b\n1,2\n"])
def test_a_file_without_usable_rows_says_what_is_needed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(TraceError, match="arrival_seconds"):
        read(path)


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        read(tmp_path / "none.csv")
