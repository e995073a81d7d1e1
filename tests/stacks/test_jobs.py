"""A Job cannot be changed. One that keeps its name is deleted first, and everything that waits for it goes with it."""

import json

import pytest

from components.credentials.sources import rotatable
from components.images.catalogue import NAMES
from tests.harness import as_config, inputs, record_stack_with

ROTATED = as_config(credentials={"rotation": dict.fromkeys(sorted(rotatable()), 1)})
OTHER_IMAGES = as_config(
    images={
        "registry": "registry.example.com/platform",
        "overrides": {name: f"registry.example.com/other/{name}@sha256:{'7' * 64}" for name in NAMES},
    }
)


def jobs(config: tuple[tuple[str, str], ...]) -> dict[str, dict[str, str]]:
    """Logical name to the Job's name and its template as text."""
    return {
        resource.name: {
            "name": inputs(resource)["metadata"]["name"],
            "template": json.dumps(inputs(resource)["spec"], sort_keys=True),
        }
        for resource in record_stack_with("dev", config).resources
        if resource.type == "kubernetes:batch/v1:Job"
    }


@pytest.mark.parametrize("changed", [ROTATED, OTHER_IMAGES], ids=["rotation", "images"])
def test_a_job_that_changes_has_another_name(changed: tuple[tuple[str, str], ...]) -> None:
    before, after = jobs(()), jobs(changed)
    assert before.keys() == after.keys()
    assert any(before[job]["template"] != after[job]["template"] for job in before)
    kept = [job for job in before if before[job]["name"] == after[job]["name"]]
    assert [job for job in kept if before[job]["template"] != after[job]["template"]] == []
