"""Objects use versions of the Kubernetes API that stay."""

import re
from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity
from ..options import Option, OptionKind, Options

_UNSTABLE = re.compile(r"^v\d+(alpha|beta)\d+$")
_ALLOWED = "allowedGroups"


def applies(resource: Resource) -> bool:
    """Every Kubernetes object."""
    return resource.kind != ""


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Objects of an alpha or beta version."""
    version = resource.props.at("apiVersion")
    group, _, name = version.text.rpartition("/")
    if _UNSTABLE.match(name) and group not in options.texts(_ALLOWED):
        yield Finding(what=f"uses {version.text}, which a later Kubernetes takes away", path=version.path)


RULE = ResourceRule(
    name="stable-apis",
    title="Objects use stable versions of the Kubernetes API",
    why="an upgrade of the cluster removes alpha and beta versions, and with them the way to change the object",
    mend="use the stable version, or allow the group where its newest version is a beta one",
    severity=Severity.LOW,
    references=("Kubernetes: deprecation policy", "Pulumi compliance policies: no beta APIs"),
    options=(
        Option(
            name=_ALLOWED,
            kind=OptionKind.TEXTS,
            default=["keda.sh", "monitoring.coreos.com"],
            description="API groups whose alpha or beta version is the one in general use.",
        ),
    ),
    applies=applies,
    check=check,
)
