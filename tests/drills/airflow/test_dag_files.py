"""DAG files that loop, cannot be imported, are huge or name a queue that is not there: others are read on, somebody is told."""

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from tests.drills import faults
from tests.drills.airflow import dag_files as files
from tests.drills.airflow.conftest import Told
from tests.drills.airflow.stage import AIRFLOW, Stage
from tests.drills.figures import longest_gap
from tests.drills.load import DAG_ID
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]

SIZE = 5 * 2**20
DAGS = ("drill_lost", "drill_huge_table", "drill_huge_text")
WATCHED_SECONDS = 180
GIVEN = {
    "broken.py": files.broken(),
    "looping.py": files.looping(),
    "stubborn.py": files.stubborn(),
    "lost.py": files.lost("drill_lost", "nowhere"),
    "huge_table.py": files.huge_table("drill_huge_table", SIZE),
    "huge_text.py": files.huge_text("drill_huge_text", SIZE),
}


@dataclass
class Seen:
    """What is to be seen of the files while the dag-processor reads them; times in seconds since it was ready.

    Attributes:
        errors: import error by file.
        after: file or DAG to when it was first told of.
        read: when another file was read again.
        peak: memory of all its processes, in bytes.
    """

    errors: dict[str, str] = field(default_factory=dict[str, str])
    after: dict[str, float] = field(default_factory=dict[str, float])
    read: dict[str, float] = field(default_factory=dict[str, float])
    peak: int = 0

    def look(self, stage: Stage, now: float) -> None:
        """Look once."""
        self.errors = import_errors(stage)
        there = [dag for dag in DAGS if is_there(stage, dag)]
        for name in [*self.errors, *there]:
            self.after.setdefault(name, now)
        self.read.setdefault(stage.api.ask("GET", f"/dags/{DAG_ID}").json()["last_parsed_time"], now)
        self.peak = max(self.peak, memory(stage))


def import_errors(stage: Stage) -> dict[str, str]:
    """Last line of each import error by the file's name."""
    errors = stage.api.ask("GET", "/importErrors").json()["import_errors"]
    return {error["filename"].rpartition("/")[2]: error["stack_trace"].strip().splitlines()[-1] for error in errors}


def is_there(stage: Stage, dag: str) -> bool:
    return stage.api.ask("GET", f"/dags/{dag}", accept_errors=True).status_code == 200


def memory(stage: Stage) -> int:
    """Bytes that the dag-processor's processes hold, shared ones counted once."""
    total = 0
    for pid in faults.processes(stage.pod("dag-processor").containers["airflow"]):
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(pid).memory_full_info().pss
    return total


def test_bad_files_leave_the_others_alone(stage: Stage, told: Told) -> None:
    seen = Seen()
    try:
        with files.dag_files(stage.stack, AIRFLOW, "bad", GIVEN, ["dag-processor"]):
            wait_for("one dag-processor is left", 180, lambda: len(stage.stack.pods(AIRFLOW, "dag-processor")) == 1)
            begun = time.monotonic()
            run = stage.begin(40, 2.0)
            while (now := time.monotonic() - begun) < WATCHED_SECONDS:
                seen.look(stage, round(now, 1))
                time.sleep(1)
            stage.until_ended(run, 300)
            counts = stage.counts(run)
            log = stage.stack.kubectl("logs", "deployment/dag-processor", "--namespace", AIRFLOW)
            measured: dict[str, Any] = {
                "watched_seconds": WATCHED_SECONDS,
                "told_after_seconds": seen.after,
                "import_errors": seen.errors,
                "others_read_again_times": len(seen.read) - 1,
                "others_not_read_seconds_at_most": round(longest_gap(seen.read.values(), 0, WATCHED_SECONDS), 1),
                "memory_peak_mib": round(seen.peak / 2**20),
                "container_restarts": stage.restarts("dag-processor"),
                "given_up_times": log.count("exceeding the timeout"),
                "too_much_memory_times": log.count("MemoryError"),
                "alerts": stage.alerts(),
                **counts.told(),
            }
        wait_for("the import errors are gone", 400, lambda: not import_errors(stage))
    finally:
        stage.forget(*DAGS)
    told("bad-dag-files", measured)
    assert set(measured["import_errors"]) >= {"broken.py", "looping.py", "lost.py"}
    assert "queue = nowhere: no worker takes from it. Write one of default" in measured["import_errors"]["lost.py"]
    assert set(DAGS) & set(seen.after) == {"drill_huge_text"}
    assert measured["given_up_times"] > 0
    assert measured["too_much_memory_times"] > 0
    assert "DagImportErrors" in measured["alerts"]
    assert measured["container_restarts"] == 0
    assert measured["others_not_read_seconds_at_most"] < 120
    assert counts.is_clean
