"""What the watch of a queue's pods and the times of its tasks come to. Pure functions; times in seconds of one clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ONE_STEP_SECONDS = 3.0
"""Pods that are told to stop within so many seconds are taken by one decision: an HPA decides every 15 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker's pod.

    Attributes:
        name: of the pod.
        address: in the pod network; empty until it has one.
        created: when it was made.
        ready: since when it consumed; None for one that never did.
        told: when it was told to stop; None for one that was not.
        ended: when its container had ended, in whole seconds; None while it runs, or when nobody saw it.
        gone: when the API server had it no more; None while it has.
        exit_code: of its container.
    """

    name: str
    address: str
    created: float
    ready: float | None = None
    told: float | None = None
    ended: float | None = None
    gone: float | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A task that ran: where, from when to when."""

    name: str
    address: str
    begun: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleIn:
    """A pod that was taken away.

    Attributes:
        worker: name of the pod.
        told: when it was told to stop.
        tasks: that ran on it then.
        later: tasks that it began after it was told.
        busy_for: seconds that the oldest of its tasks had run when it was told; 0 for an idle pod.
        remaining: seconds from then until the last of its tasks ended; 0 for an idle pod.
        closing: seconds from there until its container had ended, in whole seconds; None when nobody saw it.
        freed: seconds from when it was told until it was gone.
        passed_over: idle pods that could have gone in its place.
    """

    worker: str
    told: float
    tasks: int
    later: int
    busy_for: float
    remaining: float
    closing: float | None
    freed: float
    passed_over: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Of the time until it was gone to the longest remaining task.

        Raises:
            ZeroDivisionError: it was idle.
        """
        return self.freed / self.remaining

    @property
    def over(self) -> float:
        """Seconds that it was there after its last task had ended."""
        return self.freed - self.remaining


def tasks_of(worker: Worker, works: Iterable[Work]) -> list[Work]:
    """The tasks that ran in a pod; addresses are given out again, so the time must fit too."""
    return [
        work
        for work in works
        if work.address == worker.address
        and worker.created <= work.begun
        and (worker.gone is None or work.begun <= worker.gone)
    ]


def idle_for(worker: Worker, works: Iterable[Work], at: float) -> float | None:
    """Seconds for which a consuming pod has had no task; None for one that has one, or does not consume."""
    if worker.ready is None or worker.ready > at or (worker.gone is not None and worker.gone <= at):
        return None
    begun = [work for work in tasks_of(worker, works) if work.begun <= at]
    if any(work.ended > at for work in begun):
        return None
    return at - max([worker.ready, *(work.ended for work in begun)])


def passed_over(told: float, workers: Iterable[Worker], works: Sequence[Work], *, tolerance: float) -> tuple[str, ...]:
    """Pods that were left although idle when another one was told to stop.

    Args:
        told: when that was.
        workers: all pods of the queue.
        works: all tasks of the queue.
        tolerance: seconds that a pod may be idle before anybody knows.
    """
    left = [worker for worker in workers if worker.told is None or worker.told > told + ONE_STEP_SECONDS]
    idle = {worker.name: idle_for(worker, works, told) for worker in left}
    return tuple(sorted(name for name, seconds in idle.items() if seconds is not None and seconds > tolerance))


def scale_ins(workers: Sequence[Worker], works: Sequence[Work], *, tolerance: float) -> list[ScaleIn]:
    """Every pod that was told to stop and is gone, in that order.

    Args:
        workers: all pods of the queue.
        works: all tasks of the queue.
        tolerance: seconds that a pod may be idle, or busy, before anybody knows: what began or ended since counts for
            nothing in who should have gone first.
    """
    found = [_scale_in(worker, workers, works, tolerance) for worker in workers if worker.told and worker.gone]
    return sorted(found, key=lambda one: (one.told, one.worker))


def _scale_in(worker: Worker, workers: Sequence[Worker], works: Sequence[Work], tolerance: float) -> ScaleIn:
    told, gone = worker.told or 0.0, worker.gone or 0.0
    own = [work for work in tasks_of(worker, works) if work.ended > told]
    running = [work for work in own if work.begun <= told]
    last = max((work.ended for work in own), default=told)
    busy_for = told - min((work.begun for work in running), default=told)
    return ScaleIn(
        worker=worker.name,
        told=told,
        tasks=len(running),
        later=len(own) - len(running),
        busy_for=busy_for,
        remaining=last - told,
        closing=None if worker.ended is None else max(0.0, worker.ended - last),
        freed=gone - told,
        passed_over=passed_over(told, workers, works, tolerance=tolerance) if busy_for > tolerance else (),
    )
