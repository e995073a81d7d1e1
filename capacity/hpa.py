"""The algorithm of the horizontal pod autoscaler between a proposal and a number of pods.

Follows `pkg/controller/podautoscaler/horizontal.go` of Kubernetes 1.36: stabilisation windows over past proposals, then
the rate policies over past changes, then the bounds.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

SYNC_SECONDS = 15.0
"""Seconds between two looks of the controller, its default."""


class PolicyKind(StrEnum):
    """Unit of a rate policy."""

    PODS = "Pods"
    PERCENT = "Percent"


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """How much may change within a period.

    Attributes:
        kind: unit of `value`.
        value: pods or percent.
        period_seconds: of the budget.
    """

    kind: PolicyKind
    value: int
    period_seconds: int

    def highest(self, at_period_start: int) -> int:
        """Pods that this policy allows to grow to."""
        if self.kind is PolicyKind.PODS:
            return at_period_start + self.value
        return math.ceil(at_period_start * (1 + self.value / 100))

    def lowest(self, at_period_start: int) -> int:
        """Pods that this policy allows to shrink to."""
        if self.kind is PolicyKind.PODS:
            return at_period_start - self.value
        return int(at_period_start * (1 - self.value / 100))


@dataclass(frozen=True, slots=True)
class Direction:
    """One half of `behavior`: the policy that allows most decides, as `selectPolicy: Max` does.

    Attributes:
        window_seconds: over which proposals are held against each other.
        policies: rates.
        tolerance: share by which the metric may be off before anything changes.
    """

    window_seconds: int
    policies: tuple[RatePolicy, ...]
    tolerance: float = 0.1


@dataclass(frozen=True, slots=True)
class Behavior:
    """Both halves.

    Attributes:
        up: how it may grow.
        down: how it may shrink.
    """

    up: Direction
    down: Direction


KUBERNETES_DEFAULTS = Behavior(
    up=Direction(0, (RatePolicy(PolicyKind.PODS, 4, 15), RatePolicy(PolicyKind.PERCENT, 100, 15))),
    down=Direction(300, (RatePolicy(PolicyKind.PERCENT, 100, 15),)),
)
"""What an autoscaler without `behavior` does."""


@dataclass(slots=True)
class Autoscaler:
    """One autoscaler with its memory.

    Attributes:
        behavior: rates and windows.
        minimum: pods at least.
        maximum: pods at most.
    """

    behavior: Behavior
    minimum: int
    maximum: int
    _proposals: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    _changes: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])

    def decide(self, now: float, current: int, wanted: float) -> int:
        """The number of pods to have from now on.

        Args:
            now: seconds.
            current: pods that the target has.
            wanted: pods that the metric asks for: its total over the target's average value.
        """
        proposal = max(self.minimum, min(self.maximum, self._tolerated(current, wanted)))
        steady = self._stabilised(now, current, proposal)
        if steady > current:
            desired = min(steady, self.maximum, max(current, self._up_limit(now, current)))
        elif steady < current:
            desired = max(steady, self.minimum, min(current, self._down_limit(now, current)))
        else:
            desired = current
        if desired != current:
            self._changes.append((now, desired - current))
        return desired

    def _tolerated(self, current: int, wanted: float) -> int:
        if current == 0:
            return math.ceil(wanted)
        ratio = wanted / current
        direction = self.behavior.up if ratio > 1 else self.behavior.down
        return current if abs(ratio - 1) <= direction.tolerance else math.ceil(wanted)

    def _stabilised(self, now: float, current: int, proposal: int) -> int:
        up_from, down_from = now - self.behavior.up.window_seconds, now - self.behavior.down.window_seconds
        while self._proposals and self._proposals[0][0] < min(up_from, down_from):
            self._proposals.popleft()
        lowest = highest = proposal
        for at, past in self._proposals:
            lowest = min(lowest, past) if at > up_from else lowest
            highest = max(highest, past) if at > down_from else highest
        self._proposals.append((now, proposal))
        return min(max(current, lowest), highest)

    def _up_limit(self, now: float, current: int) -> int:
        return max(
            policy.highest(current - self._change(now, policy.period_seconds)) for policy in self.behavior.up.policies
        )

    def _down_limit(self, now: float, current: int) -> int:
        return min(
            policy.lowest(current - self._change(now, policy.period_seconds)) for policy in self.behavior.down.policies
        )

    def _change(self, now: float, period_seconds: int) -> int:
        """Pods added less pods removed within the period that ends now."""
        while self._changes and self._changes[0][0] < now - _LONGEST_PERIOD_SECONDS:
            self._changes.popleft()
        return sum(change for at, change in self._changes if at > now - period_seconds)


_LONGEST_PERIOD_SECONDS = 1800
"""The API allows no longer period."""
