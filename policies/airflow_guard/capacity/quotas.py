"""Every namespace with pods has a quota and default limits."""

from collections.abc import Iterator
from functools import partial

from ..kubernetes import SHARED_NAMESPACES, makes_pods
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..options import Options

_KINDS = ("ResourceQuota", "LimitRange")


def check(stack: Stack, _options: Options) -> Iterator[Finding]:
    """Namespaces in which pods may take the whole cluster."""
    present: set[tuple[str, str]] = set()
    yield from each_resource(stack.of_kind(*_KINDS), partial(_collect, present))
    seen: set[str] = set()
    yield from each_resource(filter(makes_pods, stack.resources), partial(_workload, present=present, seen=seen))


def _collect(present: set[tuple[str, str]], resource: Resource) -> Iterator[Finding]:
    """Note what there is; it finds nothing itself."""
    limits = resource.props.at("spec", "hard" if resource.kind == "ResourceQuota" else "limits")
    if not limits.empty:
        present.add((resource.namespace, resource.kind))
    yield from ()


def _workload(workload: Resource, present: set[tuple[str, str]], seen: set[str]) -> Iterator[Finding]:
    namespace = workload.namespace
    missing = [kind for kind in _KINDS if (namespace, kind) not in present]
    if missing and namespace not in {*seen, *SHARED_NAMESPACES}:
        seen.add(namespace)
        yield Finding(what=f"pods run in {namespace!r}, which has no {' and no '.join(missing)}", resource=workload)


RULE = StackRule(
    name="quotas",
    title="Every namespace with pods has a ResourceQuota and a LimitRange",
    why="a runaway autoscaler or a forgotten test takes the nodes of everything else",
    mend="add a ResourceQuota for the sum and a LimitRange for pods that say nothing",
    severity=Severity.LOW,
    references=("NSA/CISA Kubernetes Hardening Guide: resource policies", "CIS Kubernetes 5.7"),
    check=check,
)
