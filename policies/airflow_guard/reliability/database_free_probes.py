"""Probes ask the process, not the database behind it."""

import re
from collections.abc import Iterator
from functools import partial

from ..kubernetes import Container, makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import Node, each
from ..options import Options

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_AIRFLOW_CLI = re.compile(r"(^|[\s/;&|(])airflow\s+\S|\bpython\S*\s+-m\s+airflow\b")
_BROKER_OR_DATABASE = re.compile(r"\bcelery\b.*\binspect\b|\bpsql\b|\bairflow\b.*\bdb\s+check\b")
_MONITOR = re.compile(r"/monitor/health/?$")
_SCHEDULER_HEALTH = 8974


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Probes that hang or fail when the database does."""
    for container in pod_template(resource).containers:
        for kind in _PROBES:
            inspect = partial(_probe, container, kind)
            yield from each([container.node.at(kind)], inspect, unknown_finding)


def _probe(container: Container, kind: str, probe: Node) -> Iterator[Finding]:
    command = " ".join(word.text for word in probe.at("exec", "command").items)
    path = probe.at("exec", "command").path
    if _AIRFLOW_CLI.search(command):
        yield Finding(
            what=f"its {kind} runs the Airflow command line, which costs seconds of CPU and asks the database",
            path=path,
            part=container.title,
        )
    elif kind == "livenessProbe" and _BROKER_OR_DATABASE.search(command):
        yield Finding(
            what="its livenessProbe asks the broker or the database: a failover would restart every pod",
            path=path,
            part=container.title,
        )
    yield from _http(container, kind, probe.at("httpGet"))


def _http(container: Container, kind: str, request: Node) -> Iterator[Finding]:
    url = request.at("path")
    if _MONITOR.search(url.text.partition("?")[0]):
        yield Finding(
            what=f"its {kind} calls {url.text}, which asks the database and says 200 even when nothing is healthy",
            path=url.path,
            part=container.title,
            mend="call /api/v2/version, or connect to the port",
        )
    port = request.at("port")
    if kind == "livenessProbe" and _port(port, container) == _SCHEDULER_HEALTH:
        yield Finding(
            what="its livenessProbe calls the scheduler's health server, which answers 503 while the database is away",
            path=port.path,
            part=container.title,
            mend="use that for readiness, and for liveness a check that the process makes progress",
        )


def _port(port: Node, container: Container) -> float | None:
    """The number of a port given by number or by name."""
    if not port.text:
        return port.number
    named = (item for item in container.node.at("ports").items if item.at("name").text == port.text)
    return next((item.at("containerPort").number for item in named), None)


RULE = ResourceRule(
    name="database-free-probes",
    title="Probes ask the process itself, not the database behind it",
    why="when the database fails over, every probe that asks it fails too, and Kubernetes restarts a platform that "
    "only had to wait",
    mend="probe a port or a file that the process touches; no `airflow` command, no /monitor/health",
    severity=Severity.HIGH,
    references=("Kubernetes: liveness, readiness and startup probes",),
    applies=makes_pods,
    check=check,
)
