from airflow_guard.node import UNKNOWN
from airflow_guard.secrets.secret_files import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, paths

FIRST = "spec.template.spec.containers[0]"
REFERENCE = {"name": "FERNET", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}
FIELD = {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}


def test_compliant() -> None:
    assert judge(RULE, deployment()) == []
    made = change(deployment(), f"{FIRST}.env[0]", FIELD)
    assert judge(RULE, change(made, f"{FIRST}.envFrom", [{"configMapRef": {"name": "x"}}])) == []


def test_violating() -> None:
    made = change(deployment(), f"{FIRST}.env[0]", REFERENCE)
    assert paths(judge(RULE, made)) == [f"{FIRST}.env[0].valueFrom.secretKeyRef"]
    made = change(deployment(), f"{FIRST}.envFrom", [{"secretRef": {"name": "x"}}])
    assert paths(judge(RULE, made)) == [f"{FIRST}.envFrom[0].secretRef"]


def test_absent() -> None:
    assert judge(RULE, change(deployment(), f"{FIRST}.env", ABSENT)) == []


def test_unknown() -> None:
    found = judge(RULE, change(deployment(), f"{FIRST}.env", UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [(f"{FIRST}.env", True)]
