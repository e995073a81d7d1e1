"""No false alarm on objects that follow the Kubernetes documentation."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow_guard.configuration import RuleSetting
from airflow_guard.model import Resource
from airflow_guard.pack import Pack, Report
from airflow_guard.registry import RULES

from tests.policies.objects import change, resource

FOLDER = Path(__file__).parent / "documentation"
# The documentation knows neither this platform's labels nor its registry; both are options of the rules.
SETTINGS = {
    "labels": RuleSetting(properties={"labels": ["app.kubernetes.io/name"]}),
    "pinned-images": RuleSetting(properties={"registries": ["registry.k8s.io"]}),
}


def documents() -> list[Any]:
    texts = [path.read_text() for path in sorted(FOLDER.glob("*.yaml"))]
    return [document for text in texts for document in yaml.safe_load_all(text)]


# Whether a resource is protected is the program's word, not the object's.
RESOURCES = [resource(document, protect=True) for document in documents()]


def pack() -> Pack:
    made = Pack(RULES)
    made.configure(SETTINGS)
    return made


def said(report: Report) -> list[str]:
    return [f"{violation.rule.name}: {violation.message}" for violation, _ in report.violations]


def test_there_are_enough_and_each_names_its_page() -> None:
    texts = [path.read_text() for path in FOLDER.glob("*.yaml")]
    blocks = [block for text in texts for block in re.split(r"(?m)^---$", text)]
    assert all(re.match(r"\n?# page: \S+/\S+", block) for block in blocks)
    assert len(blocks) == len(RESOURCES) >= 60
    titles = [item.title for item in RESOURCES]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("item", RESOURCES, ids=lambda item: item.title)
def test_nothing_is_found_in_one(item: Resource) -> None:
    assert said(pack().analyze(item)) == []


def test_nothing_is_found_in_all_together() -> None:
    assert said(pack().analyze_stack(RESOURCES)) == []


def test_the_same_objects_are_not_passed_over() -> None:
    """Silence means that they are in order, not that nobody looked."""
    [deployment] = [item for item in RESOURCES if item.title == "Deployment shop/web"]
    image = "spec.template.spec.containers[0].image"
    assert isinstance(deployment.props.raw, dict)
    assert said(pack().analyze(resource(change(deployment.props.raw, image, "registry.k8s.io/nginx:1.29"))))
    without = [item for item in RESOURCES if item.kind != "NetworkPolicy"]
    assert any(line.startswith("default-deny") for line in said(pack().analyze_stack(without)))
