"""The task execution API is not reachable through the edge."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds, unknown_finding
from ..node import Node, each
from ..options import Options

_PATH = "/execution"
_SERVICE = "execution"


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Routes that lead to the execution API."""
    inspect = _ingress_rule if resource.kind == "Ingress" else _route_rule
    yield from each(resource.props.at("spec", "rules").items, inspect, unknown_finding)


def _ingress_rule(rule: Node) -> Iterator[Finding]:
    for path in rule.at("http", "paths").items:
        yield from _path(path.at("path"))
        yield from _service(path.at("backend", "service", "name"))


def _route_rule(rule: Node) -> Iterator[Finding]:
    for match in rule.at("matches").items:
        yield from _path(match.at("path", "value"))
    for backend in rule.at("backendRefs").items:
        yield from _service(backend.at("name"))


def _path(node: Node) -> Iterator[Finding]:
    if node.text == _PATH or node.text.startswith(f"{_PATH}/"):
        yield Finding(what=f"routes {node.text} to the inside", path=node.path)


def _service(node: Node) -> Iterator[Finding]:
    if _SERVICE in node.text:
        yield Finding(what=f"routes to the Service {node.text}", path=node.path)


RULE = ResourceRule(
    name="closed-execution-api",
    title="The task execution API is not reachable through the edge",
    why="whoever reaches it with a stolen task token reads Connections and reports results for any task",
    mend="route to the public api-server only; workers reach the execution API inside the cluster",
    severity=Severity.CRITICAL,
    references=("Airflow 3: task execution interface (AIP-72)",),
    applies=of_kinds("Ingress", "HTTPRoute"),
    check=check,
)
