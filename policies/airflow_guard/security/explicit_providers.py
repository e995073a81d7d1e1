"""Objects go to a cluster that the program names."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity
from ..options import Options

_TYPE = "pulumi:providers:kubernetes"
_TARGETS = ("context", "kubeconfig", "renderYamlToDirectory")


def applies(resource: Resource) -> bool:
    """Kubernetes providers."""
    return resource.type == _TYPE


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Default providers, and providers that take whatever cluster is current."""
    if resource.name.startswith("default"):
        yield Finding(what="is a default provider, made because a resource named none")
    elif all(resource.props.at(key).absent for key in _TARGETS):
        yield Finding(what="takes the cluster that happens to be current on this machine", path="context")


RULE = ResourceRule(
    name="explicit-providers",
    title="Objects go to a cluster that the program names",
    why="the current context of a kubeconfig is whatever its owner did last: prod is deployed to the wrong cluster",
    mend="make one Provider with a context or kubeconfig from the stack file, hand it on, and set "
    "pulumi:disable-default-providers",
    severity=Severity.HIGH,
    references=("Pulumi: default providers",),
    applies=applies,
    check=check,
)
