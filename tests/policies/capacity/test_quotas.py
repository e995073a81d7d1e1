from typing import Any

import pytest
from airflow_guard.capacity.quotas import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, change, config_map, deployment, judge_stack, quota, stack_of, text

BOTH = (quota(), quota("LimitRange"))


def test_compliant() -> None:
    assert judge_stack(RULE, stack_of(deployment(), *BOTH)) == []
    assert judge_stack(RULE, stack_of(config_map())) == []


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        ((), "no ResourceQuota and no LimitRange"),
        ((quota(),), "no LimitRange"),
        ((quota(place="another"), quota("LimitRange")), "no ResourceQuota"),
        ((change(quota(), "spec.hard", {}), quota("LimitRange")), "no ResourceQuota"),
        ((quota(), change(quota("LimitRange"), "spec.limits", ABSENT)), "no LimitRange"),
    ],
)
def test_violating_and_absent(present: tuple[dict[str, Any], ...], missing: str) -> None:
    found = judge_stack(RULE, stack_of(deployment(), deployment("triggerer"), *present))
    assert len(found) == 1
    assert text(found).endswith(f"which has {missing}")


def test_shared_namespaces_are_another_rules_business() -> None:
    assert judge_stack(RULE, stack_of(change(deployment(), "metadata.namespace", "kube-system"))) == []


def test_unknown() -> None:
    found = judge_stack(RULE, stack_of(deployment(), change(quota(), "spec.hard", UNKNOWN), quota("LimitRange")))
    assert [item.unknown for item in found] == [True, False]
