"""The Celery workers of one queue."""

from components.celery_workers.args import CeleryWorkersArgs
from components.celery_workers.component import CeleryWorkers

__all__ = ["CeleryWorkers", "CeleryWorkersArgs"]
