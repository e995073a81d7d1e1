"""`make drill-restore`: one restore drill now, from the CronJob of the deployed stack."""

import json
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from local import deploy
from local.engines import environment
from local.errors import LocalError, PreflightError
from local.forward import kubectl
from local.progress import Reporter
from local.stacks import context_of, stack_config
from settings.stack import NamespaceSettings

CRON_JOB = "postgres-restore-drill"
STAGES = {"restore": "Restore the newest backup", "verify": "Look at what came back"}
"""Containers of the drill in their order, and what each of them does."""

_POLL_SECONDS = 2.0
_START_SECONDS = 300.0


def drill_restore(stack: str, context: str | None, reporter: Reporter) -> int:
    """Run a drill and show what it says. Returns 0 when the restore was good, 1 when it was not.

    Raises:
        PreflightError: the stack is not deployed or has no backups.
        LocalError: the drill's pod does not start.
    """
    drill = _Drill(stack, context)
    drill.find()
    job = f"{CRON_JOB}-{int(time.time())}"
    drill.run("create", "job", f"--from=cronjob/{CRON_JOB}", job)
    reporter.info(f"{drill.namespace}: Job {job}")
    for container, title in STAGES.items():
        with reporter.step(title):
            if not drill.wait_for(job, container):
                break
            for line in drill.run("logs", "--follow", f"job/{job}", "--container", container).splitlines():
                reporter.info(f"  {line}")
    return 0 if drill.succeeded(job) else 1


class _Drill:
    """kubectl in the data namespace of a stack."""

    def __init__(self, stack: str, context: str | None) -> None:
        values = deploy.output_values(stack)
        self.namespace = _data_namespace(stack)
        if self.namespace not in (values.get("namespaces") or {}):
            raise PreflightError(
                f"stack = {stack}: it was never deployed from here. Run `make up STACK={stack}` first."
            )
        named = context_of(stack, context)
        self._command = [kubectl(), *(["--context", named] if named else []), "--namespace", self.namespace]
        self._environment = environment(stack, context)

    def find(self) -> None:
        """Make sure that there is a drill to run."""
        if self._try("get", "cronjob", CRON_JOB).returncode:
            raise PreflightError(
                f"there is no CronJob {CRON_JOB} in {self.namespace}. Write a postgres.backup.target and deploy."
            )

    def run(self, *arguments: str) -> str:
        """What kubectl printed."""
        result = self._try(*arguments)
        if result.returncode:
            raise LocalError(f"kubectl {arguments[0]}: {result.stderr.strip()}")
        return result.stdout

    def wait_for(self, job: str, container: str) -> bool:
        """Wait until a container of the Job's pod has started; False when the pod has ended without it."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            pods = json.loads(self.run("get", "pods", "-l", f"job-name={job}", "-o", "json"))["items"]
            status: dict[str, Any] = pods[0]["status"] if pods else {}
            states: list[dict[str, Any]] = [
                *status.get("initContainerStatuses", []),
                *status.get("containerStatuses", []),
            ]
            found: dict[str, dict[str, Any]] = {state["name"]: state["state"] for state in states}
            if {"running", "terminated"} & found.get(container, {}).keys():
                return True
            if status.get("phase") == "Failed":
                return False
            time.sleep(_POLL_SECONDS)
        raise LocalError(
            f"{container} of Job {job} did not start within {_START_SECONDS:.0f} s: "
            f"kubectl -n {self.namespace} describe job {job} says why"
        )

    def succeeded(self, job: str) -> bool:
        """Wait for the end of the Job; whether it was a good one."""
        while True:
            status = json.loads(self.run("get", "job", job, "-o", "json"))["status"]
            ended = {condition["type"] for condition in status.get("conditions", []) if condition["status"] == "True"}
            if ended & {"Complete", "Failed"}:
                return "Complete" in ended
            time.sleep(_POLL_SECONDS)

    def _try(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )


def _data_namespace(stack: str) -> str:
    """As the stack names it, or the default of the settings."""
    spaces: Mapping[str, str] = stack_config(stack).get("airflow-platform:namespaces") or {}
    return spaces.get("data", NamespaceSettings().data)
