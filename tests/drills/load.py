"""Runs of the load DAG, what the public API says of their tasks, and a place where every execution is counted."""

import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from local.airflow_api import AirflowApi, is_ok
from tests.drills.figures import TaskCounts, count
from tests.drills.serving import served
from tests.drills.waiting import wait_for

DAG_ID = "platform_load"
_PAGE = 100
_FINAL = {"success", "failed"}

log = logging.getLogger(__name__)


def run_name() -> str:
    """A name that no run has had."""
    return f"drill__{uuid.uuid4().hex[:12]}"


def unpause(api: AirflowApi) -> None:
    """Wait for the load DAG and let it run."""
    api.until(f"/dags/{DAG_ID}", is_ok, f"the DAG {DAG_ID} does not appear")
    api.ask("PATCH", f"/dags/{DAG_ID}", {"is_paused": False})


def begin_run(api: AirflowApi, run: str, *, tasks: int, seconds: float, report_to: str) -> httpx.Response:
    """Ask for a run of so many tasks that take so many seconds each, whatever the answer."""
    conf = {"tasks": tasks, "seconds": seconds, "report_to": report_to}
    body = {"dag_run_id": run, "logical_date": None, "conf": conf}
    return api.ask("POST", f"/dags/{DAG_ID}/dagRuns", body, accept_errors=True)


def task_instances(api: AirflowApi, dag: str, run: str, query: str = "") -> Generator[dict[str, Any]]:
    """Task instances as the public API tells them, page by page.

    Args:
        api: logged in.
        dag: of a DAG, `~` for all.
        run: of a run, `~` for all.
        query: which of them and in which order, as in a URL; the API's own order otherwise.
    """
    offset = 0
    while True:
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances?limit={_PAGE}&offset={offset}{'&' if query else ''}{query}"
        page = api.ask("GET", path).json()["task_instances"]
        yield from page
        if len(page) < _PAGE:
            return
        offset += _PAGE


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

        with served(address, Handler) as url:
            yield url

    def executed(self, run: str) -> int:
        """Tasks of a run that began."""
        return len({report["task"] for report in list(self.reports) if report["run"] == run})


@dataclass
class Runs:
    """Runs of the load DAG that a drill begins one by one, and what came of their tasks.

    Attributes:
        api: the public one, logged in.
        executions: of the load's tasks.
        report_to: where they are reported.
    """

    api: AirflowApi
    executions: Executions
    report_to: str

    def begin(self, tasks: int, seconds: float) -> str:
        """Start a run of so many tasks that take so many seconds each; returns its name."""
        run = run_name()
        answer = begin_run(self.api, run, tasks=tasks, seconds=seconds, report_to=self.report_to)
        assert answer.status_code == 200, answer.text
        log.info("%s: run of %d tasks of %.0f s", run, tasks, seconds)
        return run

    def until_begun(self, run: str, tasks: int, seconds: float = 120) -> None:
        """Wait until so many tasks of a run have begun."""
        wait_for(f"{tasks} tasks of {run} have begun", seconds, lambda: self.executions.executed(run) >= tasks)
        log.info("%s: %d tasks have begun", run, tasks)

    def until_ended(self, run: str, seconds: float, dag: str = DAG_ID) -> None:
        """Wait for the end of a run, whatever it is."""
        path = f"/dags/{dag}/dagRuns/{run}"
        wait_for(f"{run} has ended", seconds, lambda: self.api.ask("GET", path).json()["state"] in _FINAL)
        log.info("%s: has ended, %s", run, self.states(run, dag))

    def states(self, run: str, dag: str = DAG_ID) -> dict[str, int]:
        """How many tasks of a run are in each state."""
        return dict(Counter(str(task["state"]) for task in task_instances(self.api, dag, run)))

    def counts(self, *runs: str) -> TaskCounts:
        """What came of the tasks of runs."""
        tasks = [task for run in runs for task in task_instances(self.api, DAG_ID, run)]
        return count(tasks, [report for report in list(self.executions.reports) if report["run"] in runs])
