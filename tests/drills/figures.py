"""What a drill's observations come to: gaps, doubled executions, how figures spread. Pure functions."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCounts:
    """What became of the tasks.

    Attributes:
        tasks: task instances.
        failed: those that did not end in success.
        tries: tries beyond the first.
        run_twice: tasks that more than one execution was reported of.
        unsuccessful: the failed ones by run, name and index, with state and try.
    """

    tasks: int
    failed: int
    tries: int
    run_twice: int
    unsuccessful: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether every task succeeded, by one execution."""
        return not (self.failed or self.tries or self.run_twice)

    def told(self) -> dict[str, int | list[str]]:
        """As a report says it."""
        return {
            "tasks": self.tasks,
            "tasks_failed": self.failed,
            "tries_beyond_the_first": self.tries,
            "tasks_run_twice": self.run_twice,
            "tasks_unsuccessful": list(self.unsuccessful),
        }


def count(tasks: Sequence[Mapping[str, Any]], executions: Iterable[Mapping[str, Any]]) -> TaskCounts:
    """Count what the public API says of tasks and what their executions say themselves."""
    failed = [task for task in tasks if task["state"] not in ("success", "skipped")]
    return TaskCounts(
        tasks=len(tasks),
        failed=len(failed),
        tries=sum(max(0, task["try_number"] - 1) for task in tasks),
        run_twice=len(run_twice(executions)),
        unsuccessful=tuple(
            f"{task['dag_run_id']} {task['task_id']}[{task['map_index']}]: {task['state']}, try {task['try_number']}"
            for task in failed
        ),
    )


def longest_gap(times: Iterable[float], begin: float, end: float) -> float:
    """Seconds of the longest stretch between `begin` and `end` in which nothing happened.

    Args:
        times: at which something happened, in any order.
        begin: start of what is looked at.
        end: its end; what happened outside the two does not count.

    Raises:
        ValueError: the end lies before the beginning.
    """
    if end < begin:
        raise ValueError(f"the end {end} lies before the beginning {begin}")
    marks = [begin, *sorted(time for time in times if begin <= time <= end), end]
    return max(later - earlier for earlier, later in pairwise(marks))


def run_twice(executions: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Run and number of every task that two or more executions were reported of; one execution may report repeatedly."""
    seen: dict[tuple[str, int], set[str]] = {}
    for execution in executions:
        seen.setdefault((execution["run"], execution["task"]), set()).add(execution["execution"])
    return sorted(task for task, identities in seen.items() if len(identities) > 1)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and maximum, in hundredths."""
    return {"p50": round(statistics.median(values), 2), "max": round(max(values), 2)}
