"""Every namespace with pods denies all traffic that nothing allows."""

from collections.abc import Iterator
from functools import partial

from ..kubernetes import SHARED_NAMESPACES, makes_pods
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..node import Node
from ..options import Options

_DIRECTIONS = (("Ingress", "ingress"), ("Egress", "egress"))


def check(stack: Stack, _options: Options) -> Iterator[Finding]:
    """Namespaces in which pods run without a denial in both directions."""
    denied: set[tuple[str, str]] = set()
    yield from each_resource(stack.of_kind("NetworkPolicy"), partial(_collect, denied))
    seen: set[str] = set()
    workloads = filter(makes_pods, stack.resources)
    yield from each_resource(workloads, partial(_workload, stack=stack, denied=denied, seen=seen))


def _collect(denied: set[tuple[str, str]], policy: Resource) -> Iterator[Finding]:
    """Note what the policy denies; it finds nothing itself."""
    spec = policy.props.at("spec")
    if _selects_all(spec.at("podSelector")):
        kinds = _policy_types(spec)
        denied.update(
            (policy.namespace, direction)
            for direction, rules in _DIRECTIONS
            if direction in kinds and spec.at(rules).empty
        )
    yield from ()


def _selects_all(selector: Node) -> bool:
    return selector.at("matchLabels").empty and selector.at("matchExpressions").empty


def _policy_types(spec: Node) -> set[str]:
    """The directions a policy governs; Kubernetes derives them where they are not stated."""
    stated = {item.text for item in spec.at("policyTypes").items}
    return stated or ({"Ingress"} if spec.at("egress").empty else {"Ingress", "Egress"})


def _workload(workload: Resource, stack: Stack, denied: set[tuple[str, str]], seen: set[str]) -> Iterator[Finding]:
    namespace = workload.namespace
    if namespace in {*seen, *SHARED_NAMESPACES}:  # pods there are refused by namespace-standards
        return
    seen.add(namespace)
    missing = [direction.lower() for direction, _ in _DIRECTIONS if (namespace, direction) not in denied]
    if missing:
        yield Finding(
            what=f"pods run in {namespace!r}, where no NetworkPolicy denies {' and '.join(missing)} by default",
            resource=_namespace(stack, namespace) or workload,
        )


def _namespace(stack: Stack, name: str) -> Resource | None:
    """The namespace's own resource, if the stack makes it and its name is known."""
    return next((item for item in stack.of_kind("Namespace") if item.title == f"Namespace {name}"), None)


RULE = StackRule(
    name="default-deny",
    title="Every namespace with pods denies ingress and egress by default",
    why="without it a task that runs foreign code reaches the metadata database, the broker and the cloud's "
    "metadata service",
    mend="add a NetworkPolicy with an empty podSelector, policyTypes [Ingress, Egress] and no rules, then allow each "
    "needed way by itself",
    severity=Severity.CRITICAL,
    references=("CIS Kubernetes 5.3.2", "NSA/CISA Kubernetes Hardening Guide: network separation"),
    check=check,
)
