"""What the three stacks consist of, and what holds for every resource of them."""

import json

import pytest

from components.contract.base import PlatformComponent
from components.platform import Platform
from local.engine.recording import Recorded, Recording, record
from local.engine.values import unwrap
from tests.harness import STACKS, record_stack, record_stack_of
from tests.stacks.golden import FOLDER, inventory, name_of

COMPONENT_PREFIX = "airflow-platform:"


def components() -> dict[str, type[PlatformComponent]]:
    """Every component class: whatever the platform is made of is defined once it is."""
    assert Platform.TOKEN
    return {child.TOKEN: child for child in PlatformComponent.__subclasses__()}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_what_its_golden_inventory_says(stack: str) -> None:
    golden = json.loads((FOLDER / f"{stack}.json").read_text())
    assert inventory(record_stack(stack)) == golden, "if this is meant, run `make golden` and look at the difference"


def test_the_same_stack_comes_out_whatever_the_order_of_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    first = as_text(record("dev"))
    assert first == as_text(record_stack("dev"))


def as_text(recording: Recording) -> list[tuple[str, str]]:
    return sorted((r.urn, json.dumps(unwrap(r.inputs), sort_keys=True)) for r in recording.resources)


@pytest.mark.parametrize("stack", STACKS)
def test_no_resource_lands_on_whatever_cluster_happens_to_be_current(stack: str) -> None:
    objects = [r for r in record_stack(stack).resources if r.type.startswith("kubernetes:")]
    assert objects
    assert [r.urn for r in objects if name_of(r.provider) != "cluster"] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_but_root_and_provider_belongs_to_a_component(stack: str) -> None:
    top = {r.name for r in record_stack(stack).resources if not parent_type(r).startswith(COMPONENT_PREFIX)}
    assert top == {f"airflow-platform-{stack}", "platform", "cluster"}


def parent_type(resource: Recorded) -> str:
    return resource.parent.split("::")[2].split("$")[-1] if resource.parent else ""


@pytest.mark.parametrize("stack", STACKS)
def test_children_are_named_after_their_component(stack: str) -> None:
    odd = [
        resource.urn
        for resource in record_stack(stack).resources
        if resource.custom
        and parent_type(resource).startswith(COMPONENT_PREFIX)
        and not resource.name.startswith(f"{name_of(resource.parent)}-")
    ]
    assert odd == []


def test_every_component_registers_exactly_its_public_outputs() -> None:
    known = components()
    # One stack has no pods of single tasks, the other scales nothing.
    stacks = record_stack("staging"), record_stack_of("tests/drills/executors/stacks", "hybrid")
    recorded = [r for stack in stacks for r in stack.resources if r.type.startswith(COMPONENT_PREFIX)]
    assert {r.type for r in recorded} == set(known)
    for resource in recorded:
        assert set(resource.outputs) == set(known[resource.type].OUTPUTS), resource.type


@pytest.mark.parametrize(
    ("stack", "protected"),
    [("dev", set[str]()), ("staging", {"Namespace", "RandomPassword", "RandomBytes"})],
)
def test_what_cannot_be_made_again_is_protected_outside_dev(stack: str, protected: set[str]) -> None:
    found = {resource.type.split(":")[-1] for resource in record_stack(stack).resources if resource.protect}
    assert found >= protected
    assert found or stack == "dev"
    assert bool(found) == (stack != "dev")
