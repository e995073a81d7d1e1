"""Paths into properties."""

from typing import Any

import pytest

from local.engine.errors import BadInputError
from local.engine.goal import duration_seconds
from local.engine.property_paths import covers, keep_old, parse
from local.engine.values import Secret


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.replicas", ("spec", "replicas")),
        ("spec.ports[0].name", ("spec", "ports", 0, "name")),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ('["a\\"b"].c', ('a"b', "c")),
        ("list[*].x", ("list", "*", "x")),
        ("*", ("*",)),
    ],
)
def test_paths_are_taken_apart(text: str, path: tuple[str | int, ...]) -> None:
    assert parse(text) == path


@pytest.mark.parametrize("text", ["a[", "a]b", "a[x]", "a..b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="property path"):
        parse(text)


def test_a_pattern_covers_what_lies_at_above_or_below_it() -> None:
    assert covers(parse("spec"), parse("spec.replicas"))
    assert covers(parse("spec.replicas"), parse("spec"))
    assert covers(parse("spec.*.x"), parse("spec.a.x"))
    assert not covers(parse("spec.replicas"), parse("spec.paused"))


@pytest.mark.parametrize(
    ("news", "olds", "pattern", "kept"),
    [
        ({"a": 1}, {"a": 2}, "a", {"a": 2}),
        ({"a": 1}, {}, "a", {}),
        ({}, {"a": 2}, "a", {"a": 2}),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, "a.b", {"a": {"b": 2, "c": 1}}),
        ({"a": [{"b": 1}, {"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b", {"a": [{"b": 2}, {"b": 1}]}),
        ({"a": [{"b": 1}, {"b": 1}]}, {"a": [{"b": 2}, {"b": 3}]}, "a[*].b", {"a": [{"b": 2}, {"b": 3}]}),
        ({"a": {"x": 1}}, {"a": {"x": 2, "y": 3}}, "a.*", {"a": {"x": 2, "y": 3}}),
        ({"a": 1, "b": 1}, {"a": 2, "c": 3}, "*", {"a": 2, "c": 3}),
        ({"a": Secret({"b": 1})}, {"a": Secret({"b": 2})}, "a.b", {"a": Secret({"b": 2})}),
        ({"a": {"b": 1}}, {}, "a.b", {"a": {}}),
        ({"a": 1}, {"a": {"b": 2}}, "a.b", {"a": 1}),
    ],
)
def test_ignored_places_keep_their_old_value(
    news: dict[str, Any], olds: dict[str, Any], pattern: str, kept: dict[str, Any]
) -> None:
    given = repr(news)
    assert keep_old(news, olds, (pattern,)) == kept
    assert repr(news) == given


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5s", 1.5), ("250ms", 0.25)]
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_seconds(text, "x") == seconds


@pytest.mark.parametrize("text", ["10", "m", "ten minutes", "10m!"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match=r"x: .* is no duration"):
        duration_seconds(text, "x")
