"""One run: a trace of tasks against one rule, event by event."""

import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from capacity.fleet import Fleet, Phase, Pod
from capacity.hpa import SYNC_SECONDS, Autoscaler
from capacity.rules import Load, Rule
from capacity.traces import Task, Trace

START_SECONDS = 30.0
"""From the decision until a new worker takes tasks: schedule, start, import, subscribe. Image already on the node."""
RETRY_SECONDS = 300.0
"""`task_instance_heartbeat_timeout`: so long after its death a killed task is queued again."""
TAIL_SECONDS = 3600.0
"""How long after the last task a fleet that has not shrunk is still watched, and paid for."""
TARGET_SECONDS = 120.0
"""The wait that the requirement allows."""
CPU_OF_BUSY = 0.7
"""CPU share of a pod with all slots taken. Tasks that wait on others use less, tasks that compute more."""
MEMORY_IDLE, MEMORY_OF_BUSY = 0.3, 0.3
"""Memory share of an idle pod, and what full slots add."""


class _Event(IntEnum):
    ARRIVAL = 0
    FINISH = 1
    READY = 2
    KILL = 3
    SYNC = 4


@dataclass(slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        trace: its name.
        rule: its name.
        waits: seconds that each task waited before it ran, in order of their starts.
        killed: tasks that ended with their pod.
        pod_seconds: of all pods from creation to end, drains included.
        history: seconds, pods asked for, pods that exist, tasks queued; one entry per look of the autoscaler.
    """

    trace: str
    rule: str
    waits: list[float] = field(default_factory=list[float])
    killed: int = 0
    pod_seconds: float = 0.0
    history: list[tuple[float, int, int, int]] = field(default_factory=list[tuple[float, int, int, int]])

    def late_share(self) -> float:
        """Share of the tasks that waited longer than the target."""
        return sum(wait > TARGET_SECONDS for wait in self.waits) / max(1, len(self.waits))

    def wait(self, share: float) -> float:
        """The wait in seconds that this share of the tasks did not pass."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def run(trace: Trace, rule: Rule) -> Outcome:
    """Play the trace until every task has finished and the fleet is back at its minimum, or an hour has gone by."""
    return _Run(trace, rule).play()


class _Run:
    def __init__(self, trace: Trace, rule: Rule) -> None:
        self._rule = rule
        self._fleet = Fleet(concurrency=rule.concurrency)
        self._scaler = Autoscaler(behavior=rule.behavior, minimum=rule.minimum, maximum=rule.maximum)
        self._outcome = Outcome(trace=trace.name, rule=rule.name)
        self._tasks: dict[int, Task] = dict(enumerate(trace.tasks))
        self._queued: deque[tuple[int, float]] = deque()
        self._where: dict[int, Pod] = {}
        self._events: list[tuple[float, int, int, int]] = []
        self._order = itertools.count()
        self._horizon = trace.tasks[-1].arrival if trace.tasks else 0.0

    def play(self) -> Outcome:
        for number, task in self._tasks.items():
            self._at(task.arrival, _Event.ARRIVAL, number)
        for _ in range(self._rule.minimum):
            self._fleet.add(0.0).phase = Phase.READY
        self._at(0.0, _Event.SYNC, 0)
        now = 0.0
        while self._events:
            now, kind, _, subject = heapq.heappop(self._events)
            self._handle(now, _Event(kind), subject)
        for pod in list(self._fleet.pods.values()):
            self._end(pod, now)
        return self._outcome

    def _at(self, when: float, event: _Event, subject: int) -> None:
        heapq.heappush(self._events, (when, event, next(self._order), subject))

    def _handle(self, now: float, event: _Event, subject: int) -> None:
        if event is _Event.ARRIVAL:
            self._queued.append((subject, now))
        elif event is _Event.FINISH:
            self._finish(subject, now)
        elif event is _Event.READY:
            self._ready(subject)
        elif event is _Event.KILL:
            self._kill(subject, now)
        else:
            self._sync(now)
        self._assign(now)

    def _assign(self, now: float) -> None:
        while self._queued and (pod := self._fleet.roomiest()) is not None:
            number, since = self._queued.popleft()
            self._outcome.waits.append(now - since)
            pod.running[number] = now
            self._where[number] = pod
            self._at(now + self._tasks[number].duration, _Event.FINISH, number)

    def _finish(self, number: int, now: float) -> None:
        pod = self._where.get(number)
        # A task that was killed meanwhile has another beginning, or none.
        if pod is None or abs(pod.running[number] + self._tasks[number].duration - now) > 1e-6:
            return
        del pod.running[number], self._where[number]
        if pod.phase is Phase.DRAINING and not pod.running:
            self._end(pod, now)

    def _ready(self, ordinal: int) -> None:
        pod = self._fleet.pods.get(ordinal)
        if pod is not None and pod.phase is Phase.STARTING:
            pod.phase = Phase.READY

    def _kill(self, ordinal: int, now: float) -> None:
        pod = self._fleet.pods.get(ordinal)
        if pod is None or pod.phase is not Phase.DRAINING:
            return
        for number in pod.running:
            self._outcome.killed += 1
            del self._where[number]
            self._at(now + RETRY_SECONDS, _Event.ARRIVAL, number)
        self._end(pod, now)

    def _end(self, pod: Pod, now: float) -> None:
        self._outcome.pod_seconds += now - pod.created
        self._fleet.end(pod)

    def _sync(self, now: float) -> None:
        current = len(self._fleet.wanted())
        desired = self._scaler.decide(now, current, self._rule.wanted(self._load(now, current)))
        for _ in range(desired - current):
            self._at(now + START_SECONDS, _Event.READY, self._fleet.add(now).ordinal)
        surplus = max(0, current - desired)
        for pod in self._fleet.drain(surplus, self._rule.victims, now, self._rule.grace_seconds):
            if pod.running:
                self._at(pod.kill_at, _Event.KILL, pod.ordinal)
            else:
                self._end(pod, now)
        self._outcome.history.append((now, desired, len(self._fleet.pods), len(self._queued)))
        if self._queued or self._where:
            self._horizon = max(self._horizon, now)
        above = len(self._fleet.wanted()) > self._rule.minimum
        if now <= self._horizon or (above and now < self._horizon + TAIL_SECONDS):
            self._at(now + SYNC_SECONDS, _Event.SYNC, 0)

    def _load(self, now: float, current: int) -> Load:
        slots = self._fleet.ready_slots()
        on_ready = sum(len(pod.running) for pod in self._fleet.pods.values() if pod.phase is Phase.READY)
        busy = on_ready / slots if slots else 0.0
        return Load(
            queued=len(self._queued),
            running=self._fleet.running(),
            oldest_queued_seconds=now - self._queued[0][1] if self._queued else 0.0,
            replicas=current,
            cpu=CPU_OF_BUSY * busy,
            memory=MEMORY_IDLE + MEMORY_OF_BUSY * busy,
        )
