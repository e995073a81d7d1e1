"""Replicas do not share a node."""

from collections.abc import Iterator
from functools import partial

from ..floors import autoscalers, floor_of
from ..kubernetes import pod_template
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..options import RELAXED, Options


def check(stack: Stack, options: Options) -> Iterator[Finding]:
    """Replicated workloads that may land on one node."""
    relaxed = options.texts(RELAXED.name)
    workloads = [item for item in stack.of_kind("Deployment", "StatefulSet") if item.environment not in relaxed]
    yield from each_resource(workloads, partial(_workload, scalers=autoscalers(stack)))


def _workload(workload: Resource, scalers: list[Resource]) -> Iterator[Finding]:
    spec = pod_template(workload).spec
    spread, apart = spec.at("topologySpreadConstraints"), spec.at("affinity", "podAntiAffinity")
    if floor_of(workload, scalers).count > 1 and spread.empty and apart.empty:
        yield Finding(what="may have all its pods on one node", path=spread.path, resource=workload)


RULE = StackRule(
    name="spread",
    title="Replicas are spread over nodes and zones",
    why="two replicas on one node are lost together",
    mend="add topologySpreadConstraints over kubernetes.io/hostname and topology.kubernetes.io/zone",
    severity=Severity.MEDIUM,
    references=("Kubernetes: topology spread constraints", "kube-score: deployment-has-host-podantiaffinity"),
    options=(RELAXED,),
    check=check,
)
