"""The rules that are compared: ours, the requirement's words, and the official chart's defaults."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from capacity.hpa import KUBERNETES_DEFAULTS, Behavior, Direction, PolicyKind, RatePolicy
from settings.airflow import STOP_MARGIN_SECONDS, QueueSettings
from settings.scaling import ScalingProfile, ScalingSettings

CHART_GRACE_SECONDS = 600
"""`workers.terminationGracePeriodSeconds` of the official chart."""
_AT_ONCE = 1000
"""Pods: a budget that never binds, since `maxReplicas` binds before."""


@dataclass(frozen=True, slots=True)
class Load:
    """What an autoscaler can know.

    Attributes:
        queued: tasks that wait for a worker.
        running: tasks on workers.
        oldest_queued_seconds: for which the first of them has waited.
        replicas: pods that the Deployment asks for.
        cpu: in use, as a share of the requests.
        memory: in use, as a share of the limits.
    """

    queued: int
    running: int
    oldest_queued_seconds: float
    replicas: int
    cpu: float
    memory: float


class Victims(Enum):
    """Which pod a scale-in takes."""

    HIGHEST_ORDINAL = "highest ordinal"
    """A StatefulSet: the last one, busy or not."""
    LOWEST_COST = "lowest deletion cost"
    """A ReplicaSet with deletion costs: idle pods first, then those whose oldest task is the youngest."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to scale.

    Attributes:
        name: shown in tables.
        wanted: pods that the metric asks for.
        behavior: rates and windows.
        minimum: pods at least.
        maximum: pods at most.
        concurrency: tasks of one pod.
        grace_seconds: that a stopped pod gets before it is killed.
        victims: which pod goes first.
    """

    name: str
    wanted: Callable[[Load], float]
    behavior: Behavior
    minimum: int
    maximum: int
    concurrency: int
    grace_seconds: float
    victims: Victims


def of_queue(queue: QueueSettings, name: str = "") -> Rule:
    """The rule that the queue's settings ask for."""
    scaling = queue.scaling
    wanted, behavior = {
        ScalingProfile.DEMAND: (_demand(queue), demand_behavior(scaling)),
        ScalingProfile.LITERAL: (_literal(scaling), literal_behavior(scaling)),
        ScalingProfile.FIXED: (_fixed(queue), KUBERNETES_DEFAULTS),
    }[scaling.profile]
    return Rule(
        name=name or scaling.profile.value,
        wanted=wanted,
        behavior=behavior,
        minimum=queue.min_replicas,
        maximum=queue.min_replicas if scaling.profile is ScalingProfile.FIXED else queue.max_replicas,
        concurrency=queue.concurrency,
        grace_seconds=queue.longest_task_seconds + STOP_MARGIN_SECONDS,
        victims=Victims.LOWEST_COST,
    )


def chart(queue: QueueSettings) -> Rule:
    """The official chart with KEDA switched on: its query, no `behavior`, a StatefulSet. Our bounds, to be fair."""
    return Rule(
        name="official chart",
        wanted=lambda load: math.ceil((load.queued + load.running) / queue.concurrency),
        behavior=KUBERNETES_DEFAULTS,
        minimum=queue.min_replicas,
        maximum=queue.max_replicas,
        concurrency=queue.concurrency,
        grace_seconds=CHART_GRACE_SECONDS,
        victims=Victims.HIGHEST_ORDINAL,
    )


def has_reason_to_grow(scaling: ScalingSettings, load: Load) -> bool:
    """Any signal is above its upper threshold."""
    aged = scaling.profile is ScalingProfile.DEMAND and load.oldest_queued_seconds > scaling.oldest_queued_up_seconds
    return (
        load.queued > scaling.queued_up
        or load.cpu * 100 > scaling.cpu_up_percent
        or load.memory * 100 > scaling.memory_up_percent
        or aged
        # From no pods at all even a single task is a reason.
        or (load.replicas == 0 and load.queued + load.running > 0)
    )


def may_shrink(scaling: ScalingSettings, load: Load) -> bool:
    """Every signal is below its lower threshold."""
    fresh = (
        scaling.profile is not ScalingProfile.DEMAND or load.oldest_queued_seconds < scaling.oldest_queued_down_seconds
    )
    return (
        load.queued < scaling.queued_down
        and load.cpu * 100 < scaling.cpu_down_percent
        and load.memory * 100 < scaling.memory_down_percent
        and fresh
    )


def _demand(queue: QueueSettings) -> Callable[[Load], float]:
    def wanted(load: Load) -> float:
        needed = math.ceil((load.queued + load.running) / queue.concurrency)
        if has_reason_to_grow(queue.scaling, load):
            return max(needed, load.replicas + 1)
        return needed if may_shrink(queue.scaling, load) else load.replicas

    return wanted


def _fixed(queue: QueueSettings) -> Callable[[Load], float]:
    def wanted(load: Load) -> float:
        del load
        return queue.min_replicas

    return wanted


def demand_behavior(scaling: ScalingSettings) -> Behavior:
    """Up at once, by as much as is needed; down by a share of the pods at a time, after the window."""
    return Behavior(
        up=Direction(0, (RatePolicy(PolicyKind.PODS, _AT_ONCE, 15),), tolerance=0.0),
        down=Direction(
            scaling.down_window_seconds,
            (
                RatePolicy(PolicyKind.PERCENT, scaling.down_percent, scaling.down_period_seconds),
                RatePolicy(PolicyKind.PODS, 1, scaling.down_period_seconds),
            ),
            tolerance=0.0,
        ),
    )


def _literal(scaling: ScalingSettings) -> Callable[[Load], float]:
    def wanted(load: Load) -> float:
        if has_reason_to_grow(scaling, load):
            return math.ceil(load.replicas * 1.25)
        return math.floor(load.replicas * 0.75) if may_shrink(scaling, load) else load.replicas

    return wanted


def literal_behavior(scaling: ScalingSettings) -> Behavior:
    """One step of a quarter in each cooldown."""
    return Behavior(
        up=Direction(0, (RatePolicy(PolicyKind.PERCENT, 25, scaling.up_cooldown_seconds),), tolerance=0.0),
        down=Direction(0, (RatePolicy(PolicyKind.PERCENT, 25, scaling.down_cooldown_seconds),), tolerance=0.0),
    )
