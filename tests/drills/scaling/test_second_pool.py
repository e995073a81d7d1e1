"""A queue's workers are replaced by a second pool while every slot is taken and more tasks wait."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from components.celery_workers.manifests import SETTLE_SECONDS
from local.stacks import stack_config
from tests.drills.deploy_with import deployed
from tests.drills.figures import count
from tests.drills.reports import machine, write_report
from tests.drills.scaling.figures import Worker, tasks_of
from tests.drills.scaling.loaded_queue import QUEUE, STACK, Queue, queue_settings, works
from tests.drills.scaling.report import killed
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

WORKERS = 3
TASK_SECONDS = 45.0


def deploy(**queue: Any) -> float:
    """Deploy the stack with other settings of the queue; returns the seconds."""
    workers = stack_config(STACK)["airflow-platform:workers"]
    begun = time.monotonic()
    result = deployed(STACK, workers={**workers, "queues": {QUEUE: {**queue_settings(), **queue}}})
    assert result.returncode == 0, result.stdout + result.stderr
    return round(time.monotonic() - begun, 1)


def test_a_second_pool_takes_over_from_a_busy_one(queue: Queue) -> None:
    """All new workers consume before the first old one is told to stop, and every task ends where it began."""
    concurrency = queue_settings()["concurrency"]
    pool = {"rollout": "blueGreen", "maxReplicas": WORKERS}
    deploy(**pool)
    queue.brake(on=True)
    queue.grow(WORKERS, concurrency)
    blue = {worker.name for worker in queue.watch.consuming()}
    run = queue.begin(3 * WORKERS * concurrency, TASK_SECONDS)
    queue.until_begun(run, WORKERS * concurrency)
    took = deploy(**pool, logLevel="WARNING")
    wait_for("the first pool is gone", 300, lambda: not blue & {worker.name for worker in _there(queue)})
    queue.until_ended(run, 600)
    queue.brake(on=False)
    tasks = queue.tasks()
    counts, ran = count(tasks, queue.executions.reports), works(tasks)
    old, new = _pools(queue, blue)
    first_told = min(told for worker in old if (told := worker.told))
    consuming = [worker for worker in new if worker.ready and worker.ready <= first_told]
    later = [task for worker in old for task in tasks_of(worker, ran) if worker.told and task.begun > worker.told]
    write_report(
        "second-pool",
        {
            "drill": "second-pool",
            "taken": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "workers": WORKERS,
            "deployment_seconds": took,
            "new_workers_that_consumed_before_the_first_stop": len(consuming),
            "first_new_one_consumed_before_the_first_stop_seconds": round(first_told - _first_ready(new), 1),
            "stops_within_seconds": round(max(worker.told or 0 for worker in old) - first_told, 1),
            "tasks_begun_after_their_worker_was_told": len(later),
            **counts.told(),
        },
    )
    assert len(blue) == WORKERS
    assert first_told - _first_ready(new) >= SETTLE_SECONDS - 1
    assert len(consuming) == WORKERS, "an old worker was told to stop before all new ones consumed"
    assert killed(old) == []
    assert later == []
    assert counts.is_clean


def _there(queue: Queue) -> list[Worker]:
    return [worker for worker in queue.watch.workers() if not worker.gone]


def _pools(queue: Queue, blue: set[str]) -> tuple[list[Worker], list[Worker]]:
    """Who was there before the second pool, and the second pool."""
    since = max(worker.created for worker in queue.watch.workers() if worker.name in blue)
    old = [worker for worker in queue.watch.workers() if worker.name in blue]
    return old, [worker for worker in queue.watch.workers() if worker.created > since]


def _first_ready(new: list[Worker]) -> float:
    return min(ready for worker in new if (ready := worker.ready))
