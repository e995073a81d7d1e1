"""Ports of the bundled edge and whom it talks to."""

from components.contract import names
from components.contract.peers import Need, Outside, Port, Workload
from settings.ingress import IngressKind
from settings.platform_settings import PlatformSettings

HTTPS_PORT = 8443
HTTP_PORT = 8080
HEALTH_PORT = 8081
METRICS_PORT = 9113


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """The edge, where it is ours: it talks to api-core and to nothing else."""
    if settings.ingress.kind is not IngressKind.BUNDLED:
        return ()
    return (
        Workload(
            name=names.EDGE,
            namespace=settings.namespaces.edge,
            ports=(
                Port(name="https", number=HTTPS_PORT),
                Port(name="http", number=HTTP_PORT),
                Port(name="metrics", number=METRICS_PORT, scrape_path="/metrics"),
            ),
            needs=(Need(workload=names.API_CORE, port="https"),),
            reached_by=frozenset({Outside.CLIENTS}),
        ),
    )
