"""Every quota fits what its namespace really asks for, at the largest moment."""

from typing import Any

import pytest

from components.foundation.quota import quotas, with_surge
from settings.quantities import parse_bytes, parse_millicores
from tests.harness import STACKS, inputs, kubernetes, record_stack, settings_of

COUNTED = {"Deployment", "StatefulSet", "Job"}


def total(pod: dict[str, Any], side: str, resource: str) -> int:
    """As Kubernetes counts a pod: containers and sidecars together, or the largest init container."""
    parse = parse_millicores if resource == "cpu" else parse_bytes

    def of(container: dict[str, Any]) -> int:
        return int(parse(container["resources"][side][resource]))

    starting = pod.get("initContainers", [])
    sidecars = [c for c in starting if c.get("restartPolicy") == "Always"]
    running = sum(of(c) for c in [*pod["containers"], *sidecars])
    return max([running, *(of(c) + sum(map(of, sidecars)) for c in starting if c not in sidecars)])


def most_pods(stack: str, item: dict[str, Any], kind: str) -> int:
    name = item["metadata"]["name"]
    queues = settings_of(stack).workers.queues
    scalers = kubernetes(record_stack(stack), "HorizontalPodAutoscaler")
    largest: dict[str, int] = {
        **{f"worker-{queue}": workers.max_replicas for queue, workers in queues.items()},
        **{scaled: int(scaler["spec"]["maxReplicas"]) for scaled, scaler in scalers.items()},
    }
    replicas = largest[name] if name in largest else int(item["spec"].get("replicas", 1))
    if name.removeprefix("worker-") in queues:
        return 2 * replicas
    return with_surge(replicas) if kind == "Deployment" else replicas


@pytest.mark.parametrize("stack", STACKS)
def test_a_quota_holds_the_largest_moment_of_its_namespace(stack: str) -> None:
    asked: dict[str, dict[str, int]] = {}
    for resource in record_stack(stack).resources:
        kind = resource.type.split(":")[-1]
        if kind not in COUNTED:
            continue
        item = inputs(resource)
        count, pod = most_pods(stack, item, kind), item["spec"]["template"]["spec"]
        space = asked.setdefault(item["metadata"]["namespace"], {"pods": 0, "cpu": 0, "memory": 0, "limit": 0})
        space["pods"] += count
        space["cpu"] += count * total(pod, "requests", "cpu")
        space["memory"] += count * total(pod, "requests", "memory")
        space["limit"] += count * total(pod, "limits", "memory")
    ceilings = quotas(settings_of(stack))
    assert set(asked) == set(ceilings)
    for namespace, wanted in asked.items():
        ceiling = ceilings[namespace]
        room = {
            "pods": ceiling.pods,
            "cpu": ceiling.requests_cpu,
            "memory": ceiling.requests_memory,
            "limit": ceiling.limits_memory,
        }
        assert {key: value for key, value in wanted.items() if value > room[key]} == {}, namespace
