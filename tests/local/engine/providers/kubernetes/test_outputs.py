from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.outputs import (
    applying_managers,
    field_manager,
    live_inputs,
    record,
    same_meaning,
)

DEPLOYMENT = Kind("apps/v1", "Deployment")
URN = "urn:pulumi:dev::platform::kubernetes:apps/v1:Deployment::web"


def test_a_record_is_the_live_object_and_where_it_came_from() -> None:
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}}
    live = {**inputs, "metadata": {"name": "a", "namespace": "n", "uid": "u"}}
    created = record(live, inputs, "pulumi-kubernetes-12345678")
    assert created.id == "n/a"
    assert created.outputs == {
        **live,
        "__inputs": inputs,
        "__initialApiVersion": "v1",
        "__fieldManager": "pulumi-kubernetes-12345678",
    }
    assert "__inputs" not in live


def test_schema_keys_of_a_definition_are_recorded_as_the_sdk_spells_them() -> None:
    live = {"metadata": {"name": "a"}, "spec": {"x-kubernetes-list-type": "map"}}
    assert record(live, {}, "m").outputs["spec"] == {"x_kubernetes_list_type": "map"}


def test_the_field_manager_follows_from_the_urn() -> None:
    assert field_manager(URN) == field_manager(URN)
    assert field_manager(URN) != field_manager(URN + "2")
    assert field_manager(URN).startswith("pulumi-kubernetes-")


def test_managers_are_those_that_applied_the_latest_first() -> None:
    def entry(manager: str, operation: str, time: str, **more: str) -> dict[str, str]:
        return {"manager": manager, "operation": operation, "time": time, **more}

    fields = [
        entry("pulumi-kubernetes-aaaaaaaa", "Apply", "2026-01-01T00:00:00Z"),
        entry("pulumi-kubernetes-bbbbbbbb", "Apply", "2026-01-02T00:00:00Z"),
        entry("pulumi-kubernetes-cccccccc", "Update", "2026-01-03T00:00:00Z"),
        entry("kube-controller-manager", "Update", "2026-01-03T00:00:00Z", subresource="status"),
        entry("kubectl", "Apply", "2026-01-03T00:00:00Z"),
    ]
    live = {"metadata": {"managedFields": fields}}
    assert applying_managers(live) == ["pulumi-kubernetes-bbbbbbbb", "pulumi-kubernetes-aaaaaaaa"]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1000m", "1", True),
        ("1000m", 1, True),
        ("1Gi", "1024Mi", True),
        ("1G", "1000M", True),
        ("1Gi", "1G", False),
        ("0.5", "500m", True),
        ("100m", "100", False),
        ("a", "a", True),
        ("a", "b", False),
        (True, 1, False),
        ("True", True, False),
    ],
)
def test_quantities_are_compared_by_what_they_mean(left: object, right: object, same: bool) -> None:
    assert same_meaning(left, right) is same
    assert same_meaning(right, left) is same


@given(st.integers(0, 10**6))
def test_thousands_of_thousandths_are_whole(number: int) -> None:
    assert same_meaning(f"{number * 1000}m", str(number))


def test_live_inputs_keep_the_programs_spelling_and_its_fields_only() -> None:
    wanted: dict[str, Any] = {"spec": {"cpu": "1000m", "replicas": 1, "empty": {}, "env": [{"name": "a", "value": ""}]}}
    live: dict[str, Any] = {
        "spec": {"cpu": "1", "replicas": 3, "defaulted": True, "env": [{"name": "a"}]},
        "status": {"x": 1},
    }
    assert live_inputs(DEPLOYMENT, live, wanted) == {
        "spec": {"cpu": "1000m", "replicas": 3, "empty": {}, "env": [{"name": "a", "value": ""}]}
    }


def test_what_somebody_took_away_is_missing() -> None:
    wanted = {"data": {"a": "1", "b": "2"}}
    assert live_inputs(Kind("v1", "ConfigMap"), {"data": {"a": "1"}}, wanted) == {"data": {"a": "1"}}


def test_what_somebody_added_to_a_list_shows_except_in_a_bare_pod() -> None:
    wanted, live = {"items": [1]}, {"items": [1, 2]}
    assert live_inputs(DEPLOYMENT, live, wanted) == live
    assert live_inputs(Kind("v1", "Pod"), live, wanted) == wanted


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 5) | st.text(min_size=1, max_size=3)))
def test_an_untouched_object_gives_its_inputs_back(wanted: dict[str, Any]) -> None:
    live = {**wanted, "status-of-the-server": {"ready": True}}
    assert live_inputs(DEPLOYMENT, live, wanted) == wanted
