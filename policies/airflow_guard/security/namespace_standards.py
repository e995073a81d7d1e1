"""Namespaces enforce the restricted standard themselves, and nothing runs in the cluster's own."""

from collections.abc import Iterator

from ..kubernetes import SHARED_NAMESPACES, makes_pods
from ..model import Finding, Resource, ResourceRule, Severity
from ..options import Options

_ENFORCE = "pod-security.kubernetes.io/enforce"


def applies(resource: Resource) -> bool:
    """Namespaces, and whatever makes pods."""
    return resource.kind == "Namespace" or makes_pods(resource)


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Namespaces that admit any pod, and pods in shared namespaces."""
    if resource.kind == "Namespace":
        label = resource.props.at("metadata", "labels", _ENFORCE)
        if label.text != "restricted":
            yield Finding(what="does not enforce the restricted standard", path=label.path)
    elif resource.namespace in SHARED_NAMESPACES:
        path = resource.props.at("metadata", "namespace").path
        yield Finding(
            what=f"runs in the namespace {resource.namespace}", path=path, mend="give it a namespace of its own"
        )


RULE = ResourceRule(
    name="namespace-standards",
    title="Namespaces enforce the pod security standard `restricted`, and nothing runs in the cluster's own",
    why="the API server then refuses an unsafe pod whoever creates it, also past this program",
    mend=f"label the namespace {_ENFORCE}: restricted",
    severity=Severity.HIGH,
    references=("Kubernetes: pod security admission", "CIS Kubernetes 5.7.1", "CIS Kubernetes 5.7.4"),
    applies=applies,
    check=check,
)
