"""Autoscalers have a floor and a ceiling that make sense."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds
from ..options import Option, OptionKind, Options

_CEILING = "ceiling"
_KEYS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Autoscalers without a maximum, above the ceiling, or with the minimum above the maximum."""
    low_key, high_key = _KEYS[resource.kind]
    low, high = resource.props.at("spec", low_key), resource.props.at("spec", high_key)
    most, ceiling = high.number, options.integer(_CEILING)
    if most is None or most < 1:
        yield Finding(what="has no maximum of its own", path=high.path, mend=f"set {high_key}")
    elif most > ceiling:
        yield Finding(what=f"may grow to {most:.0f} pods, the ceiling is {ceiling}", path=high.path)
    elif (low.number or 0) > most:
        yield Finding(what="has its minimum above its maximum", path=low.path)


RULE = ResourceRule(
    name="autoscaler-bounds",
    title="Autoscalers have a floor and a ceiling that make sense",
    why="a queue that fills by mistake must not buy a thousand pods",
    mend="set minimum and maximum within the ceiling",
    severity=Severity.MEDIUM,
    references=("KEDA: ScaledObject", "Kubernetes: horizontal pod autoscaling"),
    options=(
        Option(
            name=_CEILING, kind=OptionKind.INTEGER, default=100, description="The most pods an autoscaler may ask for."
        ),
    ),
    applies=of_kinds(*_KEYS),
    check=check,
)
