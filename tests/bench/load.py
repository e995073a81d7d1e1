"""Tasks that do nothing, let go all at once, and what the metadata database says of them afterwards."""

import math
import os
import time

from local.airflow_api import AirflowApi
from tests.bench.dag_files import NOOP_DAG, TASKS_OF_RUN
from tests.bench.figures import Measured
from tests.bench.sides import Side
from tests.bench.stage import Say, Stage
from tests.drills.load import run_name
from tests.drills.waiting import DrillError, wait_for

_PARSED_SECONDS = 180.0
_LEAST_PATIENCE_SECONDS, _PATIENCE_PER_TASK_SECONDS = 300.0, 2.0
_TOLD_SECONDS = 10.0

_FIGURES = """
SELECT count(*), count(*) FILTER (WHERE state = 'success' AND try_number = 1),
  extract(epoch FROM max(end_date)),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM start_date - scheduled_dttm)),
  percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM start_date - scheduled_dttm)),
  percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM start_date - queued_dttm))
FROM task_instance WHERE dag_id = '{dag}' AND run_id LIKE '{name}%'
"""


class Load:
    """Runs of the measurement's DAG."""

    def __init__(self, stage: Stage, api: AirflowApi, say: Say) -> None:
        """Of a stage, through its public API."""
        self._stage, self._api, self._say = stage, api, say

    def until_parsed(self, since: float) -> float:
        """Wait until the DAG file was read after a moment (seconds since the epoch); returns the seconds it took."""
        sql = f"SELECT count(*) FROM dag WHERE dag_id = '{NOOP_DAG}' AND last_parsed_time > to_timestamp({since})"  # noqa: S608
        return wait_for(f"{NOOP_DAG} is read", _PARSED_SECONDS, lambda: self._stage.query(sql) == ["1"])

    def measure(self, side: Side, tasks: int) -> Measured:
        """Run so many tasks and count what they took.

        Args:
            side: that runs.
            tasks: a whole number of runs' worth.

        Raises:
            DrillError: a task did not succeed at its first try, or they took far too long.
        """
        name = run_name()
        runs = math.ceil(tasks / TASKS_OF_RUN)
        self._pause(paused=True)
        for number in range(runs):
            body = {"dag_run_id": f"{name}-{number}", "logical_date": None}
            self._api.ask("POST", f"/dags/{NOOP_DAG}/dagRuns", body)
        load, before = os.getloadavg()[0], self._stage.cpu()
        begun = time.time()
        self._pause(paused=False)
        self._until_ended(side, runs, max(_LEAST_PATIENCE_SECONDS, tasks * _PATIENCE_PER_TASK_SECONDS))
        after = self._stage.cpu()
        count, good, end, p50, p95, queued = map(
            float, self._stage.query(_FIGURES.format(dag=NOOP_DAG, name=name).replace("\n", " "))
        )
        if not count == good == runs * TASKS_OF_RUN:
            raise DrillError(f"{side}: {good:.0f} of {runs * TASKS_OF_RUN} tasks succeeded at their first try")
        return Measured(
            side=side,
            tasks=int(count),
            seconds=end - begun,
            wait_p50=p50,
            wait_p95=p95,
            queued_p95=queued,
            cpu={pod: after[pod] - before[pod] for pod in sorted(before.keys() & after.keys())},
            load_before=load,
        )

    def _pause(self, *, paused: bool) -> None:
        self._api.ask("PATCH", f"/dags/{NOOP_DAG}", {"is_paused": paused})

    def _until_ended(self, side: Side, runs: int, patience: float) -> None:
        begun = told = time.monotonic()
        while left := self._left():
            if time.monotonic() - begun > patience:
                raise DrillError(f"{side}: {left} of {runs} runs have not ended after {patience:.0f} s")
            if time.monotonic() - told > _TOLD_SECONDS:
                told = time.monotonic()
                self._say(f"{side}: {left} of {runs} runs go on after {told - begun:.0f} s")
            time.sleep(1)

    def _left(self) -> int:
        path = f"/dags/{NOOP_DAG}/dagRuns?state=queued&state=running&limit=1"
        return self._api.ask("GET", path).json()["total_entries"]
