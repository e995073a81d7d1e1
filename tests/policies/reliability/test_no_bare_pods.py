import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.no_bare_pods import RULE

from tests.policies.objects import deployment, job, judge, pod, resource, stateful_set


@pytest.mark.parametrize("made", [deployment(), stateful_set(), job(), job("CronJob")])
def test_compliant(made: dict[str, object]) -> None:
    assert not RULE.applies(resource(made))


@pytest.mark.parametrize("kind", ["Pod", "ReplicaSet", "ReplicationController"])
def test_violating_even_with_an_absent_or_unknown_spec(kind: str) -> None:
    for spec in (pod(), None, UNKNOWN):
        assert len(judge(RULE, {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec})) == 1
