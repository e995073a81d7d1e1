"""The formula that KEDA evaluates says what the rule means, and the HPA follows it at the stated rates."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.celery_workers import scaling
from components.celery_workers.scaling import Signal, rule
from settings.airflow import QueueSettings
from settings.scaling import PlannedReplicas, ScalingProfile, ScalingSettings
from tests.components.celery_workers.formula import evaluate, signals_of

USAGE = (Signal.CPU, Signal.MEMORY)
NOON = PlannedReplicas(start="0 12 * * *", end="0 13 * * *", replicas=7)


def queue(profile: ScalingProfile = ScalingProfile.DEMAND, **scaled: Any) -> QueueSettings:
    return QueueSettings(concurrency=16, scaling=ScalingSettings(profile=profile, **scaled))


def wanted(queue: QueueSettings, seen: dict[str, float | None]) -> float:
    """The rule in plain words: grow for one reason, shrink for want of any, hold between."""
    scaling = queue.scaling
    demand = scaling.profile is ScalingProfile.DEMAND
    queued, busy, age, current = (seen[name] or 0.0 for name in ("queued", "busy", "age", "current"))
    cpu, memory = seen["cpu"], seen["memory"]
    grow = queued > scaling.queued_up
    grow |= demand and age > scaling.oldest_queued_up_seconds
    grow |= cpu is not None and cpu > scaling.cpu_up_percent
    grow |= memory is not None and memory > scaling.memory_up_percent
    grow |= demand and current == 0 and busy > 0
    shrink = queued < scaling.queued_down
    shrink &= not demand or age < scaling.oldest_queued_down_seconds
    shrink &= cpu is not None and cpu < scaling.cpu_down_percent
    shrink &= memory is not None and memory < scaling.memory_down_percent
    needed = math.ceil(busy / queue.concurrency)
    if grow:
        return max(needed, current + 1) if demand else math.ceil(current * 1.25)
    if shrink:
        return needed if demand else math.floor(current * 0.75)
    return current


counts = st.integers(0, 400).map(float)
percents = st.none() | st.floats(0, 150)


@pytest.mark.parametrize("profile", [ScalingProfile.DEMAND, ScalingProfile.LITERAL])
@given(
    seen=st.fixed_dictionaries(
        {
            "queued": counts,
            "busy": counts,
            "age": st.floats(0, 120),
            "current": st.integers(0, 60).map(float),
            "cpu": percents,
            "memory": percents,
        }
    )
)
def test_the_formula_is_the_rule(profile: ScalingProfile, seen: dict[str, float | None]) -> None:
    one = queue(profile)
    assert evaluate(rule(one, usage=USAGE).formula(), seen) == wanted(one, seen)


def seen(**signals: float | None) -> dict[str, float | None]:
    return {"queued": 0.0, "busy": 0.0, "age": 0.0, "current": 5.0, "cpu": 10.0, "memory": 10.0, **signals}


@pytest.mark.parametrize(
    ("signals", "pods"),
    [
        ({"queued": 51.0, "busy": 131.0}, 9),
        ({"queued": 51.0, "busy": 60.0}, 6),
        ({"queued": 30.0, "busy": 30.0}, 5),
        ({"age": 31.0, "busy": 81.0, "queued": 1.0}, 6),
        ({"cpu": 76.0, "busy": 16.0}, 6),
        ({"memory": 86.0}, 6),
        ({"busy": 33.0}, 3),
        ({"busy": 33.0, "cpu": 46.0}, 5),
        ({"busy": 33.0, "cpu": None}, 5),
        ({"current": 0.0, "queued": 1.0, "busy": 1.0}, 1),
        ({"current": 0.0}, 0),
    ],
)
def test_the_profile_demand_in_examples(signals: dict[str, float | None], pods: int) -> None:
    assert evaluate(rule(queue(), usage=USAGE).formula(), seen(**signals)) == pods


def test_a_planned_time_lifts_the_number_and_never_lowers_it() -> None:
    formula = rule(queue(planned=[NOON]), usage=()).formula()
    assert evaluate(formula, seen(planned0=7.0)) == 7
    assert evaluate(formula, seen(planned0=7.0, queued=200.0, busy=200.0)) == 13
    assert evaluate(formula, seen(planned0=0.0)) == 0


def test_a_signal_that_cannot_be_read_here_has_no_say() -> None:
    assert signals_of(rule(queue(), usage=()).formula()) == {"queued", "busy", "age", "current"}
    assert signals_of(rule(queue(ScalingProfile.LITERAL), usage=USAGE).formula()) == {
        "queued",
        "current",
        "cpu",
        "memory",
    }


def test_whole_numbers_never_stand_in_a_formula() -> None:
    """The formula's language divides whole numbers to whole numbers."""
    for profile in (ScalingProfile.DEMAND, ScalingProfile.LITERAL):
        formula = rule(queue(profile), usage=USAGE).formula()
        assert all("." in word for word in formula.replace("(", " ").replace(")", " ").split() if word[0].isdigit())


def test_a_fixed_number_has_no_rule() -> None:
    with pytest.raises(ValueError, match="no rule"):
        rule(queue(ScalingProfile.FIXED), usage=())


def test_demand_grows_at_once_and_shrinks_step_by_step() -> None:
    found = scaling.behavior(queue(downWindowSeconds=240, downPercent=15, downPeriodSeconds=90))
    assert found["scaleUp"]["policies"] == [{"type": "Pods", "value": 1000, "periodSeconds": 15}]
    assert found["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert found["scaleDown"] == {
        "stabilizationWindowSeconds": 240,
        "selectPolicy": "Max",
        "tolerance": "0",
        "policies": [
            {"type": "Percent", "value": 15, "periodSeconds": 90},
            {"type": "Pods", "value": 1, "periodSeconds": 90},
        ],
    }


def test_literal_takes_one_step_a_cooldown() -> None:
    found = scaling.behavior(queue(ScalingProfile.LITERAL, upCooldownSeconds=200, downCooldownSeconds=400))
    assert found["scaleUp"]["policies"] == [{"type": "Percent", "value": 25, "periodSeconds": 200}]
    assert found["scaleDown"]["policies"] == [{"type": "Percent", "value": 25, "periodSeconds": 400}]
