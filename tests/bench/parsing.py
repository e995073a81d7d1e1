"""How long many DAG files take: `make bench-parsing` (or `python -m tests.bench.parsing --files 500`).

A dag-processor of the stack `bench` starts with a folder of new DAG files, ten tasks each. Counted is the time from the
start of its container, and from the first file, until every DAG is in the metadata database.
"""

import argparse
import json
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.dag_files import CHAIN, source
from tests.bench.sides import DAG_PROCESSOR, Side
from tests.bench.stage import Stage
from tests.bench.throughput import STACK, say
from tests.drills.reports import machine, write_report
from tests.drills.waiting import DrillError, wait_for

MOST_SECONDS = 60.0
"""For 500 files, from the start of the container."""
_ROLES = (DAG_PROCESSOR,)
_PATIENCE_SECONDS = 900.0


def measure(stage: Stage, side: Side, files: int) -> dict[str, Any]:
    """Let a side's dag-processor read so many files that nobody has read; times in seconds.

    Raises:
        DrillError: they were not read in time.
    """
    prefix = f"bench_{uuid.uuid4().hex[:8]}"
    stage.fill(source(CHAIN, [f"{prefix}_{number:04}" for number in range(files)]))
    stage.run(side, _ROLES)
    condition = f"dag_id LIKE '{prefix}%'"
    parsed = f"SELECT count(*) FROM dag WHERE {condition}"  # noqa: S608 - names of our own
    wait_for(f"{files} files are read", _PATIENCE_SECONDS, lambda: _counted(stage, side, parsed, files) >= files)
    times = f"SELECT extract(epoch FROM min(created_at)), extract(epoch FROM max(created_at)) FROM serialized_dag WHERE {condition}"  # noqa: S608
    first, last = map(float, stage.query(times))
    errors = int(stage.query(f"SELECT count(*) FROM import_error WHERE filename LIKE '{prefix}%'")[0])  # noqa: S608
    begun, used = stage.pod_started(side, DAG_PROCESSOR), stage.cpu()
    stage.stop(side, _ROLES)
    if errors:
        raise DrillError(f"{side}: {errors} of {files} files were not read")
    return {
        "side": side.value,
        "files": files,
        "seconds_from_start": round(last - begun, 1),
        "seconds_from_first": round(last - first, 1),
        "cpu_ms_per_file": round(1000 * used.get(DAG_PROCESSOR, 0.0) / files, 1),
    }


def _counted(stage: Stage, side: Side, sql: str, files: int) -> int:
    # Each question takes processor time from what is measured.
    time.sleep(2)
    found = int(stage.query(sql)[0])
    say(f"{side}: {found} of {files} files")
    return found


def main() -> int:
    """Print the figures as JSON. Returns 1 when they take too long, 2 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.parsing", description=__doc__)
    parser.add_argument("--files", type=int, default=500, help="DAG files of ten tasks")
    parser.add_argument("--rounds", type=int, default=1, help="times that each side reads them")
    parser.add_argument("--defaults", action="store_true", help="measure Airflow's own defaults beside what is shipped")
    given = parser.parse_args()
    if given.files < 1 or given.rounds < 1:
        parser.error(f"--files = {given.files}, --rounds = {given.rounds}: both must be 1 or more")
    sides = tuple(Side) if given.defaults else (Side.SHIPPED,)
    with tempfile.TemporaryDirectory() as folder:
        try:
            stage = Stage(STACK, Path(folder), say)
            with stage.set_up(sides, _ROLES, {}):
                rounds = [measure(stage, side, given.files) for _ in range(given.rounds) for side in sides]
        except DrillError as error:
            say(f"not measured: {error}")
            return 2
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    report = {"taken": taken, "machine": machine(), "rounds": rounds}
    write_report("parsing", report)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    ours = [one for one in rounds if one["side"] == Side.SHIPPED.value]
    return 1 if max(one["seconds_from_start"] for one in ours) > MOST_SECONDS * max(1.0, given.files / 500) else 0


if __name__ == "__main__":
    sys.exit(main())
