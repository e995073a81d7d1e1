"""The report of a drill of scale-ins, and the promises that it is held against. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.drills.figures import TaskCounts, spread
from tests.drills.scaling.figures import ScaleIn, Worker

MOST_RATIO = 1.10
"""Of the time until a pod is gone to its longest remaining task."""


def killed(workers: Iterable[Worker]) -> list[str]:
    """Pods whose worker did not end by itself."""
    return sorted(worker.name for worker in workers if worker.exit_code)


def summary(taken: Sequence[ScaleIn], workers: Sequence[Worker], counts: TaskCounts) -> dict[str, Any]:
    """What all the scale-ins come to; times in seconds.

    Args:
        taken: every pod that was told to stop and is gone.
        workers: all pods of the queue.
        counts: of all tasks.
    """
    busy, idle = [one for one in taken if one.tasks], [one for one in taken if not one.tasks]
    closing = [one.closing for one in busy if one.closing is not None]
    return {
        "scale_ins_with_running_tasks": len(busy),
        "scale_ins_of_idle_workers": len(idle),
        "running_tasks_on_them": sum(one.tasks for one in busy),
        "tasks_begun_after_the_stop": sum(one.later for one in taken),
        **counts.told(),
        "workers_killed": killed(workers),
        "busy_taken_before_an_idle_one": [one.worker for one in busy if one.passed_over],
        "remaining_seconds": _spread(one.remaining for one in busy),
        "freed_seconds": _spread(one.freed for one in busy),
        "freed_to_remaining": _spread(one.ratio for one in busy),
        "gone_after_last_task_seconds": _spread(one.over for one in busy),
        "container_ended_after_last_task_seconds": _spread(closing),
        "idle_gone_seconds": _spread(one.freed for one in idle),
    }


def _spread(values: Iterable[float]) -> dict[str, float] | None:
    found = list(values)
    return spread(found) if found else None


def broken(report: Mapping[str, Any], taken: Iterable[ScaleIn], *, scale_ins: int) -> list[str]:
    """Every promise that is broken.

    Args:
        report: their `summary`.
        taken: every pod that was told to stop and is gone.
        scale_ins: of workers with running tasks that there must have been.
    """
    never = ("tasks_failed", "tries_beyond_the_first", "tasks_run_twice")
    found = [f"{key} = {report[key]}, allowed is 0" for key in never if report[key]]
    found += [
        f"{key} = {', '.join(report[key])}, allowed is none"
        for key in ("workers_killed", "busy_taken_before_an_idle_one")
        if report[key]
    ]
    done = report["scale_ins_with_running_tasks"]
    if done < scale_ins:
        found.append(f"scale_ins_with_running_tasks = {done}, needed are {scale_ins}")
    found += [
        f"{one.worker}: gone after {one.freed:.1f} s, {one.ratio:.3f} times its longest remaining task of "
        f"{one.remaining:.1f} s, allowed is {MOST_RATIO}"
        for one in taken
        if one.tasks and one.ratio > MOST_RATIO
    ]
    return found
