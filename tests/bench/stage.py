"""The deployed stack as a measurement uses it: its processes stopped, one side's at a time running in their place."""

import json
import os
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from local.stacks import stack_config
from tests.bench.sides import DAG_SOURCE, ROLES, SIDE_LABEL, Deployed, Side, config_map, manifests, name_of
from tests.drills.scaling.watch import seconds_of
from tests.drills.stack import DeployedStack
from tests.drills.waiting import wait_for

# Celery makes these by itself when it may; Airflow's login may not, and only the owner of a schema should.
_RESULT_TABLES = """
CREATE SEQUENCE IF NOT EXISTS task_id_sequence;
CREATE SEQUENCE IF NOT EXISTS taskset_id_sequence;
CREATE TABLE IF NOT EXISTS celery_taskmeta (id bigint PRIMARY KEY, task_id varchar(155) UNIQUE, status varchar(50),
  result bytea, date_done timestamp, traceback text, name varchar(155), args bytea, kwargs bytea, worker varchar(155),
  retries integer, queue varchar(155));
CREATE TABLE IF NOT EXISTS celery_tasksetmeta (id bigint PRIMARY KEY, taskset_id varchar(155) UNIQUE, result bytea,
  date_done timestamp);
GRANT ALL ON celery_taskmeta, celery_tasksetmeta, task_id_sequence, taskset_id_sequence TO PUBLIC;
"""
_CGROUPS = Path("/sys/fs/cgroup")
_START_SECONDS, _STOP_SECONDS = 300.0, 180.0

Say = Callable[[str], None]


