"""What the report of scale-ins says, and that it fails for every promise that is broken."""

from dataclasses import replace
from typing import Any

import pytest

from tests.drills.figures import TaskCounts
from tests.drills.scaling.figures import ScaleIn, Worker
from tests.drills.scaling.report import broken, killed, summary

BUSY = ScaleIn(
    worker="busy",
    told=100.0,
    tasks=1,
    later=0,
    busy_for=30.0,
    remaining=60.0,
    closing=2.0,
    freed=63.0,
    passed_over=(),
)
IDLE = replace(BUSY, worker="idle", tasks=0, busy_for=0.0, remaining=0.0, freed=3.0)
WORKER = Worker(name="busy", address="a", created=0.0, exit_code=0)
GOOD = TaskCounts(tasks=40, failed=0, tries=0, run_twice=0)


def test_busy_and_idle_ones_are_counted_apart() -> None:
    taken = [BUSY, replace(BUSY, freed=66.0, tasks=2), IDLE]
    found = summary(taken, [WORKER], GOOD)
    assert (found["scale_ins_with_running_tasks"], found["scale_ins_of_idle_workers"]) == (2, 1)
    assert found["running_tasks_on_them"] == 3
    assert found["freed_to_remaining"] == {"p50": 1.08, "max": 1.1}
    assert found["gone_after_last_task_seconds"] == {"p50": 4.5, "max": 6.0}
    assert found["idle_gone_seconds"] == {"p50": 3.0, "max": 3.0}
    assert broken(found, taken, scale_ins=2) == []


def test_without_any_there_is_nothing_to_spread() -> None:
    found = summary([], [], GOOD)
    assert found["freed_to_remaining"] is None
    assert broken(found, [], scale_ins=1) == ["scale_ins_with_running_tasks = 0, needed are 1"]


def test_a_worker_that_did_not_end_by_itself_was_killed() -> None:
    pods = [WORKER, replace(WORKER, name="shot", exit_code=137), replace(WORKER, name="alive", exit_code=None)]
    assert killed(pods) == ["shot"]


@pytest.mark.parametrize(
    ("busy", "workers", "counts", "expected"),
    [
        (
            {"freed": 66.1},
            {},
            {},
            "busy: gone after 66.1 s, 1.102 times its longest remaining task of 60.0 s, allowed is 1.1",
        ),
        ({"passed_over": ("other",)}, {}, {}, "busy_taken_before_an_idle_one = busy, allowed is none"),
        ({}, {"exit_code": 137}, {}, "workers_killed = busy, allowed is none"),
        ({}, {}, {"failed": 1}, "tasks_failed = 1, allowed is 0"),
        ({}, {}, {"tries": 2}, "tries_beyond_the_first = 2, allowed is 0"),
        ({}, {}, {"run_twice": 1}, "tasks_run_twice = 1, allowed is 0"),
    ],
)
def test_every_broken_promise_is_named(
    busy: dict[str, Any], workers: dict[str, Any], counts: dict[str, Any], expected: str
) -> None:
    taken = [replace(BUSY, **busy)]
    found = summary(taken, [replace(WORKER, **workers)], replace(GOOD, **counts))
    assert broken(found, taken, scale_ins=1) == [expected]
