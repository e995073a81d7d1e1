"""Secrets of the monitoring workloads: Prometheus trusts the private authority, and that is all."""

from components.contract import names
from components.contract.secrets import SecretConsumer
from settings.monitoring import MonitoringMode
from settings.platform_settings import PlatformSettings

AUTHORITY_FILE = "ca.crt"


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """Prometheus, where it is ours."""
    if settings.monitoring.mode is MonitoringMode.OPERATOR:
        return ()
    files = {AUTHORITY_FILE: "{authority_certificate}"}
    return (SecretConsumer(name=names.PROMETHEUS, namespace=settings.namespaces.monitoring, files=files),)
