"""Rules about how many tasks run at once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.executor import Executor
from settings.problems import Problem

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings


def worker_slots(settings: "PlatformSettings") -> int:
    """Tasks that all workers together can run at their largest."""
    return sum(queue.max_replicas * queue.concurrency for queue in settings.workers.queues.values())


def task_slots(settings: "PlatformSettings") -> int:
    """Tasks that can run at once: in workers and in pods, or as many as the schedulers may start in their own."""
    airflow = settings.airflow
    if airflow.executor is Executor.LOCAL:
        return airflow.parallelism * airflow.scheduler.replicas
    return worker_slots(settings) + (airflow.task_pods.max_pods if airflow.executor.has_pods else 0)


_WHOSE = {
    Executor.CELERY: "the workers",
    Executor.KUBERNETES: "the task pods",
    Executor.HYBRID: "the workers and task pods",
    Executor.LOCAL: "the schedulers",
}

_FEWER_SLOTS = {
    Executor.CELERY: "workers.queues.*.maxReplicas",
    Executor.KUBERNETES: "airflow.taskPods.maxPods",
    Executor.HYBRID: "workers.queues.*.maxReplicas or airflow.taskPods.maxPods",
}

_SLOTS = {
    Executor.CELERY: "sum of maxReplicas x concurrency",
    Executor.KUBERNETES: "airflow.taskPods.maxPods",
    Executor.HYBRID: "sum of maxReplicas x concurrency, and airflow.taskPods.maxPods",
}
"""By executor, for messages; the schedulers' own slots are their parallelism."""


def parallelism(settings: "PlatformSettings") -> Iterator[Problem]:
    """The schedulers may start as many tasks as there are slots."""
    airflow, slots = settings.airflow, task_slots(settings)
    schedulers = airflow.scheduler.replicas
    if airflow.parallelism * schedulers < slots:
        yield Problem(
            key="airflow.parallelism",
            value=str(airflow.parallelism),
            reason=f"{airflow.parallelism} x {schedulers} schedulers = {airflow.parallelism * schedulers} "
            f"running tasks, but {_WHOSE[airflow.executor]} have {slots} slots ({_SLOTS[airflow.executor]})",
            way_out=f"Raise it to {-(-slots // schedulers)} or lower {_FEWER_SLOTS[airflow.executor]}",
        )


def default_pool(settings: "PlatformSettings") -> Iterator[Problem]:
    """The default pool holds nobody back that has a slot."""
    slots, pool = task_slots(settings), settings.airflow.default_pool_slots
    if pool < slots:
        yield Problem(
            key="airflow.defaultPoolSlots",
            value=str(pool),
            reason=f"{_WHOSE[settings.airflow.executor]} have {slots} slots, so the default pool would hold tasks back",
            way_out=f"Raise it to {slots}",
        )


SLOT_RULES = (parallelism, default_pool)
