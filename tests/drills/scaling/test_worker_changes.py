"""A setting that restarts the workers changes while all their slots are taken; a queue without a worker gets a task."""

import logging
import os
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.drills.reports import machine, write_report
from tests.drills.scaling.figures import scale_ins
from tests.drills.scaling.loaded_queue import Queue, deploy_queue, queue_settings, works
from tests.drills.scaling.report import count, killed, summary
from tests.drills.scaling.watch import seconds_of
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

_TASK_SECONDS = 60.0

log = logging.getLogger(__name__)


def test_a_rollout_under_a_full_queue(queue: Queue) -> None:
    settings = queue_settings()
    slots = settings["maxReplicas"] * settings["concurrency"]
    run = queue.begin(3 * slots, _TASK_SECONDS)
    wait_for("all workers consume", 240, lambda: len(queue.watch.consuming()) == settings["maxReplicas"])
    queue.until_begun(run, slots, 120)
    old = {worker.name for worker in queue.watch.consuming()}
    begun = time.time()
    deploy_queue(logLevel="WARNING")
    wait_for("no pod of before is left", 300, lambda: not _left(queue, old))
    seconds = time.time() - begun
    queue.until_ended(run, 600)
    workers, tasks = queue.watch.workers(), queue.tasks()
    taken = [one for one in scale_ins(workers, works(tasks), tolerance=0) if one.worker in old]
    report = {**_head("rollout"), "seconds_until_all_pods_are_new": round(seconds, 1), "pods": len(old)}
    report |= summary(taken, workers, count(tasks, queue.executions.reports))
    write_report("rollout", report)
    log.info("%s", report)
    deploy_queue()
    broken = {key: report[key] for key in ("failed", "tries", "run_twice", "workers_killed") if report[key]}
    assert not broken
    assert any(one.tasks for one in taken), "no pod that was replaced had a task"


def _left(queue: Queue, names: set[str]) -> bool:
    return any(worker.name in names and not worker.gone for worker in queue.watch.workers())


def test_the_first_task_of_a_queue_without_workers(queue: Queue) -> None:
    deploy_queue(minReplicas=0)
    wait_for("no worker is left", 300, lambda: all(worker.gone for worker in queue.watch.workers()))
    begun = time.time()
    run = queue.begin(1, 1.0)
    queue.until_ended(run, 240)
    tasks = [task for task in queue.tasks() if task["dag_run_id"] == run]
    first = min(seconds_of(task["start_date"]) for task in tasks) - begun
    report = {**_head("from-zero"), "seconds_until_the_first_task": round(first, 1)}
    write_report("from-zero", report)
    log.info("%s", report)
    deploy_queue()
    assert count(tasks, queue.executions.reports).failed == 0
    assert killed(queue.watch.workers()) == []


def _head(drill: str) -> dict[str, Any]:
    return {
        "drill": drill,
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_average": round(os.getloadavg()[0], 1),
    }
