"""Rules about where tasks run, and what a stack has for it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.executor import Executor
from settings.problems import Problem
from settings.quantities import parse_bytes
from settings.stack import Environment

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

MIB = 2**20
SCHEDULER_MIB = 300
"""Memory of a scheduler that runs tasks, while none does, in MiB: 219 and 293 were measured (`make drills-executors`)."""
LOCAL_TASK_MIB = 65
"""What is kept for one task in MiB, as for one of a worker: 28 and 43 were measured of a task that only waits."""


def unused_settings(settings: "PlatformSettings") -> Iterator[Problem]:
    """Nothing is stated about what the executor does not have."""
    executor = settings.airflow.executor
    if executor is not Executor.LOCAL and "local" in settings.airflow.model_fields_set:
        yield Problem(
            key="airflow.local",
            value="(given)",
            reason=f"executor '{executor.value}' would ignore it",
            way_out="Remove it, or write airflow.executor 'local'",
        )
    if not executor.has_pods and "task_pods" in settings.airflow.model_fields_set:
        yield Problem(
            key="airflow.taskPods",
            value="(given)",
            reason=f"executor '{executor.value}' would ignore it",
            way_out="Remove it, or write airflow.executor 'kubernetes' or 'hybrid'",
        )
    if executor.has_workers:
        return
    if queues := ", ".join(sorted(settings.workers.queues)):
        yield Problem(
            key="workers.queues",
            value=queues,
            reason=f"with airflow.executor '{executor.value}' no queue has workers, whatever a task names",
            way_out="Remove workers, or write airflow.executor 'celery' or 'hybrid'",
        )
    if executor is Executor.LOCAL and settings.airflow.logs is not None:
        yield Problem(
            key="airflow.logs",
            value="(given)",
            reason=f"with airflow.executor '{executor.value}' the logs of tasks stay in the scheduler's pod",
            way_out="Remove it, or write airflow.executor 'celery'",
        )
    if "redis" in settings.model_fields_set:
        yield Problem(
            key="redis",
            value="(given)",
            reason=f"airflow.executor '{executor.value}' has no broker and would ignore it",
            way_out="Remove it, or write airflow.executor 'celery'",
        )


def local_in_dev_alone(settings: "PlatformSettings") -> Iterator[Problem]:
    """Whoever writes a DAG could read the scheduler's secrets."""
    if settings.airflow.executor is Executor.LOCAL and settings.environment is not Environment.DEV:
        yield Problem(
            key="airflow.executor",
            value=Executor.LOCAL.value,
            reason="tasks would run beside the database's password, the Fernet key and the key that signs tokens",
            way_out="Write 'celery', whose workers hold none of them",
        )


def local_memory(settings: "PlatformSettings") -> Iterator[Problem]:
    """A scheduler that runs tasks has the memory for as many as it may."""
    airflow = settings.airflow
    if airflow.executor is not Executor.LOCAL:
        return
    limit = parse_bytes(airflow.scheduler.resources.limits.memory) // MIB
    wanted = SCHEDULER_MIB + airflow.parallelism * LOCAL_TASK_MIB
    if wanted > limit:
        most = (limit - SCHEDULER_MIB) // LOCAL_TASK_MIB
        lower = f"Lower it to {most} or raise" if most > 0 else "Raise"
        yield Problem(
            key="airflow.parallelism",
            value=str(airflow.parallelism),
            reason=f"with executor 'local' the scheduler takes {SCHEDULER_MIB}Mi + {airflow.parallelism} tasks x "
            f"{LOCAL_TASK_MIB}Mi = {wanted}Mi before the tasks' own needs, and its limit is "
            f"{airflow.scheduler.resources.limits.memory}",
            way_out=f"{lower} airflow.scheduler.resources.limits.memory to {wanted}Mi",
        )


def task_namespace(settings: "PlatformSettings") -> Iterator[Problem]:
    """Pods of tasks have a namespace to themselves."""
    if not settings.airflow.executor.has_pods:
        return
    spaces = settings.namespaces
    others = {"edge": spaces.edge, "airflow": spaces.airflow, "data": spaces.data, "monitoring": spaces.monitoring}
    for key, name in {**others, "workers.keda": settings.workers.keda.namespace}.items():
        if name == spaces.tasks:
            yield Problem(
                key="namespaces.tasks",
                value=spaces.tasks,
                reason=f"it is also that of '{key}', and a task may say which Secret of its namespace its pod mounts",
                way_out="Write another name",
            )


def task_pod_logs(settings: "PlatformSettings") -> Iterator[Problem]:
    """What a task said outlives its pod, and its pod reaches the place where that goes."""
    executor, logs = settings.airflow.executor, settings.airflow.logs
    if not executor.has_pods:
        return
    if logs is None and settings.environment is not Environment.PROD:
        # In prod another rule asks for it, whoever runs the tasks.
        yield Problem(
            key="airflow.logs",
            value="(missing)",
            reason=f"with airflow.executor '{executor.value}' a task's pod is removed when the task ends, and its log with it",
            way_out="Add airflow.logs with a bucket in s3, or a volume in bundled",
        )
    if logs is not None and logs.s3 is not None and logs.s3.credentials_secret is not None:
        yield Problem(
            key="airflow.logs.s3.credentialsSecret",
            value=logs.s3.credentials_secret,
            reason=f"it lies in the namespace '{settings.namespaces.airflow}', and pods of tasks run in "
            f"'{settings.namespaces.tasks}'",
            way_out="List logs_access_key and logs_secret_key in credentials.given, or write keyType 'web-id'",
        )


EXECUTOR_RULES = (unused_settings, local_in_dev_alone, local_memory, task_namespace, task_pod_logs)
