from airflow_guard.capacity.cost_ceiling import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, change, deployment, job, judge_stack, stack_of, stateful_set, text

CPU = "spec.template.spec.containers[0].resources.requests.cpu"
# Two schedulers and three databases, each 250m and 512Mi.
STACK = stack_of(deployment(), stateful_set(), job())


def test_compliant() -> None:
    assert judge_stack(RULE, STACK) == []
    assert judge_stack(RULE, STACK, cores=2, memoryGiB=3) == []


def test_violating() -> None:
    assert text(judge_stack(RULE, STACK, cores=1)) == "reserves 1.2 cores, the ceiling is 1"
    assert text(judge_stack(RULE, STACK, memoryGiB=2)) == "reserves 2.5 memoryGiB, the ceiling is 2"


def test_absent() -> None:
    one = change(deployment(), "spec.replicas", ABSENT)
    assert judge_stack(RULE, stack_of(change(one, CPU, "2")), cores=2) == []
    assert judge_stack(RULE, stack_of(change(one, CPU, 3.0)), cores=2)
    assert judge_stack(RULE, stack_of(change(one, CPU, ABSENT)), cores=1) == []


def test_unknown() -> None:
    found = judge_stack(RULE, stack_of(change(deployment(), CPU, UNKNOWN)))
    assert [(item.path, item.unknown) for item in found] == [(CPU, True)]
