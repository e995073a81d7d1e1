"""An Airflow load that runs throughout a drill, and a place where every execution of its tasks is counted."""

import contextlib
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.airflow_api import AirflowApi, is_ok
from local.errors import LocalError
from tests.drills.ha.bench import wait_for
from tests.drills.ha.figures import longest_gap, run_twice

DAG_ID = "platform_load"
TASKS_PER_RUN = 100
_UNFINISHED = {"queued", "running"}
_PAGE = 100


def _run_name() -> str:
    return f"drill__{uuid.uuid4().hex[:12]}"


class Executions:
    """Takes reports of executions over HTTP."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []

    @contextmanager
    def served(self, address: str) -> Generator[str]:
        """Listen on a free port while the block runs; the value is the URL to report to."""
        reports = self.reports

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                execution = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reports.append({**execution, "at": time.monotonic()})
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
                pass

        with ThreadingHTTPServer((address, 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://{address}:{server.server_port}/"
            finally:
                server.shutdown()
                thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What came of all runs.

    Attributes:
        tasks: task instances.
        failed: task instances that did not end in success.
        tries: tries beyond the first.
        run_twice: tasks that more than one execution was reported of.
    """

    tasks: int
    failed: int
    tries: int
    run_twice: int


class Load:
    """Keeps runs of the load DAG going; reads their end from the public API."""

    def __init__(self, api: AirflowApi, report_to: str, executions: Executions, *, seconds: float) -> None:
        self._api = api
        self._parameters = {"tasks": TASKS_PER_RUN, "seconds": seconds, "report_to": report_to}
        self._executions = executions
        self._runs: list[str] = []

    @contextmanager
    def running(self) -> Generator["Load"]:
        """Keep tasks waiting for a worker at any time while the block runs; it begins once they run."""
        self._api.until(f"/dags/{DAG_ID}", is_ok, f"the DAG {DAG_ID} does not appear")
        self._api.ask("PATCH", f"/dags/{DAG_ID}", {"is_paused": False})
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
        name = _run_name()
        while not stop.is_set():
            if not self._runs or self.executed(self._runs[-1]) > 0.6 * TASKS_PER_RUN:
                body = {"dag_run_id": name, "logical_date": None, "conf": self._parameters}
                with contextlib.suppress(LocalError):
                    answer = self._api.ask("POST", f"/dags/{DAG_ID}/dagRuns", body, accept_errors=True)
                    # Conflict: it was started although an earlier answer did not arrive.
                    if answer.status_code in (200, 409):
                        self._runs.append(name)
                        name = _run_name()
            stop.wait(2)

    def executed(self, run: str) -> int:
        """Tasks of a run that began."""
        return len({report["task"] for report in list(self._executions.reports) if report["run"] == run})

    def gap(self, begin: float, end: float) -> float:
        """Seconds of the longest stretch in which no task began."""
        return longest_gap((report["at"] for report in list(self._executions.reports)), begin, end)

    def began_since(self, begin: float) -> int:
        """Executions that began since a time."""
        return sum(report["at"] >= begin for report in list(self._executions.reports))

    def finish(self, seconds: float) -> LoadResult:
        """Wait for the end of all runs and count."""
        wait_for("all runs of the load have ended", seconds, lambda: not any(map(self._is_running, self._runs)))
        states: Counter[str] = Counter()
        tries = 0
        for run in self._runs:
            for task in self._tasks(run):
                states[str(task["state"])] += 1
                tries += max(0, task["try_number"] - 1)
        return LoadResult(
            tasks=states.total(),
            failed=states.total() - states["success"],
            tries=tries,
            run_twice=len(run_twice(self._executions.reports)),
        )

    def _is_running(self, run: str) -> bool:
        answer = self._api.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run}", accept_errors=True)
        return answer.status_code != 200 or answer.json()["state"] in _UNFINISHED

    def _tasks(self, run: str) -> Generator[dict[str, Any]]:
        offset = 0
        while True:
            path = f"/dags/{DAG_ID}/dagRuns/{run}/taskInstances?limit={_PAGE}&offset={offset}"
            page = self._api.ask("GET", path).json()["task_instances"]
            yield from page
            if len(page) < _PAGE:
                return
            offset += _PAGE
