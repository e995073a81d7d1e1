import json
from typing import Any

import pytest
from airflow_guard.configuration import ConfigurationError, Level, RuleSetting, configure, parse_settings
from airflow_guard.registry import RULES

from tests.policies.conftest import PACK


def problems(document: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        configure(RULES, parse_settings(document))
    return str(caught.value)


def test_rules_are_mandatory_unless_told_otherwise() -> None:
    assert set(configure(RULES, {}).levels.values()) == {Level.MANDATORY}
    levels = configure(RULES, parse_settings({"all": "advisory", "default-deny": "mandatory"})).levels
    assert levels["default-deny"] is Level.MANDATORY
    assert levels["plain-secrets"] is Level.ADVISORY


def test_options_are_taken_over_and_keep_their_defaults() -> None:
    document = {"replica-floors": {"enforcementLevel": "advisory", "floors": {"scheduler": 3.0}}}
    made = configure(RULES, parse_settings(document))
    assert made.levels["replica-floors"] is Level.ADVISORY
    assert made.options["replica-floors"].integers("floors") == {"scheduler": 3}
    assert made.options["replica-floors"].texts("relaxedEnvironments") == ["dev", "staging"]


def test_levels() -> None:
    said = problems({"all": "strict", "default-deny": {"enforcementLevel": 3}})
    assert "all: 'strict' is no level; take one of advisory, mandatory, disabled" in said
    assert "default-deny: 3 is no level" in said


def test_unknown_rules_and_options_are_all_named_at_once() -> None:
    said = problems(
        {"default-denny": "advisory", "zzz": "advisory", "edge-tls": {"hosts": []}, "replica-floors": {"x": 1}}
    )
    assert "there is no rule 'default-denny'; did you mean 'default-deny'?" in said
    assert "there is no rule 'zzz'; the rules are restricted-pods" in said
    assert "edge-tls: there is no option 'hosts'; it has none" in said
    assert "replica-floors: there is no option 'x'; it knows floors, relaxedEnvironments" in said


@pytest.mark.parametrize(
    ("rule", "option", "value", "shape"),
    [
        ("worker-drain", "slackSeconds", "60", "a whole number"),
        ("worker-drain", "slackSeconds", 1.5, "a whole number"),
        ("pinned-images", "registries", "registry.example.com", "a list of texts"),
        ("pinned-images", "registries", [1], "a list of texts"),
        ("replica-floors", "floors", ["scheduler"], "a map of whole numbers"),
        ("replica-floors", "floors", {"scheduler": "2"}, "a map of whole numbers"),
    ],
)
def test_shapes(rule: str, option: str, value: Any, shape: str) -> None:
    assert f"{rule}.{option}: {value!r} is not {shape}" in problems({rule: {option: value}})


@pytest.mark.parametrize("document", [[], "mandatory", None])
def test_a_file_of_another_shape(document: Any) -> None:
    assert "one JSON object" in problems(document)


def test_nothing_is_relaxed_by_a_setting_without_a_level() -> None:
    assert configure(RULES, {"edge-tls": RuleSetting()}).levels["edge-tls"] is Level.MANDATORY


@pytest.mark.parametrize(
    ("stack", "level"), [("dev", Level.ADVISORY), ("staging", Level.MANDATORY), ("prod", Level.MANDATORY)]
)
def test_the_shipped_files(stack: str, level: Level) -> None:
    document = json.loads((PACK / "config" / f"{stack}.json").read_text())
    levels = {**configure(RULES, parse_settings(document)).levels}
    # Not in force before the stacks have backups.
    assert levels.pop("backups") in {level, Level.DISABLED}
    assert set(levels.values()) == {level}
