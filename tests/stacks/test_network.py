"""Which conversations are possible in the three stacks, over the rendered NetworkPolicies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from components.contract.edges import edges
from components.contract.labels import NAME
from components.contract.peers import Outside
from components.foundation.network import NAMESPACE_LABEL
from components.platform.declarations import workloads
from tests.harness import STACKS, inputs, record_stack, settings_of


@dataclass(frozen=True, slots=True)
class Pod:
    namespace: str
    labels: Mapping[str, str]


def pods(stack: str) -> dict[str, Pod]:
    """One pod of each workload, with the labels that its template really carries."""
    found: dict[str, Pod] = {}
    for resource in record_stack(stack).resources:
        if resource.type.split(":")[-1] in {"Deployment", "StatefulSet", "Job", "CronJob"}:
            item = inputs(resource)
            template = item["spec"].get("jobTemplate", {}).get("spec", item["spec"])["template"]
            labels = template["metadata"]["labels"]
            found[labels[NAME]] = Pod(item["metadata"]["namespace"], labels)
    return found


def strangers(stack: str) -> dict[str, Pod]:
    """Pods that the cluster brings, with the label that we find them by."""
    return {
        workload.name: Pod(workload.namespace, {NAME: workload.name})
        for workload in workloads(settings_of(stack))
        if workload.brought_by_cluster
    }


def policies(stack: str) -> list[dict[str, Any]]:
    return [inputs(r) for r in record_stack(stack).resources if r.type.endswith(":NetworkPolicy")]


def selects(selector: dict[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return selector.get("matchLabels", {}).items() <= labels.items()


def admits(peers: list[dict[str, Any]] | None, pod: Pod, home: str) -> bool:
    """Whether a rule's `from` or `to` covers a pod; a rule without one covers everything."""
    if peers is None:
        return True
    for peer in peers:
        if "ipBlock" in peer:
            continue  # never the address of a pod: private ranges are taken out
        space = peer.get("namespaceSelector")
        in_space = pod.namespace == home if space is None else selects(space, {NAMESPACE_LABEL: pod.namespace})
        if in_space and selects(peer.get("podSelector", {}), pod.labels):
            return True
    return False


def covers(ports: list[dict[str, Any]] | None, number: int, protocol: str) -> bool:
    return ports is None or any(port == {"port": number, "protocol": protocol} for port in ports)


def open_between(rules: list[dict[str, Any]], source: Pod, target: Pod, number: int, protocol: str = "TCP") -> bool:
    """What a network plugin would decide: both ends must be selected by some policy, and both must allow it."""

    def allowed(at: Pod, other: Pod, direction: str, side: str) -> bool:
        chosen = [
            p
            for p in rules
            if p["metadata"]["namespace"] == at.namespace and selects(p["spec"]["podSelector"], at.labels)
        ]
        if not any(direction.title() in p["spec"]["policyTypes"] for p in chosen):
            return True
        return any(
            admits(rule.get(side), other, at.namespace) and covers(rule.get("ports"), number, protocol)
            for p in chosen
            for rule in p["spec"].get(direction, [])
        )

    return allowed(source, target, "egress", "to") and allowed(target, source, "ingress", "from")


@pytest.mark.parametrize("stack", STACKS)
def test_exactly_the_declared_edges_are_open(stack: str) -> None:
    everybody = workloads(settings_of(stack))
    declared = [workload for workload in everybody if not workload.brought_by_cluster]
    found, rules = {**strangers(stack), **pods(stack)}, policies(stack)
    wanted = {(edge.source, edge.target, edge.port, edge.protocol) for edge in edges(everybody)}
    outside = {party.value for party in Outside}
    # An edge to the API server names ports alone; whoever has it could also reach those ports of a pod, if any serves them.
    opened = {
        (source.name, target.name, port.number, port.protocol)
        for source in declared
        for target in declared
        for port in target.ports
        if open_between(rules, found[source.name], found[target.name], port.number, port.protocol)
    }
    public = {(source.name, *rest) for name, *rest in wanted if name == Outside.CLIENTS.value for source in declared}
    theirs = {workload.name for workload in everybody if workload.brought_by_cluster}
    inside = {edge for edge in wanted if not {edge[0], edge[1]} & (outside | theirs)}
    assert inside <= opened
    assert opened - inside <= public


@pytest.mark.parametrize("stack", STACKS)
def test_every_workload_that_is_declared_runs_and_the_other_way_round(stack: str) -> None:
    assert set(pods(stack)) == {
        workload.name for workload in workloads(settings_of(stack)) if not workload.brought_by_cluster
    }


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_a_keda_of_the_cluster_reaches_the_three_that_it_asks_and_nobody_else(stack: str) -> None:
    (keda,) = strangers(stack).values()
    found, rules = pods(stack), policies(stack)
    reached = {
        (workload.name, port.number)
        for workload in workloads(settings_of(stack))
        for port in workload.ports
        if not workload.reached_by and open_between(rules, keda, found[workload.name], port.number, port.protocol)
    }
    assert reached == {("postgres", 5432), ("drain-controller", 8080), ("prometheus", 9090)}


FORBIDDEN = [
    ("worker-default", "postgres", 5432),
    ("worker-default", "postgres-pooler", 5432),
    ("worker-default", "postgres", 8008),
    ("worker-default", "api-core", 8080),
    ("edge", "api-execution", 8080),
    ("edge", "postgres-pooler", 5432),
    ("edge", "valkey", 6379),
    ("api-core", "valkey", 6379),
    ("scheduler", "postgres", 8008),
    ("postgres-pooler", "postgres", 8008),
    ("api-core", "postgres", 8008),
    ("prometheus", "postgres", 5432),
]


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize(("source", "target", "port"), FORBIDDEN)
def test_forbidden_edges_are_closed(stack: str, source: str, target: str, port: int) -> None:
    found = pods(stack)
    assert not open_between(policies(stack), found[source], found[target], port)


@pytest.mark.parametrize("stack", STACKS)
def test_a_stranger_reaches_nothing_but_the_edge(stack: str) -> None:
    stranger, rules = Pod("default", {}), policies(stack)
    reached = {
        workload.name
        for workload in workloads(settings_of(stack))
        for port in workload.ports
        if not workload.brought_by_cluster
        and open_between(rules, stranger, pods(stack)[workload.name], port.number, port.protocol)
    }
    assert reached == {"edge"}
