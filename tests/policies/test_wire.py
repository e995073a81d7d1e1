from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, SecretText
from airflow_guard.wire import decode, decode_properties
from google.protobuf import json_format, struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}
OUTPUT = {SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def struct(value: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(value, struct_pb2.Struct())


@pytest.mark.parametrize(
    "sentinel", [UNKNOWN_TEXT, "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", "dd056dcd-154b-4c76-9bd3-c8f88648b5ff"]
)
def test_unknowns(sentinel: str) -> None:
    assert decode({"a": [sentinel]}) == {"a": [UNKNOWN]}


def test_a_secret_text_keeps_its_mark() -> None:
    value = decode({"a": {**SECRET, "value": "x"}})
    assert isinstance(value, dict)
    assert isinstance(value["a"], SecretText)


def test_a_map_marked_as_a_whole_says_nothing_of_its_parts() -> None:
    value = decode({**SECRET, "value": {"a": "x", "b": UNKNOWN_TEXT}})
    assert value == {"a": "x", "b": UNKNOWN}
    assert isinstance(value, dict)
    assert not isinstance(value["a"], SecretText)


def test_output_values() -> None:
    assert decode({**OUTPUT, "dependencies": ["urn"]}) is UNKNOWN
    assert decode({**OUTPUT, "value": 3.0}) == 3.0
    assert isinstance(decode({**OUTPUT, "value": "x", "secret": True}), SecretText)


def test_the_engine_keeps_its_own_keys_to_itself() -> None:
    assert decode_properties(struct({"__inputs": {"a": 1}, "spec": {"replicas": 2}})) == {"spec": {"replicas": 2.0}}
