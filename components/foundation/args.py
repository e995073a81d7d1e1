"""What Foundation is built from."""

from dataclasses import dataclass

from components.contract.labels import PlatformLabels
from components.contract.peers import Workload
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundationArgs:
    """Arguments of Foundation.

    Attributes:
        settings: of the whole stack: namespaces, and replicas and resources for the quotas.
        labels: common to all objects.
        workloads: of all components; the network edges follow from them.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    workloads: tuple[Workload, ...]
