"""The simulator plays the rule that is deployed: the formula that KEDA evaluates, and the rates of its HPA."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity import rules
from capacity.hpa import Direction
from capacity.rules import Load
from components.celery_workers import scaling
from components.celery_workers.scaling import Signal
from settings.airflow import QueueSettings
from settings.scaling import ScalingProfile, ScalingSettings
from tests.components.celery_workers.formula import evaluate

PROFILES = [ScalingProfile.DEMAND, ScalingProfile.LITERAL]

loads = st.builds(
    Load,
    queued=st.integers(0, 400),
    running=st.integers(0, 400),
    oldest_queued_seconds=st.floats(0, 120),
    replicas=st.integers(0, 60),
    cpu=st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.2]),
    memory=st.sampled_from([0.0, 0.25, 0.6, 0.9]),
)


def queue(profile: ScalingProfile) -> QueueSettings:
    return QueueSettings(scaling=ScalingSettings(profile=profile))


@pytest.mark.parametrize("profile", PROFILES)
@given(load=loads)
def test_the_simulated_rule_is_the_deployed_formula(profile: ScalingProfile, load: Load) -> None:
    formula = scaling.rule(queue(profile), usage=(Signal.CPU, Signal.MEMORY)).formula()
    signals: dict[str, float | None] = {
        "queued": float(load.queued),
        "busy": float(load.queued + load.running),
        "age": load.oldest_queued_seconds,
        "current": float(load.replicas),
        "cpu": load.cpu * 100,
        "memory": load.memory * 100,
    }
    assert evaluate(formula, signals) == rules.of_queue(queue(profile)).wanted(load)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_simulated_rates_are_the_deployed_ones(profile: ScalingProfile) -> None:
    deployed, simulated = scaling.behavior(queue(profile)), rules.of_queue(queue(profile)).behavior
    assert written(simulated.up) == seen(deployed["scaleUp"])
    assert written(simulated.down) == seen(deployed["scaleDown"])


def written(direction: Direction) -> tuple[int, float, list[tuple[str, int, int]]]:
    policies = sorted((str(policy.kind), policy.value, policy.period_seconds) for policy in direction.policies)
    return direction.window_seconds, direction.tolerance, policies


def seen(half: dict[str, Any]) -> tuple[int, float, list[tuple[str, int, int]]]:
    assert half["selectPolicy"] == "Max"
    policies = sorted((policy["type"], policy["value"], policy["periodSeconds"]) for policy in half["policies"])
    return half["stabilizationWindowSeconds"], float(half["tolerance"]), policies
