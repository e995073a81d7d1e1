"""Settings of MonitoringStack."""

from enum import StrEnum

from pydantic import Field

from settings.base import ResourceList, Resources, Settings, Storage


class MonitoringMode(StrEnum):
    """Who runs Prometheus."""

    BUNDLED = "bundled"
    """A Prometheus and an Alertmanager of our own."""
    OPERATOR = "operator"
    """The cluster's Prometheus operator: we bring ServiceMonitor and PrometheusRule objects."""


class ReceiverSettings(Settings):
    """Where alerts go, one URL per tier; a tier without one is only visible in Alertmanager."""

    critical: str | None = Field(default=None, pattern=r"^https?://")
    """Webhook for what must wake somebody."""
    high: str | None = Field(default=None, pattern=r"^https?://")
    """Webhook for what must be seen today."""
    medium: str | None = Field(default=None, pattern=r"^https?://")
    """Webhook for a team channel."""
    low: str | None = Field(default=None, pattern=r"^https?://")
    """Webhook for a ticket queue."""


class MonitoringSettings(Settings):
    """Metrics, alerts and dashboards."""

    mode: MonitoringMode = MonitoringMode.BUNDLED
    """Who runs Prometheus."""
    scrape_interval_seconds: int = Field(default=30, ge=5, le=300)
    """Seconds between two scrapes."""
    retention_days: int = Field(default=15, ge=1, le=400)
    """Days that metrics are kept."""
    storage: Storage = Storage(size="20Gi")
    """Prometheus' volume."""
    resources: Resources = Resources(requests=ResourceList(cpu="500m", memory="1Gi"), limits=ResourceList(memory="2Gi"))
    """Of Prometheus."""
    receivers: ReceiverSettings = ReceiverSettings()
    """Where alerts go."""
