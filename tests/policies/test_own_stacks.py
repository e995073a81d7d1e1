"""The platform's own stacks keep to every rule, at the level and with the options of their own configuration."""

import json
from collections.abc import Iterable

import pytest
from airflow_guard.configuration import parse_settings
from airflow_guard.model import Resource
from airflow_guard.node import Node
from airflow_guard.pack import Pack, Report
from airflow_guard.registry import RULES
from airflow_guard.wire import decode_properties

from local.engine.recording import Recorded, record
from local.engine.values import to_struct
from tests.harness import STACKS, record_stack
from tests.policies.conftest import PACK
from tests.policies.sabotages import Sabotage, sabotages


def resources(stack: str, recorded: Iterable[Recorded]) -> list[Resource]:
    return [
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


def pack_of(stack: str) -> Pack:
    pack = Pack(RULES)
    pack.stack = stack
    pack.configure(parse_settings(json.loads((PACK / "config" / f"{stack}.json").read_text())))
    return pack


def said(reports: Iterable[Report]) -> list[str]:
    return [f"{found.rule.name}: {found.message}" for report in reports for found, _ in report.violations]


def violations(stack: str, recorded: Iterable[Recorded]) -> list[str]:
    pack, items = pack_of(stack), resources(stack, recorded)
    return said([*map(pack.analyze, items), pack.analyze_stack(items)])


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_found(stack: str) -> None:
    assert violations(stack, record_stack(stack).resources) == []


def test_nothing_under_a_rule_is_unknown_in_the_first_preview() -> None:
    assert violations("prod", record("prod", known_secrets=False).resources) == []


def rules_that_catch(sabotage: Sabotage, pack: Pack, items: list[Resource], before: set[str]) -> set[str]:
    """Names of the rules that say something they did not say of the stack as it is."""
    changed = [sabotage.after if item is sabotage.before else item for item in items]
    reports = [pack.analyze_stack(item for item in changed if item is not None)]
    if sabotage.after is not None:
        reports.append(pack.analyze(sabotage.after))
    return {line.partition(":")[0] for line in said(reports) if line not in before}


@pytest.mark.timeout(600)  # hundreds of judgements: 10 s on an idle machine
def test_every_sabotage_of_prod_is_caught_by_the_rule_meant_for_it() -> None:
    items = resources("prod", record_stack("prod").resources)
    pack = pack_of("prod")
    before = set(said([*map(pack.analyze, items), pack.analyze_stack(items)]))
    tried, missed, noisy = 0, list[str](), list[str]()
    for sabotage in sabotages(items):
        caught = rules_that_catch(sabotage, pack, items, before)
        tried += 1
        line = f"{sabotage.before.title}: {sabotage.what}: {sabotage.rule} is meant, {sorted(caught)} spoke"
        if sabotage.rule not in caught:
            missed.append(line)
        if len(caught) > 3:
            noisy.append(line)
    assert tried >= 200
    assert missed == []
    assert noisy == []