class Stage:
    """A stack whose Airflow processes are run by the measurement.

    Attributes:
        stack: the deployed stack.
        airflow: its namespace of Airflow.
        data: its namespace of the database.
    """

    def __init__(self, name: str, folder: Path, say: Say) -> None:
        """Look at the deployed stack.

        Args:
            name: of the stack.
            folder: takes the authority's certificate.
            say: is told what is done.
        """
        self.stack = DeployedStack(name, folder)
        namespaces = stack_config(name)["airflow-platform:namespaces"]
        self.airflow, self.data = namespaces["airflow"], namespaces["data"]
        self._say = say

    def query(self, sql: str) -> list[str]:
        """Ask the metadata database as its superuser; the fields of the one row of the answer."""
        psql = ("psql", "-U", "postgres", "-d", "airflow", "--no-align", "--tuples-only", "--quiet", "-c", sql)
        container = ("--namespace", self.data, "--container", "postgres")
        return self.stack.kubectl("exec", "postgres-0", *container, "--", *psql).strip().split("|")

    @contextmanager
    def set_up(self, sides: Iterable[Side], roles: Sequence[str], dags: Mapping[str, str]) -> Generator[None]:
        """The sides' workloads while the block runs, all stopped; afterwards the stack's own run again.

        Args:
            sides: that will run.
            roles: processes of a side; those of them that the stack runs itself are stopped meanwhile.
            dags: what the pods fill their DAG folder from.
        """
        deployed = {role: self._deployed(role) for role in ROLES}
        self.query(_RESULT_TABLES)
        self.fill(dags)
        objects = [found for side in sides for role in roles for found in manifests(side, role, deployed)]
        self._apply({"apiVersion": "v1", "kind": "List", "items": objects})
        # Nobody but the sides runs tasks, and nobody but them takes processor time that can be avoided.
        stopped = [*ROLES, "triggerer"]
        try:
            self._scale(stopped, 0)
            yield
        finally:
            names = [name_of(side, role) for side in sides for role in roles]
            self.stack.kubectl("delete", "deployment", "--namespace", self.airflow, "--ignore-not-found", *names)
            self._scale(stopped, 1)

    def fill(self, dags: Mapping[str, str]) -> None:
        """What pods fill their DAG folder from when they start the next time."""
        self._apply(config_map(DAG_SOURCE, dags, self.airflow))

    def run(self, side: Side, roles: Sequence[str]) -> float:
        """Start a side's processes and wait until they are ready; returns the seconds."""
        self._say(f"{side}: start {', '.join(roles)}")
        names = [name_of(side, role) for role in roles]
        self._scale(names, 1)
        return wait_for(f"the side {side} runs", _START_SECONDS, lambda: self._ready(names))

    def stop(self, side: Side, roles: Sequence[str]) -> float:
        """Stop them and wait until their pods are gone; returns the seconds."""
        self._scale([name_of(side, role) for role in roles], 0)
        return wait_for(f"the side {side} is gone", _STOP_SECONDS, lambda: not self._pods_of(side))

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time that each running pod has taken, by workload, and `machine` for all there is."""
        times = psutil.cpu_times()
        busy = sum(times[:3]) + sum(times[5:8])
        found = {"machine": busy}
        accounts = _accounts()
        for item in self._pods():
            name, uid = item["metadata"]["labels"]["app.kubernetes.io/name"], item["metadata"]["uid"]
            if uid in accounts:
                found[name] = found.get(name, 0.0) + accounts[uid]
        return found

    def running(self) -> set[str]:
        """Names of the pods that run."""
        return {pod["metadata"]["name"] for pod in self._pods() if pod["status"]["phase"] == "Running"}

    def pod_started(self, side: Side, role: str) -> float:
        """When the Airflow container of the side's one pod began, in whole seconds since the epoch."""
        return next(
            seconds_of(state["running"]["startedAt"])
            for pod in self._pods_of(side)
            if pod["metadata"]["labels"]["app.kubernetes.io/name"] == role
            for status in pod["status"]["containerStatuses"]
            if (state := status["state"]).get("running")
        )

    def _deployed(self, role: str) -> Deployed:
        deployment = self._get("deployment", role)
        volumes = {volume["name"]: volume for volume in deployment["spec"]["template"]["spec"]["volumes"]}
        config = self._get("configmap", volumes["config"]["configMap"]["name"])
        secret = self._get("secret", volumes["secrets"]["secret"]["secretName"])
        return Deployed(deployment=deployment, config=config["data"], secret_files=sorted(secret["data"]))

    def _get(self, kind: str, name: str) -> dict[str, Any]:
        return self.stack.get(kind, name, "--namespace", self.airflow)

    def _pods(self) -> Generator[dict[str, Any]]:
        for namespace in (self.airflow, self.data):
            yield from self.stack.get("pods", "--namespace", namespace)["items"]

    def _pods_of(self, side: Side) -> list[dict[str, Any]]:
        chosen = ("--selector", f"{SIDE_LABEL}={side}")
        return self.stack.get("pods", "--namespace", self.airflow, *chosen)["items"]

    def _ready(self, names: Sequence[str]) -> bool:
        items = self.stack.get("deployments", "--namespace", self.airflow)["items"]
        ready = {item["metadata"]["name"]: item.get("status", {}).get("readyReplicas", 0) for item in items}
        return all(ready.get(name) for name in names)

    def _scale(self, names: Sequence[str], replicas: int) -> None:
        self.stack.kubectl("scale", "deployment", "--namespace", self.airflow, f"--replicas={replicas}", *names)

    def _apply(self, content: Mapping[str, Any]) -> None:
        options = ("--server-side", "--force-conflicts", "--field-manager=bench")
        self.stack.kubectl("apply", *options, "--filename", "-", stdin=json.dumps(content))


def _accounts() -> dict[str, float]:
    """Seconds of processor time by the uid of a pod, by the kernel's account of either version."""
    found: dict[str, float] = {}
    # Pods of others come and go meanwhile: what is no longer there is left out.
    for folder, _, files in os.walk(_CGROUPS):
        name = Path(folder).name.replace("_", "-").removesuffix(".slice").rpartition("pod")[2]
        for file in {"cpuacct.usage", "cpu.stat"}.intersection(files):
            with suppress(OSError):
                text = (Path(folder) / file).read_text()
                if microseconds := re.search(r"usage_usec (\d+)", text):
                    found[name] = int(microseconds[1]) / 1e6
                elif text.strip().isdecimal():
                    found[name] = int(text) / 1e9
    return found
