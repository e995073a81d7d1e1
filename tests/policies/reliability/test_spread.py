from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.spread import RULE

from tests.policies.objects import ABSENT, change, deployment, judge_stack, paths, scaler, stack_of

SPREAD = "spec.template.spec.topologySpreadConstraints"
APART = "spec.template.spec.affinity.podAntiAffinity"


def test_compliant() -> None:
    bare = change(deployment(), SPREAD, ABSENT)
    for made in (
        deployment(),
        change(bare, APART, {"requiredDuringSchedulingIgnoredDuringExecution": []}),
        change(bare, "spec.replicas", 1),
        change(deployment(environment="dev"), SPREAD, ABSENT),
    ):
        assert judge_stack(RULE, stack_of(made)) == []


def test_violating_and_absent() -> None:
    for value in (ABSENT, []):
        assert paths(judge_stack(RULE, stack_of(change(deployment(), SPREAD, value)))) == [SPREAD]


def test_the_autoscaler_says_how_many_where_there_is_one() -> None:
    bare = change(change(deployment("api-core"), SPREAD, ABSENT), "spec.replicas", ABSENT)
    assert paths(judge_stack(RULE, stack_of(bare, scaler()))) == [SPREAD]
    assert judge_stack(RULE, stack_of(bare, scaler(minimum=1))) == []
    assert judge_stack(RULE, stack_of(bare)) == []


def test_unknown() -> None:
    found = judge_stack(RULE, stack_of(change(deployment(), "spec.replicas", UNKNOWN)))
    assert [(item.path, item.unknown) for item in found] == [("spec.replicas", True)]
