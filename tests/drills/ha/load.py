"""An Airflow load that runs throughout a drill."""

import contextlib
import threading
from collections.abc import Generator
from contextlib import contextmanager

from local.airflow_api import AirflowApi
from local.errors import LocalError
from tests.drills.figures import TaskCounts, count, longest_gap
from tests.drills.load import DAG_ID, Executions, begin_run, run_name, task_instances, unpause
from tests.drills.waiting import wait_for

TASKS_PER_RUN = 100
_UNFINISHED = {"queued", "running"}


class Load:
    """Keeps runs of the load DAG going; reads their end from the public API."""

    def __init__(self, api: AirflowApi, report_to: str, executions: Executions, *, seconds: float) -> None:
        self._api = api
        self._report_to = report_to
        self._seconds = seconds
        self._executions = executions
        self._runs: list[str] = []

    @contextmanager
    def running(self) -> Generator["Load"]:
        """Keep tasks waiting for a worker at any time while the block runs; it begins once they run."""
        unpause(self._api)
        stop = threading.Event()
        thread = threading.Thread(target=self._keep_up, args=(stop,))
        thread.start()
        try:
            wait_for("tasks run", 240, lambda: self.began_since(0.0) >= 8)
            yield self
        finally:
            stop.set()
            thread.join()

    def _keep_up(self, stop: threading.Event) -> None:
        name = run_name()
        while not stop.is_set():
            if not self._runs or self._executions.executed(self._runs[-1]) > 0.6 * TASKS_PER_RUN:
                with contextlib.suppress(LocalError):
                    answer = begin_run(
                        self._api, name, tasks=TASKS_PER_RUN, seconds=self._seconds, report_to=self._report_to
                    )
                    # Conflict: it was started although an earlier answer did not arrive.
                    if answer.status_code in (200, 409):
                        self._runs.append(name)
                        name = run_name()
            stop.wait(2)

    def gap(self, begin: float, end: float) -> float:
        """Seconds of the longest stretch in which no task began."""
        return longest_gap((report["at"] for report in list(self._executions.reports)), begin, end)

    def began_since(self, begin: float) -> int:
        """Executions that began since a time."""
        return sum(report["at"] >= begin for report in list(self._executions.reports))

    def finish(self, seconds: float) -> TaskCounts:
        """Wait for the end of all runs and count."""
        wait_for("all runs of the load have ended", seconds, lambda: not any(map(self._is_running, self._runs)))
        tasks = [task for run in self._runs for task in task_instances(self._api, DAG_ID, run)]
        return count(tasks, self._executions.reports)

    def _is_running(self, run: str) -> bool:
        answer = self._api.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run}", accept_errors=True)
        return answer.status_code != 200 or answer.json()["state"] in _UNFINISHED
