"""An update never leaves a service without pods."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds
from ..options import RELAXED, Options


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Replicated workloads that are updated all at once, or by hand."""
    if resource.environment in options.texts(RELAXED.name):
        return
    spec = resource.props.at("spec")
    strategy = spec.at("strategy" if resource.kind == "Deployment" else "updateStrategy")
    kind = strategy.at("type")
    replicas = spec.at("replicas").number or 1
    if replicas > 1 and kind.text == "Recreate":
        yield Finding(what="stops all its pods before it starts new ones", path=kind.path, mend="set RollingUpdate")
    if kind.text == "OnDelete":
        yield Finding(what="keeps old pods until someone deletes them", path=kind.path, mend="set RollingUpdate")
    away = strategy.at("rollingUpdate", "maxUnavailable")
    if away.text == "100%" or (away.number is not None and away.number >= replicas > 1):
        yield Finding(what="may lose all its pods during an update", path=away.path, mend="set maxUnavailable: 0")


RULE = ResourceRule(
    name="rollouts",
    title="An update never leaves a workload without pods",
    why="every change of configuration would be an outage",
    mend="update by RollingUpdate with maxUnavailable below the number of replicas",
    severity=Severity.MEDIUM,
    references=("Kubernetes: deployment strategies", "kube-linter: no-rolling-update-strategy"),
    options=(RELAXED,),
    applies=of_kinds("Deployment", "StatefulSet"),
    check=check,
)
