"""The arithmetic that drills share."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drills.figures import TaskCounts, count, longest_gap, run_twice, spread

seconds = st.integers(0, 1000).map(float)
times = st.lists(seconds, max_size=50)


def test_gaps_by_example() -> None:
    assert longest_gap([1.0, 2.0, 7.5, 8.0], 0.0, 9.0) == 5.5
    assert longest_gap([5.0], 5.0, 30.0) == 25.0, "silence until the end counts"
    assert longest_gap([9.0], 0.0, 10.0) == 9.0, "silence from the beginning counts"
    assert longest_gap([], 2.0, 10.0) == 8.0
    assert longest_gap([-5.0, 50.0], 0.0, 10.0) == 10.0, "what happened outside does not count"
    with pytest.raises(ValueError, match="before the beginning"):
        longest_gap([], 1.0, 0.0)


@given(times, seconds, seconds)
def test_a_gap_is_never_longer_than_the_watch_and_more_events_never_lengthen_it(
    events: list[float], begin: float, length: float
) -> None:
    gap = longest_gap(events, begin, begin + length)
    assert 0 <= gap <= length
    assert longest_gap([*events, begin + length / 2], begin, begin + length) <= gap
    assert gap * (len(events) + 1) >= length


def test_a_task_ran_twice_when_two_executions_say_so() -> None:
    first = {"run": "a", "task": 1, "execution": "x"}
    assert run_twice([first, first]) == [], "one execution may report repeatedly"
    assert run_twice([first, {**first, "run": "b"}, {**first, "task": 2}]) == []
    assert run_twice([first, {**first, "execution": "y"}]) == [("a", 1)]


def test_tasks_are_counted_by_what_the_api_and_they_themselves_say() -> None:
    states = (("success", 1), ("failed", 1), ("success", 3), ("skipped", 1))
    tasks = [
        {"dag_run_id": "r", "task_id": "work", "map_index": index, "state": state, "try_number": number}
        for index, (state, number) in enumerate(states)
    ]
    executions = [{"run": "r", "task": 1, "execution": name} for name in ("x", "x", "y")]
    counts = count(tasks, executions)
    failed = "r work[1]: failed, try 1"
    assert counts == TaskCounts(tasks=4, failed=1, tries=2, run_twice=1, unsuccessful=(failed,))
    assert list(counts.told().values()) == [4, 1, 2, 1, [failed]]


@pytest.mark.parametrize("flaw", [{"failed": 1}, {"tries": 1}, {"run_twice": 1}])
def test_one_flaw_is_enough(flaw: dict[str, int]) -> None:
    counts = TaskCounts(tasks=4, failed=0, tries=0, run_twice=0)
    assert counts.is_clean
    assert not replace(counts, **flaw).is_clean


def test_spread() -> None:
    assert spread([3.0, 1.0, 2.004]) == {"p50": 2.0, "max": 3.0}
