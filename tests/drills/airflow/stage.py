"""The running dev stack under load, and what came of its tasks."""

import json
import logging
import os
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from local.airflow_api import AirflowApi
from tests.drills.figures import longest_gap, run_twice
from tests.drills.load import DAG_ID, Executions, run_name, task_instances, unpause
from tests.drills.reports import machine, write_report
from tests.drills.stack import DeployedStack, Pod
from tests.drills.waiting import wait_for

STACK, AIRFLOW, MONITORING = "dev", "airflow", "airflow-monitoring"
SLOTS = 4
"""Of the one worker of the dev stack."""
_FINAL = {"success", "failed"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of the tasks of some runs.

    Attributes:
        states: task instances by state.
        tries: tries beyond the first.
        run_twice: tasks that more than one execution was reported of.
    """

    states: dict[str, int]
    tries: int
    run_twice: int

    @property
    def failed(self) -> int:
        """Task instances that did not end in success."""
        return sum(count for state, count in self.states.items() if state != "success")

    def told(self) -> dict[str, Any]:
        """As a report says it."""
        return {
            "tasks": sum(self.states.values()),
            "tasks_failed": self.failed,
            "states": self.states,
            "tries_beyond_the_first": self.tries,
            "tasks_run_twice": self.run_twice,
        }


@dataclass
class Stage:
    """The stack, its public API, and the place where executions of tasks are counted."""

    stack: DeployedStack
    api: AirflowApi
    executions: Executions
    report_to: str

    def forget(self, *dags: str) -> None:
        """Delete DAGs whose files are gone, with their runs."""
        for dag in dags:
            self.api.ask("DELETE", f"/dags/{dag}", accept_errors=True)

    def begin(self, tasks: int, seconds: float) -> str:
        """Start a run of so many tasks that take so many seconds each; returns its name."""
        run = run_name()
        conf = {"tasks": tasks, "seconds": seconds, "report_to": self.report_to}
        self.api.ask("POST", f"/dags/{DAG_ID}/dagRuns", {"dag_run_id": run, "logical_date": None, "conf": conf})
        log.info("run %s of %d tasks of %.0f s", run, tasks, seconds)
        return run

    def until_begun(self, run: str, tasks: int, seconds: float = 120) -> None:
        """Wait until so many tasks of a run have begun."""
        wait_for(f"{tasks} tasks of {run} have begun", seconds, lambda: self.executions.executed(run) >= tasks)

    def until_ended(self, run: str, seconds: float) -> None:
        """Wait for the end of a run, whatever it is."""
        path = f"/dags/{DAG_ID}/dagRuns/{run}"
        wait_for(f"{run} has ended", seconds, lambda: self.api.ask("GET", path).json()["state"] in _FINAL)

    def outcome(self, *runs: str) -> Outcome:
        """What came of runs."""
        tasks = [task for run in runs for task in task_instances(self.api, DAG_ID, run)]
        reports = [report for report in self.executions.reports if report["run"] in runs]
        return Outcome(
            states=dict(Counter(str(task["state"]) for task in tasks)),
            tries=sum(max(0, task["try_number"] - 1) for task in tasks),
            run_twice=len(run_twice(reports)),
        )

    def gap(self, begin: float) -> float:
        """Seconds of the longest stretch since a time in which no task began; the end is the last that did."""
        times = [report["at"] for report in self.executions.reports if report["at"] >= begin]
        return longest_gap(times, begin, max(times, default=begin))

    def pod(self, workload: str) -> Pod:
        """The one pod of a workload of Airflow's."""
        [pod] = self.stack.pods(AIRFLOW, workload)
        return pod

    def scale(self, workload: str, replicas: int) -> None:
        """Set the number of pods of a Deployment."""
        self.stack.kubectl("scale", f"deployment/{workload}", f"--replicas={replicas}", "--namespace", AIRFLOW)

    def until_ready(self, workload: str, seconds: float = 300) -> float:
        """Wait until the one pod of a workload is ready. Returns the seconds it took."""
        return wait_for(f"{workload} is ready", seconds, lambda: [p.ready for p in self._pods(workload)] == [True])

    def _pods(self, workload: str) -> list[Pod]:
        return self.stack.pods(AIRFLOW, workload)

    def all_pods(self, workload: str) -> list[dict[str, Any]]:
        """The pods of a workload of Airflow's, those on their way out included."""
        chosen = ("--namespace", AIRFLOW, "--selector", f"app.kubernetes.io/name={workload}")
        return self.stack.get("pods", *chosen)["items"]

    def restarts(self, workload: str) -> int:
        """How often the containers of a workload's pods were started again."""
        statuses = (pod["status"].get("containerStatuses", ()) for pod in self.all_pods(workload))
        return sum(status["restartCount"] for found in statuses for status in found)

    def alerts(self) -> list[str]:
        """Names of the alerts that fire, or will when it lasts."""
        address = self.stack.address(MONITORING, "prometheus")
        answer = httpx.get(f"http://{address}:9090/api/v1/alerts", timeout=10).raise_for_status()
        return sorted({alert["labels"]["alertname"] for alert in answer.json()["data"]["alerts"]})


@contextmanager
def staged(stack: DeployedStack) -> Generator[Stage]:
    """The stage, with the load DAG turned on."""
    executions = Executions()
    with executions.served(stack.gateway(AIRFLOW)) as report_to, stack.api(AIRFLOW) as api:
        unpause(api)
        yield Stage(stack, api, executions, report_to)


def tell(drill: str, load: float, measured: Mapping[str, Any]) -> None:
    """Write a drill's report.

    Args:
        drill: its name.
        load: the machine's load average before it.
        measured: what came of it.
    """
    head = {"drill": drill, "taken": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    averages = {"before": round(load, 1), "after": round(os.getloadavg()[0], 1)}
    report = {**head, "load_average": averages, **measured}
    write_report(drill, report)
    log.info("%s", json.dumps(report))
