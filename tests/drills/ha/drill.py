"""One drill: a fault, done several times under load, and the report of what it cost."""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.drills.figures import TaskCounts, spread
from tests.drills.ha.bench import AIRFLOW, Bench
from tests.drills.ha.broker import Broker
from tests.drills.ha.figures import Audit
from tests.drills.ha.ledger import Ledger
from tests.drills.ha.load import Load
from tests.drills.ha.patroni import Patroni
from tests.drills.reports import machine, write_report
from tests.drills.waiting import wait_for

_CALM_SECONDS = 5.0
"""Before each fault: writes and tasks run without a pause."""
_AFTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a drill must keep to; None where nothing is promised.

    Attributes:
        outage: seconds without an acknowledged commit through the pooler.
        queue_gap: seconds without a task that begins.
        finish: seconds from the last fault until every task has ended.
        retries: tries of tasks beyond the first.
    """

    outage: float | None = None
    queue_gap: float | None = None
    finish: float | None = None
    retries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """What one fault cost; all in seconds.

    Attributes:
        pooled: without an acknowledged commit through the pooler.
        direct: without one beside it.
        queue_gap: without a task that begins.
        normal: from the fault until everything was whole and ready again.
    """

    pooled: float
    direct: float
    queue_gap: float
    normal: float


Fault = Callable[[], object]


@dataclass
class Drill:
    """The stage of all drills.

    Attributes:
        notes: what a drill tells in its report besides.
    """

    bench: Bench
    patroni: Patroni
    broker: Broker
    new_ledger: Callable[[], Ledger]
    new_load: Callable[[], Generator[Load]]
    repetitions: int
    notes: dict[str, Any] = field(default_factory=dict[str, Any])

    def until_normal(self, seconds: float = 420) -> None:
        """Wait until the database, its archive, the broker and every pod are whole and ready."""
        self.patroni.until_whole(seconds)
        self.broker.until_whole(seconds)
        wait_for("nothing waits for the archive", seconds, lambda: self.patroni.waiting_segments() == 0)
        wait_for("every Deployment and StatefulSet is ready", seconds, self.bench.all_ready)

    def run(
        self,
        name: str,
        fault: Fault,
        limits: Limits,
        *,
        before: Fault | None = None,
        repetitions: int | None = None,
    ) -> dict[str, Any]:
        """Do the fault several times under load, write the report, and hold it against the limits.

        The load: writers through the pooler and beside it, and a hundred tasks or more.

        Args:
            name: of the drill and its report.
            fault: does the fault and takes it back.
            limits: what it may cost.
            before: what brings the stage into shape before each fault, uncounted.
            repetitions: how often, when not as often as all.
        """
        self.notes.clear()
        self._prepare(None)
        measured: list[Repetition] = []
        last = time.monotonic()
        begun_load = os.getloadavg()
        ledger = self.new_ledger()
        with ledger.writing(), contextmanager(self.new_load)() as load:
            with load.running():
                for _ in range(repetitions or self.repetitions):
                    self._prepare(before)
                    last = time.monotonic()
                    measured.append(self._once(fault, ledger, load))
            result = load.finish(600)
            finished = time.monotonic() - last
        report = _report(name, measured, ledger.audit(), result, limits)
        report |= {
            "seconds_until_all_tasks_ended": round(finished, 1),
            "client_errors": len(ledger.errors("pooler")),
            "load_average": {"before": _rounded(begun_load), "after": _rounded(os.getloadavg())},
            **self.notes,
        }
        write_report(name, report)
        hold(report, limits)
        return report

    def _prepare(self, before: Fault | None) -> None:
        self.bench.renew_restarted(AIRFLOW)
        if before:
            before()
        self.until_normal()

    def _once(self, fault: Fault, ledger: Ledger, load: Load) -> Repetition:
        self._calm(ledger, load)
        begun = time.monotonic()
        fault()
        wait_for("commits are acknowledged again", 120, lambda: ledger.since("pooler", time.monotonic() - 1.0) > 0)
        wait_for("tasks begin again", 420, lambda: self._tasks_flow(load))
        self.until_normal()
        normal = time.monotonic() - begun
        time.sleep(_AFTER_SECONDS)
        end = time.monotonic()
        return Repetition(
            pooled=ledger.outage("pooler", begun, end),
            direct=ledger.outage("direct", begun, end),
            queue_gap=load.gap(begun, end),
            normal=normal,
        )

    def _calm(self, ledger: Ledger, load: Load) -> None:
        begun = time.monotonic()
        wait_for("commits flow", 60, lambda: ledger.since("pooler", time.monotonic() - _CALM_SECONDS) > 10)
        wait_for("tasks flow", 180, lambda: self._tasks_flow(load) and time.monotonic() - begun > _CALM_SECONDS)

    @staticmethod
    def _tasks_flow(load: Load) -> bool:
        return load.began_since(time.monotonic() - 3.0) > 0


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 1) for value in values]


def _report(name: str, measured: list[Repetition], audit: Audit, result: TaskCounts, limits: Limits) -> dict[str, Any]:
    return {
        "drill": name,
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "repetitions": len(measured),
        "acknowledged_commits": audit.acknowledged,
        "acknowledged_commits_lost": len(audit.lost),
        "commits_doubled": len(audit.doubled),
        "write_outage_seconds": spread([item.pooled for item in measured]),
        "write_outage_direct_seconds": spread([item.direct for item in measured]),
        "queue_gap_seconds": spread([item.queue_gap for item in measured]),
        "time_to_normal_seconds": spread([item.normal for item in measured]),
        **result.told(),
        "limits": asdict(limits),
    }


def hold(report: dict[str, Any], limits: Limits) -> None:
    """Fail when the report breaks a promise; all broken ones are named.

    The short form runs on whatever machine there is, once: there a time fails only beyond twice its limit.
    """
    slack = 1 if os.environ.get("DRILL_FULL") else 2
    broken = [
        f"{key} = {report[key]}, allowed is 0"
        for key in ("acknowledged_commits_lost", "commits_doubled", "tasks_failed")
        if report[key]
    ]
    for key, limit in (("write_outage_seconds", limits.outage), ("queue_gap_seconds", limits.queue_gap)):
        if limit is not None and report[key]["max"] >= slack * limit:
            broken.append(f"{key} = {report[key]['max']}, allowed is less than {slack * limit}")
    if limits.retries is not None and report["tries_beyond_the_first"] > limits.retries:
        broken.append(f"tries beyond the first = {report['tries_beyond_the_first']}, allowed is {limits.retries}")
    if limits.finish is not None and report["seconds_until_all_tasks_ended"] >= slack * limits.finish:
        broken.append(f"all tasks ended after {report['seconds_until_all_tasks_ended']} s, allowed is {limits.finish}")
    assert not broken, f"{report['drill']}: {'; '.join(broken)}"
