"""The running dev stack under load, and what came of its tasks."""

import json
import logging
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.drills.figures import longest_gap
from tests.drills.load import Executions, Runs, unpause
from tests.drills.reports import machine, write_report
from tests.drills.stack import DeployedStack, Pod
from tests.drills.waiting import wait_for

STACK, AIRFLOW, MONITORING = "dev", "airflow", "airflow-monitoring"
SLOTS = 4
"""Of the one worker of the dev stack."""

log = logging.getLogger(__name__)


@dataclass
class Stage(Runs):
    """The stack, its public API, and the place where executions of tasks are counted.

    Attributes:
        stack: that the faults are done to.
        namespace: Airflow's.
    """

    stack: DeployedStack
    namespace: str = AIRFLOW

    def forget(self, *dags: str) -> None:
        """Delete DAGs whose files are gone, with their runs."""
        for dag in dags:
            self.api.ask("DELETE", f"/dags/{dag}", accept_errors=True)

    def gap(self, begin: float) -> float:
        """Seconds of the longest stretch since a time in which no task began; the end is the last that did."""
        times = [report["at"] for report in list(self.executions.reports) if report["at"] >= begin]
        return longest_gap(times, begin, max(times, default=begin))

    def pod(self, workload: str) -> Pod:
        """The one pod of a workload of Airflow's."""
        [pod] = self.stack.pods(self.namespace, workload)
        return pod

    def scale(self, workload: str, replicas: int) -> None:
        """Set the number of pods of a Deployment."""
        self.stack.kubectl("scale", f"deployment/{workload}", f"--replicas={replicas}", "--namespace", self.namespace)

    def until_ready(self, workload: str, seconds: float = 300) -> float:
        """Wait until the one pod of a workload is ready. Returns the seconds it took."""
        return wait_for(f"{workload} is ready", seconds, lambda: [p.ready for p in self._pods(workload)] == [True])

    def _pods(self, workload: str) -> list[Pod]:
        return self.stack.pods(self.namespace, workload)

    def all_pods(self, workload: str) -> list[dict[str, Any]]:
        """The pods of a workload of Airflow's, those on their way out included."""
        chosen = ("--namespace", self.namespace, "--selector", f"app.kubernetes.io/name={workload}")
        return self.stack.get("pods", *chosen)["items"]

    def restarts(self, workload: str) -> int:
        """How often the containers of a workload's pods were started again."""
        statuses = (pod["status"].get("containerStatuses", ()) for pod in self.all_pods(workload))
        return sum(status["restartCount"] for found in statuses for status in found)

    def alerts(self) -> dict[str, str]:
        """State of each alert that fires (`firing`), or will when it lasts (`pending`), by name."""
        return self.stack.alerts(MONITORING)

    def until_alert(self, name: str, *states: str, seconds: float) -> float:
        """Wait until an alert is in one of some states. Returns the seconds it took."""
        took = wait_for(f"{name} is {' or '.join(states)}", seconds, lambda: self.alerts().get(name) in states)
        log.info("alert %s after %.1f s: %s", name, took, self.alerts().get(name))
        return took


@contextmanager
def staged(stack: DeployedStack, namespace: str = AIRFLOW) -> Generator[Stage]:
    """The stage, with the load DAG turned on."""
    executions = Executions()
    with executions.served(stack.gateway(namespace)) as report_to, stack.api(namespace) as api:
        unpause(api)
        yield Stage(api, executions, report_to, stack, namespace)


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
