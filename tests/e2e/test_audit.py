"""`make audit` on the running dev stack: what stands in the cluster is judged, not what the program says."""

import json
from collections.abc import Generator

import pytest

from local.policy.judge import audit
from local.policy.report import as_json

from .conftest import Kubectl

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
NAME = "e2e-beside-the-program"


@pytest.fixture
def stray(kube: Kubectl) -> Generator[str]:
    """A way in from outside that somebody opens by hand."""
    kube("create", "service", "nodeport", NAME, "--tcp=5432:5432", "--namespace=airflow-data")
    yield f"Service airflow-data/{NAME}"
    kube("delete", "service", NAME, "--namespace=airflow-data")


def test_the_deployed_stack_keeps_to_every_rule() -> None:
    judgement = audit("dev")
    assert judgement.violations == ()
    assert judgement.gone == ()
    assert judgement.resources > 100


def test_the_state_file_alone_says_the_same() -> None:
    assert audit("dev", live=False).violations == ()


def test_what_somebody_adds_by_hand_is_found(stray: str) -> None:
    judgement = audit("dev")
    assert stray in judgement.strays
    found = {(v["rule"], v["urn"].rpartition("::")[2]) for v in json.loads(as_json(judgement))["violations"]}
    assert ("service-exposure", f"airflow-data/{NAME}") in found


def patch(kube: Kubectl, directions: list[str]) -> None:
    change = json.dumps({"spec": {"policyTypes": directions}})
    place = ("networkpolicy", "default-deny", "--namespace=airflow-edge")
    kube("patch", *place, "--type=merge", "--patch", change)


def test_what_somebody_changes_by_hand_is_found(kube: Kubectl) -> None:
    patch(kube, ["Ingress"])
    try:
        assert [violation.policy for violation in audit("dev").violations] == ["default-deny"]
    finally:
        patch(kube, ["Ingress", "Egress"])
    assert audit("dev").violations == ()
