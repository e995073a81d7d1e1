import pytest
from airflow_guard.node import UNKNOWN, Node, NotKnownError, SecretText


def test_absence_reads_as_empty() -> None:
    node = Node({"spec": {"list": [1, "two"]}}).at("spec", "nothing", "below")
    assert (node.text, node.number, node.items, node.entries, node.true, node.false) == ("", None, [], [], False, False)
    assert node.absent
    assert node.empty


def test_wrong_types_read_as_empty() -> None:
    node = Node({"flag": "true", "count": True, "text": 3})
    assert not node.at("flag").true
    assert node.at("count").number is None
    assert node.at("text").text == ""
    assert node.at("text", "below").absent


def test_paths_can_be_pasted() -> None:
    node = Node({"metadata": {"labels": {"app.kubernetes.io/name": "x"}}, "items": [{"a": 1}]})
    assert node.at("metadata", "labels", "app.kubernetes.io/name").path == 'metadata.labels["app.kubernetes.io/name"]'
    assert node.at("items").items[0].at("a").path == "items[0].a"


def test_reading_an_unknown_value_raises_with_its_path() -> None:
    node = Node({"spec": {"a": UNKNOWN, "b": 1}})
    assert node.at("spec", "b").number == 1
    unknown = node.at("spec", "a")
    assert not unknown.absent
    for read in ("text", "number", "true", "false", "items", "entries", "empty"):
        with pytest.raises(NotKnownError, match=r"spec\.a is not known"):
            getattr(unknown, read)
    with pytest.raises(NotKnownError):
        unknown.at("deeper")


def test_leaves_never_raise() -> None:
    node = Node({"a": [UNKNOWN, {"b": SecretText("x")}], "c": None})
    assert [(leaf.path, leaf.secret) for leaf in node.leaves()] == [("a[0]", False), ("a[1].b", True)]
