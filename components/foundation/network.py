"""NetworkPolicies from edges: everything closed in every namespace, then exactly what is declared."""

from collections.abc import Iterable, Sequence

import pulumi_kubernetes as k8s

from components.contract.edges import Edge, edges, public, scraped
from components.contract.labels import NAME, PlatformLabels
from components.contract.names import PROMETHEUS
from components.contract.peers import Outside, OutsideService, Port, Workload

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Label that Kubernetes itself puts on every namespace."""
DNS_NAMESPACE = "kube-system"
NODE_LOCAL_DNS = "169.254.20.10/32"
"""Address of the DNS cache that some clusters run on each node."""
API_SERVER_PORTS = (443, 6443)
"""What the API server listens on. It is no pod and its address is not known before deployment, so the ports alone
are named: this edge is open to these ports of any address."""
KUBELET_PORT = 10250
"""Of every node; nodes are no pods, so the port alone is named."""
PRIVATE_RANGES = (
    "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15",
)  # fmt: skip
"""What the Internet is not: pods and Services of any cluster, and the metadata service of cloud machines."""
PRIVATE_RANGES_6 = ("fc00::/7", "fe80::/10")

_Peer = k8s.networking.v1.NetworkPolicyPeerArgs
_Port = k8s.networking.v1.NetworkPolicyPortArgs
_Egress = k8s.networking.v1.NetworkPolicyEgressRuleArgs
_Ingress = k8s.networking.v1.NetworkPolicyIngressRuleArgs


def deny_all() -> k8s.networking.v1.NetworkPolicySpecArgs:
    """No connection in or out for any pod of the namespace."""
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=k8s.meta.v1.LabelSelectorArgs(), policy_types=["Ingress", "Egress"], ingress=[], egress=[]
    )


def policies(
    workloads: Sequence[Workload], labels: PlatformLabels
) -> dict[str, k8s.networking.v1.NetworkPolicySpecArgs]:
    """Workload name to what its pods may do.

    Raises:
        ValueError: the declarations do not fit together.
    """
    found = edges(workloads)
    by_name = {workload.name: workload for workload in workloads}
    return {
        workload.name: k8s.networking.v1.NetworkPolicySpecArgs(
            pod_selector=_selector(workload, labels),
            policy_types=["Ingress", "Egress"],
            ingress=_ingress(workload, found, by_name, labels),
            egress=_egress(workload, found, by_name, labels),
        )
        for workload in workloads
    }


def _ingress(
    workload: Workload, found: Sequence[Edge], by_name: dict[str, Workload], labels: PlatformLabels
) -> list[_Ingress]:
    coming = [edge for edge in found if edge.target == workload.name]
    rules = [
        _Ingress(from_=[_peer(by_name[source], labels)], ports=_ports(edge for edge in coming if edge.source == source))
        for source in sorted({edge.source for edge in coming} & set(by_name))
    ]
    if workload.reached_by:
        rules.append(_Ingress(ports=_ports_of(public(workload))))
    if scraped(workload) and PROMETHEUS not in by_name:
        # The cluster's own Prometheus scrapes, and which namespace it lives in is not ours to know.
        everywhere = _Peer(namespace_selector=k8s.meta.v1.LabelSelectorArgs())
        rules.append(_Ingress(from_=[everywhere], ports=_ports_of(scraped(workload))))
    return rules


def _egress(
    workload: Workload, found: Sequence[Edge], by_name: dict[str, Workload], labels: PlatformLabels
) -> list[_Egress]:
    leaving = [edge for edge in found if edge.source == workload.name]
    rules = [
        _Egress(to=[_peer(by_name[target], labels)], ports=_ports(edge for edge in leaving if edge.target == target))
        for target in sorted({edge.target for edge in leaving} & set(by_name))
    ]
    if Outside.KUBERNETES_API in workload.reaches:
        rules.append(_Egress(ports=[_Port(port=number, protocol="TCP") for number in API_SERVER_PORTS]))
    if Outside.KUBELETS in workload.reaches:
        rules.append(_Egress(ports=[_Port(port=KUBELET_PORT, protocol="TCP")]))
    if Outside.INTERNET in workload.reaches:
        rules.append(_Egress(to=_internet()))
    return [_dns(), *rules, *map(_service, workload.services)]


def _service(service: OutsideService) -> _Egress:
    """Its port at its networks; where those are not told, the port alone is named."""
    blocks = [_Peer(ip_block=k8s.networking.v1.IPBlockArgs(cidr=network)) for network in service.networks]
    return _Egress(to=blocks or None, ports=[_Port(port=service.port, protocol="TCP")])


def _dns() -> _Egress:
    in_cluster = k8s.meta.v1.LabelSelectorArgs(match_labels={NAMESPACE_LABEL: DNS_NAMESPACE})
    return _Egress(
        to=[
            _Peer(namespace_selector=in_cluster),
            _Peer(ip_block=k8s.networking.v1.IPBlockArgs(cidr=NODE_LOCAL_DNS)),
        ],
        ports=[_Port(port=53, protocol="UDP"), _Port(port=53, protocol="TCP")],
    )


def _internet() -> list[_Peer]:
    return [
        _Peer(ip_block=k8s.networking.v1.IPBlockArgs(cidr="0.0.0.0/0", except_=list(PRIVATE_RANGES))),
        _Peer(ip_block=k8s.networking.v1.IPBlockArgs(cidr="::/0", except_=list(PRIVATE_RANGES_6))),
    ]


def _selector(workload: Workload, labels: PlatformLabels) -> k8s.meta.v1.LabelSelectorArgs:
    return k8s.meta.v1.LabelSelectorArgs(match_labels={NAME: labels.selector(workload.name)[NAME]})


def _peer(workload: Workload, labels: PlatformLabels) -> _Peer:
    return _Peer(
        namespace_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={NAMESPACE_LABEL: workload.namespace}),
        pod_selector=_selector(workload, labels),
    )


def _ports(found: Iterable[Edge]) -> list[_Port]:
    return [_Port(port=edge.port, protocol=edge.protocol) for edge in sorted(found)]


def _ports_of(ports: Sequence[Port]) -> list[_Port]:
    return [_Port(port=port.number, protocol=port.protocol) for port in ports]
