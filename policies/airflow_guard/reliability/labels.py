"""Every object says what it is and whom it belongs to."""

from collections.abc import Iterator

from ..kubernetes import makes_pods, pod_template
from ..model import ENVIRONMENT_LABEL, Finding, Resource, ResourceRule, Severity
from ..node import Node
from ..options import Option, OptionKind, Options

_LABELS = "labels"


def applies(resource: Resource) -> bool:
    """Every Kubernetes object."""
    return resource.kind not in {"", "CustomResourceDefinition"}


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Objects and pod templates without the agreed labels."""
    wanted = options.texts(_LABELS)
    yield from _missing(resource.props.at("metadata", "labels"), wanted)
    if makes_pods(resource) and resource.kind != "Pod":
        yield from _missing(pod_template(resource).metadata.at("labels"), wanted)


def _missing(labels: Node, wanted: list[str]) -> Iterator[Finding]:
    missing = [key for key in wanted if not labels.at(key).text]
    if missing:
        yield Finding(what=f"lacks the labels {', '.join(missing)}", path=labels.path)


RULE = ResourceRule(
    name="labels",
    title="Every object says what it is, what it is part of, who manages it and in which environment",
    why="network policies, dashboards, alerts and these rules find objects by their labels",
    mend="set the labels on the object and on its pod template",
    severity=Severity.LOW,
    references=("Kubernetes: recommended labels",),
    options=(
        Option(
            name=_LABELS,
            kind=OptionKind.TEXTS,
            default=[
                "app.kubernetes.io/name",
                "app.kubernetes.io/part-of",
                "app.kubernetes.io/managed-by",
                ENVIRONMENT_LABEL,
            ],
            description="The labels that every object must carry.",
        ),
    ),
    applies=applies,
    check=check,
)
