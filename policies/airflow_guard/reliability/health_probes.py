"""Long-running containers are probed, on ports that exist."""

from collections.abc import Iterator

from ..kubernetes import Container, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, of_kinds, unknown_finding
from ..node import Node, each
from ..options import Options

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Containers without a liveness probe, pods without a readiness probe, probes of ports that are not there."""
    pod = pod_template(resource)
    containers = pod.long_running
    yield from each(containers, _container, unknown_finding)
    probes = [container.node.at("readinessProbe") for container in containers]
    if probes and all(probe.empty for probe in probes):
        yield Finding(what="counts as ready whatever it does", path=probes[0].path, mend="add a readinessProbe")


def _container(container: Container) -> Iterator[Finding]:
    liveness = container.node.at("livenessProbe")
    if liveness.empty:
        yield Finding(
            what="is never restarted when it hangs",
            path=liveness.path,
            part=container.title,
            mend="add a livenessProbe",
        )
    for kind in _PROBES:
        for action in ("httpGet", "tcpSocket", "grpc"):
            port = container.node.at(kind, action, "port")
            if port.text and not _named(container.node, port.text):
                yield Finding(
                    what=f"probes the port {port.text}, which it does not have",
                    path=port.path,
                    part=container.title,
                    mend="name a port of the container",
                )


def _named(container: Node, name: str) -> bool:
    return any(port.at("name").text == name for port in container.at("ports").items)


RULE = ResourceRule(
    name="health-probes",
    title="Long-running containers have a liveness probe, their pods a readiness probe",
    why="a scheduler that hangs schedules nothing and looks healthy; a pod that is not ready gets requests",
    mend="add livenessProbe and readinessProbe",
    severity=Severity.MEDIUM,
    references=("checkov CKV_K8S_8", "checkov CKV_K8S_9", "Kubernetes: liveness, readiness and startup probes"),
    applies=of_kinds("Deployment", "StatefulSet", "DaemonSet"),
    check=check,
)
