from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.visibility_timeout import RULE

from tests.policies.objects import change, config_map, judge_stack, stack_of, text, worker


def cfg(value: str, section: str = "celery_broker_transport_options") -> dict[str, Any]:
    return config_map(**{"airflow.cfg": f"[core]\nx = 1\n[{section}]\nvisibility_timeout = {value}\n"})


def test_compliant_and_absent() -> None:
    assert judge_stack(RULE, stack_of(worker(), cfg("601"))) == []
    assert judge_stack(RULE, stack_of(worker(), cfg("1", "other"))) == []
    assert judge_stack(RULE, stack_of(worker(), config_map())) == []


@pytest.mark.parametrize("value", ["600", "60", "", "ten"])
def test_violating(value: str) -> None:
    assert "the longest runs 600 s" in text(judge_stack(RULE, stack_of(cfg(value), worker())))


def test_in_the_environment() -> None:
    name = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"
    made = change(worker(), "spec.template.spec.containers[0].env[0]", {"name": name, "value": "60"})
    assert judge_stack(RULE, stack_of(made))


def test_unknown() -> None:
    found = judge_stack(RULE, stack_of(worker(), config_map(**{"airflow.cfg": UNKNOWN})))
    assert [(item.path, item.unknown) for item in found] == [('data["airflow.cfg"]', True)]
