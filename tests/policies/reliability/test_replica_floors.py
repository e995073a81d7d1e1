from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.replica_floors import RULE

from tests.policies.objects import ABSENT, change, deployment, judge_stack, paths, scaler, stack_of, stateful_set

REPLICAS = "spec.replicas"


def test_silent_on_compliant() -> None:
    assert judge_stack(RULE, stack_of(deployment(), stateful_set(), deployment("statsd-exporter", 1))) == []


@pytest.mark.parametrize("name", ["scheduler", "api-server", "api-core", "dag-processor", "triggerer", "pgbouncer"])
@pytest.mark.parametrize("value", [1, 0, ABSENT])
def test_violating_and_absent(name: str, value: Any) -> None:
    assert paths(judge_stack(RULE, stack_of(change(deployment(name), REPLICAS, value)))) == [REPLICAS]


def test_a_database_of_two() -> None:
    assert paths(judge_stack(RULE, stack_of(stateful_set(2)))) == [REPLICAS]


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_elsewhere_one_may_do(environment: str) -> None:
    assert judge_stack(RULE, stack_of(deployment(replicas=1, environment=environment))) == []


def test_the_autoscaler_decides_where_there_is_one() -> None:
    target = change(deployment("api-core"), REPLICAS, ABSENT)
    assert judge_stack(RULE, stack_of(target, scaler())) == []
    found = judge_stack(RULE, stack_of(target, scaler(minimum=1)))
    assert paths(found) == ["spec.minReplicas"]
    assert found[0].resource is not None
    assert found[0].resource.kind == "HorizontalPodAutoscaler"
    assert paths(judge_stack(RULE, stack_of(target, scaler("another")))) == [REPLICAS]


def test_keda_counts_from_nothing_and_means_a_deployment() -> None:
    target = change(deployment("triggerer"), REPLICAS, ABSENT)
    spec = {"scaleTargetRef": {"name": "triggerer"}, "minReplicaCount": 2}
    keda = {**scaler("triggerer"), "kind": "ScaledObject", "spec": spec}
    assert judge_stack(RULE, stack_of(target, keda)) == []
    [found] = judge_stack(RULE, stack_of(target, change(keda, "spec.minReplicaCount", ABSENT)))
    assert found.what == "keeps 0 replicas, prod needs 2"
    [found] = judge_stack(RULE, stack_of(target, change(scaler("triggerer"), "spec.minReplicas", ABSENT)))
    assert found.what == "keeps 1 replica, prod needs 2"


def test_floors_can_be_set() -> None:
    stack = stack_of(deployment("web", 1), deployment())
    assert len(judge_stack(RULE, stack, floors={"web": 2})) == 1


def test_unknown_names_the_resource() -> None:
    found = judge_stack(RULE, stack_of(change(deployment(), REPLICAS, UNKNOWN), deployment("triggerer", 1)))
    assert [(item.path, item.unknown) for item in found] == [(REPLICAS, True), (REPLICAS, False)]
    assert found[0].resource is not None
    assert found[0].resource.name == "scheduler"


def test_workloads_without_a_floor_may_hold_unknown_values() -> None:
    assert judge_stack(RULE, stack_of(change(deployment("statsd-exporter"), REPLICAS, UNKNOWN))) == []
