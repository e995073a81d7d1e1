"""Worker pods that start, take tasks, drain and end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from capacity.rules import Victims

LONGEST_COST_SECONDS = 86400.0
"""A deletion cost counts at most a day."""


class Phase(Enum):
    """Where a pod is in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    ENDED = "ended"


@dataclass(slots=True)
class Pod:
    """A worker pod.

    Attributes:
        ordinal: counts up with each pod that is made.
        created: seconds at which it was made.
        phase: where it is in its life.
        running: begin of each task that it runs, by the task's number.
        kill_at: seconds at which its grace ends, while it drains.
    """

    ordinal: int
    created: float
    phase: Phase = Phase.STARTING
    running: dict[int, float] = field(default_factory=dict[int, float])
    kill_at: float = float("inf")

    def deletion_cost(self, now: float) -> float:
        """0 for an idle pod, otherwise 10 and the age in seconds of its oldest task."""
        if not self.running:
            return 0.0
        return 10.0 + min(LONGEST_COST_SECONDS, now - min(self.running.values()))


@dataclass(slots=True)
class Fleet:
    """All pods of one Deployment or StatefulSet.

    Attributes:
        concurrency: tasks of one pod.
        pods: those that have not ended, by ordinal.
    """

    concurrency: int
    pods: dict[int, Pod] = field(default_factory=dict[int, Pod])
    _made: int = 0

    def wanted(self) -> list[Pod]:
        """Pods that count as replicas: those that do not drain."""
        return [pod for pod in self.pods.values() if pod.phase in {Phase.STARTING, Phase.READY}]

    def running(self) -> int:
        """Tasks on all pods."""
        return sum(len(pod.running) for pod in self.pods.values())

    def ready_slots(self) -> int:
        """Slots of all pods that take tasks."""
        return self.concurrency * sum(1 for pod in self.pods.values() if pod.phase is Phase.READY)

    def add(self, now: float) -> Pod:
        """A new pod, which starts."""
        self._made += 1
        pod = self.pods[self._made] = Pod(ordinal=self._made, created=now)
        return pod

    def roomiest(self) -> Pod | None:
        """The ready pod with the most free slots, or None when all are full."""
        ready = [pod for pod in self.pods.values() if pod.phase is Phase.READY and len(pod.running) < self.concurrency]
        return min(ready, key=lambda pod: len(pod.running), default=None)

    def drain(self, count: int, victims: Victims, now: float, grace_seconds: float) -> Iterator[Pod]:
        """Tell that many pods to stop, and yield each. Those that have not started come first."""

        def order(pod: Pod) -> tuple[float, ...]:
            if victims is Victims.HIGHEST_ORDINAL:
                return (-pod.ordinal,)
            return (pod.phase is Phase.READY, pod.deletion_cost(now), -pod.created)

        for pod in sorted(self.wanted(), key=order)[:count]:
            pod.phase, pod.kill_at = Phase.DRAINING, now + grace_seconds
            yield pod

    def end(self, pod: Pod) -> None:
        """The pod is gone."""
        pod.phase = Phase.ENDED
        del self.pods[pod.ordinal]
