"""The root of all settings: what one stack file says."""

from typing import Any

from pydantic import Field, model_validator

from settings.airflow import AirflowSettings, WorkerSettings
from settings.base import Settings
from settings.ingress import IngressSettings
from settings.monitoring import MonitoringSettings
from settings.postgres import PostgresSettings
from settings.proofs import prove
from settings.redis import RedisSettings
from settings.stack import CredentialSettings, Environment, ImageSettings, NamespaceSettings


def _workers_of(validated: dict[str, Any]) -> WorkerSettings:
    """Workers that nobody stated: those of one queue, or none where the executor has none."""
    airflow: AirflowSettings = validated["airflow"]
    return WorkerSettings() if airflow.executor.has_workers else WorkerSettings(queues={})


class PlatformSettings(Settings):
    """Everything that a stack may say; one top-level key per field."""

    environment: Environment
    """Which promise the stack makes."""
    context: str | None = None
    """Kube context to deploy to; required, so that no ambient context is ever hit by accident."""
    namespaces: NamespaceSettings = NamespaceSettings()
    """Names of the namespaces."""
    images: ImageSettings = ImageSettings()
    """Where pods get their images from."""
    credentials: CredentialSettings = CredentialSettings()
    """Generated secrets and their rotation."""
    postgres: PostgresSettings = PostgresSettings()
    """The metadata database."""
    redis: RedisSettings = RedisSettings()
    """The Celery broker."""
    airflow: AirflowSettings = AirflowSettings()
    """Airflow's own processes."""
    workers: WorkerSettings = Field(default_factory=_workers_of)
    """Celery workers."""
    monitoring: MonitoringSettings = MonitoringSettings()
    """Metrics and alerts."""
    ingress: IngressSettings
    """How people reach the platform."""

    @property
    def longest_task_seconds(self) -> int:
        """Seconds that the longest task of the stack takes."""
        airflow = self.airflow
        every = [queue.longest_task_seconds for queue in self.workers.queues.values()]
        if airflow.executor.has_pods:
            every.append(airflow.task_pods.longest_task_seconds)
        return max(every, default=airflow.local.longest_task_seconds)

    @model_validator(mode="after")
    def _numbers_fit_together(self) -> "PlatformSettings":
        prove(self)
        return self
