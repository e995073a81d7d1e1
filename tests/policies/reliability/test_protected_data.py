from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.reliability.protected_data import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, metadata, resource, stateful_set, text

CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata("data")}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata("airflow", None)}
PASSWORD = "random:index/randomPassword:RandomPassword"
ENVIRONMENT = 'metadata.labels["airflow-platform/environment"]'


@pytest.mark.parametrize("made", [CLAIM, NAMESPACE, stateful_set()])
def test_protected_is_compliant_and_unprotected_is_not(made: dict[str, Any]) -> None:
    assert judge(RULE, resource(made, protect=True)) == []
    assert "not protected" in text(judge(RULE, resource(made)))


def test_generated_secrets() -> None:
    assert "generated secret" in text(judge(RULE, resource({"length": 32}, type_token=PASSWORD)))
    assert judge(RULE, resource({"length": 32}, type_token=PASSWORD, protect=True)) == []
    assert judge(RULE, resource({"length": 32}, type_token=PASSWORD, stack="dev")) == []


def test_a_set_without_volumes_holds_nothing() -> None:
    assert judge(RULE, change(stateful_set(), "spec.volumeClaimTemplates", ABSENT)) == []


def test_volumes_that_go_with_the_set() -> None:
    made = change(stateful_set(), "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Delete")
    assert "with itself" in text(judge(RULE, resource(made, protect=True)))


def test_the_label_decides_the_environment_and_an_absent_one_relaxes_nothing() -> None:
    assert judge(RULE, resource(change(CLAIM, ENVIRONMENT, "dev"), stack="prod")) == []
    assert judge(RULE, resource(change(CLAIM, ENVIRONMENT, ABSENT), stack="production-eu")) != []
    assert not RULE.applies(resource(deployment()))


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="environment"):
        judge(RULE, change(CLAIM, ENVIRONMENT, UNKNOWN))
