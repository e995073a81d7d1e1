"""Only the edge is reachable from outside the cluster."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds
from ..options import Option, OptionKind, Options

NAME_LABEL = "app.kubernetes.io/name"
_EDGES = "edges"


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Services that open a port to the outside."""
    spec = resource.props.at("spec")
    kind = spec.at("type")
    if kind.text == "NodePort":
        yield Finding(what="opens a port on every node", path=kind.path, mend="take ClusterIP and go through the edge")
    if kind.text == "LoadBalancer" and resource.label(NAME_LABEL) not in options.texts(_EDGES):
        yield Finding(what="asks for a load balancer", path=kind.path, mend="take ClusterIP and go through the edge")
    addresses = spec.at("externalIPs")
    if not addresses.empty:
        yield Finding(what="claims addresses outside the cluster", path=addresses.path, mend="remove externalIPs")


RULE = ResourceRule(
    name="service-exposure",
    title="Only the edge is reachable from outside the cluster",
    why="a database, a broker or a metrics page with a public address is found within hours",
    mend="take ClusterIP and go through the edge",
    severity=Severity.CRITICAL,
    references=("NSA/CISA Kubernetes Hardening Guide: network separation", "CVE-2020-8554"),
    options=(
        Option(
            name=_EDGES,
            kind=OptionKind.TEXTS,
            default=["edge"],
            description=f"Values of the label {NAME_LABEL} whose Services may ask for a load balancer.",
        ),
    ),
    applies=of_kinds("Service"),
    check=check,
)
