"""Metrics and logs are kept for a stated time, or up to a stated size."""

import re
from collections.abc import Iterator

from ..kubernetes import Container, makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import Node, each
from ..options import Options

_PROMETHEUS_FLAG = re.compile(r"--storage\.tsdb\.retention\.(time|size)(=|\s+)(?P<amount>\S+)")
_PROMETHEUS_BINARY = re.compile(r"(^|[\s/])prometheus(\s|$)")
_TSDB = "--storage.tsdb.path"
_AGENT = re.compile(r"--agent\b|--enable-feature=\S*agent")
_LOKI = re.compile(r"(?m)^schema_config:")
_LOKI_SWITCH = re.compile(r"(?m)^\s+retention_enabled:\s*true\s*$")
_LOKI_PERIOD = re.compile(r"(?m)^\s+retention_period:\s*[\"']?(?P<amount>\S+?)[\"']?\s*$")
_NOTHING = re.compile(r"^0+[a-zA-Z]*$")


def applies(resource: Resource) -> bool:
    """Pods, ConfigMaps, and the Prometheus of its operator."""
    return makes_pods(resource) or resource.kind == "ConfigMap" or _of_operator(resource)


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Stores of metrics or logs that grow until their volume is full."""
    if makes_pods(resource):
        yield from each(pod_template(resource).containers, _container, unknown_finding)
    elif resource.kind == "ConfigMap":
        yield from each(resource.props.at("data").entries, _file, unknown_finding)
    else:
        spec = resource.props.at("spec")
        if not any(_states(spec.at(key).text) for key in ("retention", "retentionSize")):
            yield Finding(what="does not say how long it keeps metrics", path=spec.at("retention").path)


def _of_operator(resource: Resource) -> bool:
    return resource.kind == "Prometheus" and resource.type.startswith("kubernetes:monitoring.coreos.com/")


def _container(container: Container) -> Iterator[Finding]:
    text = " ".join(word.text for word in container.words)
    if not (_TSDB in text or _PROMETHEUS_BINARY.search(text)) or _AGENT.search(text):
        return
    if not any(_states(match["amount"]) for match in _PROMETHEUS_FLAG.finditer(text)):
        yield Finding(
            what="does not say how long it keeps metrics",
            path=container.node.at("args").path,
            part=container.title,
        )


def _file(entry: tuple[str, Node]) -> Iterator[Finding]:
    name, node = entry
    if not _LOKI.search(node.text):
        return
    period = _LOKI_PERIOD.search(node.text)
    if not (_LOKI_SWITCH.search(node.text) and period and _states(period["amount"])):
        yield Finding(
            what=f"keeps logs for ever ({name})",
            path=node.path,
            mend="set compactor.retention_enabled: true and limits_config.retention_period",
        )


def _states(amount: str) -> bool:
    return bool(amount) and not _NOTHING.match(amount)


RULE = ResourceRule(
    name="retention",
    title="Metrics and logs are kept for a stated time or size",
    why="a store without an end fills its volume, and then there are neither metrics nor logs just when they are needed",
    mend="set --storage.tsdb.retention.time and --storage.tsdb.retention.size to what the volume holds",
    severity=Severity.LOW,
    references=("Prometheus: storage, operational aspects", "Loki: log retention", "CIS Controls 8.10"),
    applies=applies,
    check=check,
)
