"""How many workers a queue gets: the rule as the formula that KEDA evaluates, and the rates of its HPA. Pure.

The rule is stated once more in plain Python, with the same signals, where the simulator compares rules; a test holds the
two together.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from settings.airflow import QueueSettings
from settings.scaling import ScalingProfile, ScalingSettings

QUARTER = 0.25
"""Of the pods: one step of the profile `literal`."""
_TOLERANCE = "0"
"""The formula has bands of its own, and one pod of 200 must not drown in the usual tenth."""
_AT_ONCE = 1000
"""Pods: a budget that never binds, since the largest number of pods binds before."""
_LOOK_SECONDS = 15
"""An HPA looks that often; a shorter period would say nothing."""


class Signal(StrEnum):
    """What the formula knows, by the name that it has there."""

    QUEUED = "queued"
    """Tasks that wait for a worker."""
    BUSY = "busy"
    """Tasks that wait for a worker or run on one."""
    AGE = "age"
    """Seconds that the oldest of the queued tasks has waited."""
    CURRENT = "current"
    """Pods that the Deployment asks for, without those that are draining."""
    CPU = "cpu"
    """In use by all worker pods, in percent of their requests."""
    MEMORY = "memory"
    """In use by all worker pods, in percent of their limits."""


def planned_signal(index: int) -> str:
    """Name of the signal that holds the pods planned for a time of day, 0 outside of it."""
    return f"planned{index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The parts of the decision, as expressions over signals.

    Attributes:
        reason_to_grow: one of the signals is above its upper threshold.
        may_shrink: all of them are below their lower thresholds.
        larger: pods when there is reason to grow.
        smaller: pods when shrinking is allowed.
        floors: pods that some time of day asks for at least.
    """

    reason_to_grow: str
    may_shrink: str
    larger: str
    smaller: str
    floors: tuple[str, ...]

    def formula(self) -> str:
        """The whole decision; held where there is neither reason to grow nor leave to shrink."""
        decision = (
            f"({self.reason_to_grow}) ? {self.larger} : (({self.may_shrink}) ? {self.smaller} : {Signal.CURRENT})"
        )
        for floor in self.floors:
            decision = f"max({floor}, {decision})"
        return decision


def rule(queue: QueueSettings, *, usage: tuple[Signal, ...]) -> Rule:
    """The rule of a queue's profile.

    Args:
        queue: its settings.
        usage: which of CPU and MEMORY can be read here; without one its band has no say.

    Raises:
        ValueError: the queue's number of pods is fixed.
    """
    scaling = queue.scaling
    floors = tuple(planned_signal(index) for index in range(len(scaling.planned)))
    current = Signal.CURRENT
    match scaling.profile:
        case ScalingProfile.DEMAND:
            needed = f"ceil({Signal.BUSY} / {_number(queue.concurrency)})"
            # From zero the first task starts a worker at once: nothing ages, grows or is used where nothing runs.
            waking = f"({current} < 1.0 && {Signal.BUSY} > 0.0)"
            return Rule(
                reason_to_grow=" || ".join([waking, *_above(scaling, usage)]),
                may_shrink=" && ".join(_below(scaling, usage)),
                larger=f"max({needed}, {current} + 1.0)",
                smaller=needed,
                floors=floors,
            )
        case ScalingProfile.LITERAL:
            return Rule(
                reason_to_grow=" || ".join(_above(scaling, usage)),
                may_shrink=" && ".join(_below(scaling, usage)),
                larger=f"ceil({current} * {1 + QUARTER})",
                smaller=f"floor({current} * {1 - QUARTER})",
                floors=floors,
            )
        case ScalingProfile.FIXED:
            raise ValueError("a queue with a fixed number of pods has no rule")


def _above(scaling: ScalingSettings, usage: tuple[Signal, ...]) -> list[str]:
    bands = [(signal, up) for signal, _, up in _bands(scaling, usage)]
    return [f"{_known(signal, scaling)} > {_number(up)}" for signal, up in bands]


def _below(scaling: ScalingSettings, usage: tuple[Signal, ...]) -> list[str]:
    bands = [(signal, down) for signal, down, _ in _bands(scaling, usage)]
    return [f"{_known(signal, scaling)} < {_number(down)}" for signal, down in bands]


def _bands(scaling: ScalingSettings, usage: tuple[Signal, ...]) -> list[tuple[Signal, float, float]]:
    """Signal, lower and upper threshold."""
    aging = (Signal.AGE, scaling.oldest_queued_down_seconds, scaling.oldest_queued_up_seconds)
    return [
        (Signal.QUEUED, scaling.queued_down, scaling.queued_up),
        *([aging] if scaling.profile is ScalingProfile.DEMAND else []),
        *((signal, *_usage_band(signal, scaling)) for signal in usage),
    ]


def _usage_band(signal: Signal, scaling: ScalingSettings) -> tuple[float, float]:
    if signal is Signal.CPU:
        return scaling.cpu_down_percent, scaling.cpu_up_percent
    return scaling.memory_down_percent, scaling.memory_up_percent


def _known(signal: Signal, scaling: ScalingSettings) -> str:
    """The signal; one that Prometheus cannot tell just now counts as inside its band: no reason to grow or to shrink."""
    if signal not in (Signal.CPU, Signal.MEMORY):
        return signal.value
    down, up = _usage_band(signal, scaling)
    return f"({signal} ?? {_number((down + up) / 2)})"


def _number(value: float) -> str:
    """A number with a point: between whole numbers the formula's language would compute in whole numbers."""
    return str(float(value))


def behavior(queue: QueueSettings) -> dict[str, Any]:
    """`behavior` of the HPA: how fast the number of pods may follow the rule."""
    scaling = queue.scaling
    if scaling.profile is ScalingProfile.LITERAL:
        # A budget of one step a cooldown locks out the next step until the cooldown is over.
        percent = round(QUARTER * 100)
        return {
            "scaleUp": _direction(0, _policy("Percent", percent, scaling.up_cooldown_seconds)),
            "scaleDown": _direction(0, _policy("Percent", percent, scaling.down_cooldown_seconds)),
        }
    return {
        "scaleUp": _direction(0, _policy("Pods", _AT_ONCE, _LOOK_SECONDS)),
        "scaleDown": _direction(
            scaling.down_window_seconds,
            _policy("Percent", scaling.down_percent, scaling.down_period_seconds),
            _policy("Pods", 1, scaling.down_period_seconds),
        ),
    }


def _direction(window: int, *policies: dict[str, Any]) -> dict[str, Any]:
    return {
        "stabilizationWindowSeconds": window,
        "selectPolicy": "Max",
        "tolerance": _TOLERANCE,
        "policies": list(policies),
    }


def _policy(kind: str, value: int, period: int) -> dict[str, Any]:
    return {"type": kind, "value": value, "periodSeconds": period}
