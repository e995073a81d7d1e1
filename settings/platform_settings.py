"""The root of all settings: what one stack file says."""

from pydantic import model_validator

from settings.airflow import AirflowSettings, WorkerSettings
from settings.base import Settings
from settings.ingress import IngressSettings
from settings.monitoring import MonitoringSettings
from settings.postgres import PostgresSettings
from settings.proofs import prove
from settings.redis import RedisSettings
from settings.stack import CredentialSettings, Environment, ImageSettings, NamespaceSettings


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
    workers: WorkerSettings = WorkerSettings()
    """Celery workers."""
    monitoring: MonitoringSettings = MonitoringSettings()
    """Metrics and alerts."""
    ingress: IngressSettings
    """How people reach the platform."""

    @model_validator(mode="after")
    def _numbers_fit_together(self) -> "PlatformSettings":
        prove(self)
        return self
