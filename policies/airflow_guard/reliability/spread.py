"""Replicas do not share a node."""

from collections.abc import Iterator

from ..kubernetes import pod_template
from ..model import Finding, Resource, ResourceRule, Severity, of_kinds
from ..options import RELAXED, Options


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Replicated workloads that may land on one node."""
    if resource.environment in options.texts(RELAXED.name):
        return
    replicas = resource.props.at("spec", "replicas").number
    spec = pod_template(resource).spec
    spread, apart = spec.at("topologySpreadConstraints"), spec.at("affinity", "podAntiAffinity")
    if replicas is not None and replicas > 1 and spread.empty and apart.empty:
        yield Finding(what="may have all its pods on one node", path=spread.path)


RULE = ResourceRule(
    name="spread",
    title="Replicas are spread over nodes and zones",
    why="two replicas on one node are lost together",
    mend="add topologySpreadConstraints over kubernetes.io/hostname and topology.kubernetes.io/zone",
    severity=Severity.MEDIUM,
    references=("Kubernetes: topology spread constraints", "kube-score: deployment-has-host-podantiaffinity"),
    options=(RELAXED,),
    applies=of_kinds("Deployment", "StatefulSet"),
    check=check,
)
