"""Settings of where tasks run."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings


class Executor(StrEnum):
    """Where tasks run."""

    CELERY = "celery"
    """In workers that are there before a task is, fed by the broker."""
    LOCAL = "local"
    """In the scheduler's own pod, without broker and workers: for the smallest stack, refused outside dev."""

    @property
    def has_workers(self) -> bool:
        """Whether there are Celery workers, and a broker that feeds them."""
        return self is Executor.CELERY


class LocalSettings(Settings):
    """Tasks inside the scheduler's pod; `airflow.parallelism` says how many at once, `airflow.scheduler.resources` holds them."""

    longest_task_seconds: int = Field(default=3600, ge=60, le=86400)
    """Seconds that the longest task takes; a stopping scheduler is given that long."""
