"""Every permitted conversation, derived from the workloads' own declarations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from components.contract import names
from components.contract.peers import Outside, Port, Workload


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edge:
    """One party may open connections to one port of another.

    Attributes:
        source: name of a workload or of an outside party.
        target: name of a workload, of an outside party or of somebody else's service.
        port: number; 0 where the target is an outside party, whose ports are not ours to know.
        protocol: TCP or UDP.
    """

    source: str
    target: str
    port: int
    protocol: Literal["TCP", "UDP"] = "TCP"


def edges(workloads: Sequence[Workload]) -> tuple[Edge, ...]:
    """All edges, sorted; whatever is not among them is closed.

    Prometheus reaches every port with a scrape path; name resolution is open to all and not listed.

    Raises:
        ValueError: two workloads share a name, or a need leads to a workload or port that nobody declares.
    """
    by_name = {workload.name: workload for workload in workloads}
    problems = _duplicates(workloads) + _dangling(workloads, by_name)
    if problems:
        raise ValueError("the workloads do not fit together:\n" + "\n".join(f"  * {problem}" for problem in problems))
    found = {edge for workload in workloads for edge in (*_inside(workload, by_name), *_outside(workload))}
    if names.PROMETHEUS in by_name:
        found |= {_edge(names.PROMETHEUS, workload.name, port) for workload in workloads for port in scraped(workload)}
    return tuple(sorted(found))


def scraped(workload: Workload) -> tuple[Port, ...]:
    """The ports that serve metrics."""
    return tuple(port for port in workload.ports if port.scrape_path is not None)


def public(workload: Workload) -> tuple[Port, ...]:
    """The ports that outside parties reach, when the workload lets any in: all but those for metrics."""
    return tuple(port for port in workload.ports if port.scrape_path is None)


def _inside(workload: Workload, by_name: dict[str, Workload]) -> list[Edge]:
    return [_edge(workload.name, need.workload, _port(by_name[need.workload], need.port)) for need in workload.needs]


def _outside(workload: Workload) -> list[Edge]:
    leaving = [Edge(source=workload.name, target=party.value, port=0) for party in workload.reaches]
    leaving += [Edge(source=workload.name, target=service.name, port=service.port) for service in workload.services]
    coming = [_edge(party.value, workload.name, port) for party in workload.reached_by for port in public(workload)]
    return leaving + coming


def _edge(source: str, target: str, port: Port) -> Edge:
    return Edge(source=source, target=target, port=port.number, protocol=port.protocol)


def _port(workload: Workload, name: str) -> Port:
    return next(port for port in workload.ports if port.name == name)


def _duplicates(workloads: Sequence[Workload]) -> list[str]:
    listed = [workload.name for workload in workloads]
    services = {service.name for workload in workloads for service in workload.services}
    taken = {party.value for party in Outside} | services
    return [f"{name!r} is declared more than once" for name in sorted(set(listed)) if listed.count(name) > 1] + [
        f"{name!r} is the name of an outside party; call the workload something else"
        for name in sorted(taken & set(listed))
    ]


def _dangling(workloads: Sequence[Workload], by_name: dict[str, Workload]) -> list[str]:
    problems: list[str] = []
    for workload in workloads:
        for need in workload.needs:
            target = by_name.get(need.workload)
            if target is None:
                known = ", ".join(sorted(by_name))
                problems.append(f"{workload.name!r} needs {need.workload!r}, which nobody declares; there are {known}")
            elif need.port not in {port.name for port in target.ports}:
                known = ", ".join(port.name for port in target.ports) or "none"
                problems.append(
                    f"{workload.name!r} needs port {need.port!r} of {need.workload!r}, whose ports are {known}"
                )
    return problems
