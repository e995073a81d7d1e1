from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.health_probes import RULE

from tests.policies.objects import ABSENT, change, container, deployment, judge, paths, pod, text

FIRST = "spec.template.spec.containers[0]"


def test_compliant() -> None:
    assert judge(RULE, deployment()) == []
    sidecar = container("exporter", readinessProbe=None)
    assert judge(RULE, deployment(spec=pod(container(), sidecar))) == []


def test_violating_and_absent() -> None:
    for value in (ABSENT, {}):
        found = judge(RULE, change(deployment(), f"{FIRST}.livenessProbe", value))
        assert paths(found) == [f"{FIRST}.livenessProbe"]
        found = judge(RULE, change(deployment(), f"{FIRST}.readinessProbe", value))
        assert paths(found) == [f"{FIRST}.readinessProbe"]


def test_ports_that_are_not_there() -> None:
    found = judge(RULE, change(deployment(), f"{FIRST}.readinessProbe.httpGet.port", "metrics"))
    assert "probes the port metrics" in text(found)
    assert judge(RULE, change(deployment(), f"{FIRST}.readinessProbe.httpGet.port", 8974)) == []


def test_containers_that_end_need_none() -> None:
    path = "spec.template.spec.initContainers[0]"
    assert judge(RULE, change(deployment(), f"{path}.restartPolicy", "OnFailure")) == []
    assert paths(judge(RULE, change(deployment(), f"{path}.restartPolicy", "Always"))) == [f"{path}.livenessProbe"]


def test_unknown() -> None:
    found = judge(RULE, change(deployment(), f"{FIRST}.livenessProbe", UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [(f"{FIRST}.livenessProbe", True)]
