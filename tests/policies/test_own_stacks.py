"""The platform's own stacks keep to every rule, at the level and with the options of their own configuration."""

import json
from collections.abc import Iterable

import pytest
from airflow_guard.configuration import parse_settings
from airflow_guard.model import Resource
from airflow_guard.node import Node
from airflow_guard.pack import Pack
from airflow_guard.registry import RULES
from airflow_guard.wire import decode_properties

from local.engine.recording import Recorded, record
from local.engine.values import to_struct
from tests.harness import STACKS, record_stack
from tests.policies.conftest import PACK


def violations(stack: str, recorded: Iterable[Recorded]) -> list[str]:
    items = [
        Resource(
            type=item.type,
            name=item.name,
            urn=item.urn,
            props=Node(decode_properties(to_struct(item.inputs))),
            protect=item.protect,
            stack=stack,
        )
        for item in recorded
    ]
    pack = Pack(RULES)
    pack.stack = stack
    pack.configure(parse_settings(json.loads((PACK / "config" / f"{stack}.json").read_text())))
    reports = [*map(pack.analyze, items), pack.analyze_stack(items)]
    return [f"{found.rule.name}: {found.message}" for report in reports for found, _ in report.violations]


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_found(stack: str) -> None:
    assert violations(stack, record_stack(stack).resources) == []


def test_nothing_under_a_rule_is_unknown_in_the_first_preview() -> None:
    assert violations("prod", record("prod", known_secrets=False).resources) == []
