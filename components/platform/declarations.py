"""What all components declare together: who talks to whom, who reads which secret."""

from components.contract.peers import Workload
from components.contract.secrets import SecretConsumer
from settings.platform_settings import PlatformSettings


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """Every set of equal pods of the platform."""
    parts = ()
    return tuple(workload for part in parts for workload in part.workloads(settings))


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """Every reader of secrets."""
    parts = ()
    return tuple(consumer for part in parts for consumer in part.consumers(settings))
