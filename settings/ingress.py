"""Settings of Ingress: how people reach the platform."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from settings.base import ResourceList, Resources, Settings


class IngressKind(StrEnum):
    """What stands at the edge."""

    BUNDLED = "bundled"
    """Our own nginx with ModSecurity and the OWASP core rules."""
    GATEWAY = "gateway"
    """An HTTPRoute on a Gateway of the cluster."""
    INGRESS = "ingress"
    """A classic Ingress for a controller of the cluster."""


class GatewayReference(Settings):
    """The cluster's Gateway that the HTTPRoute attaches to."""

    name: str
    """Name of the Gateway."""
    namespace: str
    """Its namespace."""
    section: str | None = None
    """One listener of it."""


class FirewallSettings(Settings):
    """ModSecurity at the bundled edge."""

    mode: Literal["off", "detect", "block"] = "block"
    """Whether a request that the core rules refuse is only logged or blocked."""
    paranoia_level: int = Field(default=1, ge=1, le=4)
    """Strictness of the core rules."""


class IngressSettings(Settings):
    """How people reach the platform."""

    kind: IngressKind = IngressKind.BUNDLED
    """What stands at the edge."""
    host: str = Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
    """Host name of the user interface."""
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "LoadBalancer"
    """Kind of Service in front of the bundled edge."""
    replicas: int = Field(default=2, ge=1, le=10)
    """Pods of the bundled edge."""
    gateway: GatewayReference | None = None
    """Required for kind `gateway`."""
    class_name: str | None = None
    """IngressClass, required for kind `ingress`."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations of the classic Ingress; api-core speaks HTTPS, which most controllers have to be told by one."""
    tls_secret: str | None = None
    """Existing TLS Secret beside the edge; left out, the bundled edge uses the private authority's certificate."""
    firewall: FirewallSettings = FirewallSettings()
    """ModSecurity."""
    requests_per_second: int = Field(default=50, ge=1, le=10000)
    """Requests a second that one client address may send."""
    max_body: str = Field(default="10m", pattern=r"^\d+[km]$")
    """Largest request body."""
    resources: Resources = Resources(
        requests=ResourceList(cpu="100m", memory="128Mi"), limits=ResourceList(memory="256Mi")
    )
    """Per pod of the bundled edge."""
