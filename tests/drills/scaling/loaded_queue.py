"""The queue whose workers come and go: load for it, its brake, and what became of its tasks."""

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.stacks import stack_config
from tests.drills.load import Executions, Runs, task_instances, unpause
from tests.drills.scaling.figures import Work
from tests.drills.scaling.watch import PodWatch, seconds_of
from tests.drills.stack import DeployedStack
from tests.drills.waiting import wait_for

STACK, AIRFLOW = "scaling", "scaling-airflow"
QUEUE, WORKLOAD = "default", "worker-default"
SHORT_SECONDS = 10.0
_PAUSED = "autoscaling.keda.sh/paused-scale-in"

log = logging.getLogger(__name__)


def queue_settings() -> dict[str, Any]:
    """The queue as the stack file has it."""
    return stack_config(STACK)["airflow-platform:workers"]["queues"][QUEUE]


@dataclass
class Queue(Runs):
    """The queue under load.

    Attributes:
        stack: that it is part of.
        watch: of its pods.
        begun: when the drill began, in seconds since the epoch.
    """

    stack: DeployedStack
    watch: PodWatch
    begun: float

    def brake(self, *, on: bool) -> None:
        """Hold scale-ins back, or let them go on, and wait until the HPA says so."""
        scaled = ("scaledobject", WORKLOAD, "--namespace", AIRFLOW)
        self.stack.kubectl("annotate", *scaled, "--overwrite", f"{_PAUSED}=true" if on else f"{_PAUSED}-")
        seconds = wait_for(f"the HPA has the brake {'on' if on else 'off'}", 60, lambda: self._is_held() == on)
        log.info("brake %s after %.1f s, %s", "on" if on else "off", seconds, self.seen())

    def _is_held(self) -> bool:
        hpa = self.stack.get("horizontalpodautoscaler", WORKLOAD, "--namespace", AIRFLOW)
        return hpa["spec"]["behavior"]["scaleDown"]["selectPolicy"] == "Disabled"

    def grow(self, workers: int, concurrency: int) -> None:
        """Short tasks until so many workers are there; returns when these have ended, so that what comes next spreads over all."""
        run = self.begin((workers + 2) * concurrency, SHORT_SECONDS)
        wait_for(f"{workers} workers consume", 240, lambda: len(self.watch.consuming()) >= workers)
        self.until_ended(run, 240)

    def seen(self) -> str:
        """The pods in one line, for whoever looks on."""
        workers = self.watch.workers()
        return (
            f"pods: {len(self.watch.consuming())} consume, {len(self.watch.leaving())} leave, "
            f"{sum(worker.gone is not None for worker in workers)} are gone"
        )

    def tasks(self) -> list[dict[str, Any]]:
        """Every task instance that began since the drill did, of whatever DAG."""
        since = datetime.fromtimestamp(self.begun, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return list(task_instances(self.api, "~", "~", f"start_date_gte={since}&order_by=start_date"))


def works(tasks: list[dict[str, Any]]) -> list[Work]:
    """Where and when the tasks ran; one that has not ended runs until the end of time."""
    return [
        Work(
            name=f"{task['dag_run_id']}/{task['task_id']}/{task['map_index']}",
            address=task["hostname"] or "",
            begun=seconds_of(task["start_date"]),
            ended=seconds_of(task["end_date"]) if task["end_date"] else float("inf"),
        )
        for task in tasks
    ]


@contextmanager
def queue_of(stack: DeployedStack) -> Generator[Queue]:
    """The queue with its watch, its load and a place where executions are counted."""
    executions = Executions()
    with (
        executions.served(stack.gateway(AIRFLOW)) as report_to,
        stack.api(AIRFLOW) as api,
        PodWatch(AIRFLOW, WORKLOAD, stack.environment).watching() as watch,
    ):
        unpause(api)
        yield Queue(api, executions, report_to, stack, watch, time.time())
