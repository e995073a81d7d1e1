"""What runs inside the cluster from the start: names, storage, access."""

from pathlib import Path
from string import Template

from local.cluster.archives import SystemImage
from local.cluster.kubectl import kubectl
from local.cluster.layout import DNS_ADDRESS, Layout

_MANIFESTS = Path(__file__).parent / "manifests"
DEPLOYMENTS = (("kube-system", "coredns"), ("local-path-storage", "local-path-provisioner"))
"""(namespace, name) of the Deployments that make the cluster usable."""


def render(layout: Layout, images: dict[str, SystemImage], nameservers: list[str]) -> str:
    """The manifests of the add-ons as one YAML stream."""
    # Without a name server to ask, a `forward` line would keep CoreDNS from starting.
    forward = f"forward . {' '.join(nameservers)}" if nameservers else "# no name server on this machine"
    values = {
        "BUSYBOX": images["busybox"].reference(),
        "COREDNS": images["coredns"].reference(),
        "DNS_ADDRESS": DNS_ADDRESS,
        "FORWARD": forward,
        "PROVISIONER": images["local-path-provisioner"].reference(),
        "VOLUMES": str(layout.volumes),
    }
    texts = (path.read_text() for path in sorted(_MANIFESTS.glob("*.yaml")))
    return "---\n".join(Template(text).substitute(values) for text in texts)


def apply(layout: Layout, manifests: str) -> None:
    """Apply manifests on the server's side, as their only owner.

    Raises:
        LocalError: the API server refused them.
    """
    owner = "--field-manager=airflow-platform-local"
    kubectl(layout, "apply", "--server-side", "--force-conflicts", owner, "-f", "-", stdin=manifests)
