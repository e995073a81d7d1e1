from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.security.pinned_images import RULE, registry_of

from tests.policies.objects import ABSENT, DIGEST, change, deployment, judge, paths, text

IMAGE = "spec.template.spec.containers[0].image"


def test_silent_on_compliant() -> None:
    assert judge(RULE, deployment()) == []
    assert judge(RULE, deployment(), registries=["registry.example.com/airflow-platform"]) == []


@pytest.mark.parametrize(
    "image",
    [
        "registry.example.com/airflow:3.3.2",
        "registry.example.com/airflow:latest",
        "airflow",
        "registry.example.com/airflow@sha256:1234",
        f"registry.example.com/airflow@{DIGEST}x",
        "",
    ],
)
def test_violating(image: str) -> None:
    assert paths(judge(RULE, change(deployment(), IMAGE, image))) == [IMAGE]


@pytest.mark.parametrize(
    "image",
    [f"evil.example.com/airflow@{DIGEST}", f"registry.example.com.evil.org/airflow@{DIGEST}", f"airflow@{DIGEST}"],
)
def test_other_registries(image: str) -> None:
    found = judge(RULE, change(deployment(), IMAGE, image), registries=["registry.example.com"])
    assert paths(found) == [IMAGE]
    assert "takes its image from" in text(found)


def test_docker_hub_is_named_as_such() -> None:
    made = change(deployment(), IMAGE, f"apache/airflow@{DIGEST}")
    assert registry_of("apache/airflow") == "docker.io"
    assert judge(RULE, made, registries=["docker.io/apache", "registry.example.com"]) == []


def test_absent() -> None:
    assert "no image" in text(judge(RULE, change(deployment(), IMAGE, ABSENT)))


def test_unknown() -> None:
    found: list[Any] = judge(RULE, change(deployment(), IMAGE, UNKNOWN))
    assert [(finding.path, finding.unknown) for finding in found] == [(IMAGE, True)]
