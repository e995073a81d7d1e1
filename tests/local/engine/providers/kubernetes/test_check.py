import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engine.providers.base import UNKNOWN, ProviderError
from local.engine.providers.kubernetes.check import check_inputs
from local.engine.providers.kubernetes.kinds import Kind

CONFIG_MAP = Kind("v1", "ConfigMap")
SECRET = Kind("v1", "Secret")
NAMESPACE = Kind("v1", "Namespace")


def check(
    kind: Kind, news: dict[str, Any], olds: dict[str, Any] | None = None, namespace: str = "here"
) -> dict[str, Any]:
    return check_inputs(kind, "thing", olds, news, namespace)


def test_kind_and_namespace_are_completed() -> None:
    checked = check(CONFIG_MAP, {"metadata": {"name": "a"}})
    assert checked == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "here"},
    }


def test_cluster_wide_objects_get_no_namespace() -> None:
    assert check(NAMESPACE, {"metadata": {"name": "a"}})["metadata"] == {"name": "a"}


def test_an_unnamed_object_gets_a_name_and_says_so() -> None:
    metadata = check(CONFIG_MAP, {})["metadata"]
    assert re.fullmatch(r"thing-[0-9a-f]{8}", metadata["name"])
    assert metadata["annotations"] == {"pulumi.com/autonamed": "true"}


def test_a_generated_name_stays_for_the_life_of_the_resource() -> None:
    olds = check(CONFIG_MAP, {"metadata": {"annotations": {"a": "b"}}})
    again = check(CONFIG_MAP, {"metadata": {"annotations": {"a": "c"}}}, olds)
    assert again["metadata"]["name"] == olds["metadata"]["name"]
    assert again["metadata"]["annotations"] == {"a": "c", "pulumi.com/autonamed": "true"}


def test_a_name_that_the_program_gave_is_not_kept_when_it_is_taken_away() -> None:
    olds = check(CONFIG_MAP, {"metadata": {"name": "fixed"}})
    assert check(CONFIG_MAP, {}, olds)["metadata"]["name"].startswith("thing-")


def test_the_given_inputs_are_left_as_they_are() -> None:
    news: dict[str, Any] = {"metadata": {"labels": {"a": "b"}}, "data": {"x": None}}
    check(CONFIG_MAP, news)
    assert news == {"metadata": {"labels": {"a": "b"}}, "data": {"x": None}}


def test_no_managed_by_label_is_added_but_an_older_one_is_kept() -> None:
    label = {"app.kubernetes.io/managed-by": "pulumi"}
    assert "labels" not in check(CONFIG_MAP, {"metadata": {"name": "a"}})["metadata"]
    olds = {"metadata": {"name": "a", "labels": label}}
    assert check(CONFIG_MAP, {"metadata": {"name": "a"}}, olds)["metadata"]["labels"] == label


def test_doubles_become_whole_and_nulls_go() -> None:
    checked = check(Kind("apps/v1", "Deployment"), {"spec": {"replicas": 3.0, "paused": None, "x": [1.5]}})
    assert checked["spec"] == {"replicas": 3, "x": [1.5]}
    assert isinstance(checked["spec"]["replicas"], int)


def test_read_only_fields_and_status_are_dropped() -> None:
    metadata: dict[str, Any] = {"name": "a", "uid": "u", "resourceVersion": "1", "managedFields": [], "generation": 2}
    checked = check(CONFIG_MAP, {"metadata": metadata, "status": {"x": 1}})
    assert checked["metadata"] == {"name": "a", "namespace": "here"}
    assert "status" not in checked


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(max_size=20)))
def test_string_data_is_folded_into_data(texts: dict[str, str]) -> None:
    checked = check(SECRET, {"metadata": {"name": "a"}, "stringData": texts, "data": {"kept": "YQ=="}})
    assert "stringData" not in checked
    decoded = {key: base64.b64decode(value).decode() for key, value in checked["data"].items()}
    assert decoded == {"kept": "a"} | texts


def test_broken_lines_in_base64_are_joined() -> None:
    assert check(SECRET, {"data": {"a": "YWFh\nYWFh\n"}})["data"] == {"a": "YWFhYWFh"}


def test_unknown_values_pass_through() -> None:
    checked = check(SECRET, {"metadata": {"name": UNKNOWN}, "stringData": {"a": UNKNOWN, "b": "c"}})
    assert checked["metadata"]["name"] is UNKNOWN
    assert checked["data"] == {"a": UNKNOWN, "b": "Yw=="}
    assert check(SECRET, {"stringData": UNKNOWN})["data"] is UNKNOWN
    assert check(CONFIG_MAP, {"metadata": UNKNOWN})["metadata"] is UNKNOWN


def test_everything_wrong_is_told_at_once() -> None:
    news = {
        "apiVersion": "apps/v1",
        "kind": "Thing",
        "metadata": {"name": "A_b", "namespace": "C_d", "generateName": "x-"},
        "data": {"plain": "not base64!"},
        "stringData": {"number": 5},
    }
    with pytest.raises(ProviderError) as wrong:
        check(SECRET, news)
    for part in (
        "Secret 'thing'",
        "kind:",
        "apiVersion:",
        "'A_b'",
        "'C_d'",
        "generateName",
        "data.plain",
        "stringData.number",
    ):
        assert part in str(wrong.value)


def test_a_wrong_generated_name_points_at_the_logical_name() -> None:
    with pytest.raises(ProviderError, match=r"generated from the logical name; set metadata\.name"):
        check_inputs(CONFIG_MAP, "My_Thing", None, {}, "here")
