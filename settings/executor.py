"""Settings of where tasks run."""

from enum import StrEnum

from pydantic import Field

from settings.base import ResourceList, Resources, Settings


class Executor(StrEnum):
    """Where tasks run."""

    CELERY = "celery"
    """In workers that are there before a task is, fed by the broker."""
    KUBERNETES = "kubernetes"
    """Each in a pod of its own, that the scheduler makes in a namespace of their own."""
    HYBRID = "hybrid"
    """In workers, and those tasks in pods of their own that say `executor="KubernetesExecutor"`."""
    LOCAL = "local"
    """In the scheduler's own pod, without broker and workers: for the smallest stack, refused outside dev."""

    @property
    def has_workers(self) -> bool:
        """Whether there are Celery workers, and a broker that feeds them."""
        return self in (Executor.CELERY, Executor.HYBRID)

    @property
    def has_pods(self) -> bool:
        """Whether tasks run in pods of their own."""
        return self in (Executor.KUBERNETES, Executor.HYBRID)


class LocalSettings(Settings):
    """Tasks inside the scheduler's pod; `airflow.parallelism` says how many at once, `airflow.scheduler.resources` holds them."""

    longest_task_seconds: int = Field(default=3600, ge=60, le=86400)
    """Seconds that the longest task takes; a stopping scheduler is given that long."""


class TaskPodSettings(Settings):
    """Tasks in pods of their own, which the scheduler makes in `namespaces.tasks`; a task may ask for another size."""

    max_pods: int = Field(default=64, ge=1, le=10000)
    """Pods at once, which the namespace's quota holds; a task beyond waits."""
    longest_task_seconds: int = Field(default=3600, ge=60, le=86400)
    """Seconds that the longest task takes; a pod that is told to stop is given that long."""
    resources: Resources = Resources(
        requests=ResourceList(cpu="250m", memory="384Mi"), limits=ResourceList(memory="1Gi")
    )
    """Of a task that states none; the quota is as many times this as there may be pods."""
