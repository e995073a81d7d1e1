"""Workers with running tasks are taken away by the load's own fall: nothing is killed, nothing runs twice, idle ones go
first, and a pod is gone soon after its last task.

A cycle: scale-ins are held back (the annotation that the documentation names) while short tasks make all the workers there
can be; then come about as many long tasks as there are workers, which spread over them; the brake is let go, and
since a quarter of the workers could run these tasks, the HPA takes the others.
"""

import logging
import math
import os
import runpy
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components import autoscaling
from tests.drills.figures import count
from tests.drills.reports import machine, write_report
from tests.drills.scaling.figures import ScaleIn, idle_for, scale_ins
from tests.drills.scaling.loaded_queue import Queue, queue_settings, works
from tests.drills.scaling.report import broken, summary
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

SCALE_INS = int(os.environ.get("DRILL_SCALE_INS", "20"))
MOST_CYCLES = 10
LONG_SECONDS = 100.0
_ROUND_SECONDS = 2.0
"""That a round of the drain controller itself takes: a query, a list of the pods, one write for each."""

log = logging.getLogger(__name__)


def tolerance() -> float:
    """Seconds that a pod may be idle before the drain controller has said so."""
    program = runpy.run_path(str(Path(autoscaling.__file__).parent / "assets" / "drain.py"))
    return program["LIVELY_SECONDS"] + _ROUND_SECONDS


def shrink(queue: Queue, tasks: int, concurrency: int) -> str:
    """Long tasks on all workers, and the fall to as many workers as these need; returns the tasks' run."""
    run = queue.begin(tasks, LONG_SECONDS)
    queue.until_begun(run, tasks, 60)
    # The drain controller is to know all of them: who goes first is its word.
    time.sleep(tolerance())
    queue.brake(on=False)
    needed = math.ceil(tasks / concurrency)
    took = wait_for(f"{needed} workers are left", 90, lambda: len(queue.watch.consuming()) <= needed)
    log.info("told to stop within %.1f s, %s", took, queue.seen())
    # What would be taken from here on are workers whose tasks are about to end anyway.
    queue.brake(on=True)
    return run


def busy_when_told(queue: Queue) -> int:
    """Workers that were told to stop since the drill began, and had a task then."""
    tasks = works(queue.tasks())
    told = [(worker, worker.told) for worker in queue.watch.workers() if worker.told and worker.told > queue.begun]
    return sum(idle_for(worker, tasks, at) is None for worker, at in told)


def measured(queue: Queue) -> list[ScaleIn]:
    found = scale_ins(queue.watch.workers(), works(queue.tasks()), tolerance=tolerance())
    return [one for one in found if one.told > queue.begun]


def test_twenty_scale_ins_of_workers_with_running_tasks(queue: Queue) -> None:
    settings = queue_settings()
    most, concurrency = settings["maxReplicas"], settings["concurrency"]
    before, cycles, done = os.getloadavg(), 0, False
    queue.brake(on=True)
    queue.grow(most, concurrency)
    while not done:
        # One task less every other time: an idle worker is there to be taken first.
        run = shrink(queue, most - cycles % 2, concurrency)
        cycles += 1
        done = busy_when_told(queue) >= SCALE_INS or cycles == MOST_CYCLES
        if not done:
            # The next workers start while the last ones finish their tasks.
            queue.grow(most, concurrency)
        queue.until_ended(run, LONG_SECONDS + 120)
        wait_for("all pods that were told to stop are gone", 120, lambda: not queue.watch.leaving())
    queue.brake(on=False)
    taken = measured(queue)
    report = _report(queue, taken, cycles)
    report["load_average"] = {"before": _rounded(before), "after": _rounded(os.getloadavg())}
    write_report("scale-in", report)
    found = broken(report, taken, scale_ins=SCALE_INS)
    assert not found, "; ".join(found)


def _report(queue: Queue, taken: list[ScaleIn], cycles: int) -> dict[str, Any]:
    counts = count(queue.tasks(), queue.executions.reports)
    return {
        "drill": "scale-in",
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "cycles": cycles,
        "seconds": round(time.time() - queue.begun),
        "tolerance_seconds": tolerance(),
        **summary(taken, queue.watch.workers(), counts),
        "each": [{**asdict(one), "told": round(one.told - queue.begun, 1)} for one in taken],
    }


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 1) for value in values]
