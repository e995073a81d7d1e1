"""Runs the DAG `platform_smoke` through the public API and checks what came of it: `python -m local.smoke --help`."""

import secrets
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from local.airflow_api import POLL_SECONDS, AirflowApi, is_ok
from local.errors import LocalError
from local.progress import ConsoleReporter, Reporter, Step

DAG_ID = "platform_smoke"
VARIABLE = "platform_smoke_marker"
CONNECTION = "platform_smoke"
MAPPED_TASK, MAPPED_COUNT = "weigh", 10
RETRIED_TASK = "fail_once"
SUMMARY = "platform smoke: total 231, resumed, succeeded on try 2"
EXPECTED_TASKS = {
    "read_configuration": 1,
    "list_items": 1,
    MAPPED_TASK: MAPPED_COUNT,
    "add_up": 1,
    "wait_on_triggerer": 1,
    RETRIED_TASK: 1,
    "conclude": 1,
}

_LOG_LINES = 15
_UNFINISHED = {"queued", "running"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeResult:
    """What a run came to.

    Attributes:
        run_id: of the DAG run.
        run_seconds: from the run's start to its end, as Airflow measured it.
        total_seconds: from the first request to the last check.
        tasks: task instances that succeeded.
        retried: task ids that took more than one try without meaning to.
    """

    run_id: str
    run_seconds: float
    total_seconds: float
    tasks: int
    retried: tuple[str, ...]


def run_smoke(
    base_url: str,
    ca_file: Path | None,
    user: str,
    password: str,
    timeout: float,
    report: Reporter,
    *,
    host: str | None = None,
) -> SmokeResult:
    """Trigger the DAG, wait for its end, and check states, tries and logs.

    Args:
        base_url: of the platform, such as `https://localhost:8443`.
        ca_file: authority that signed its certificate; None for the system's own.
        user: who may trigger DAGs.
        password: theirs.
        timeout: seconds for all of it.
        report: where progress goes.
        host: name that the server's certificate carries, when `base_url` has an address instead.

    Raises:
        LocalError: something did not come out as it should; names the task and shows its last log lines.
    """
    started = time.monotonic()
    with AirflowApi.connect(base_url, ca_file, host, deadline=started + timeout) as api:
        smoke = _Smoke(api, report)
        with report.step("Log in to the public API"):
            api.log_in(user, password)
        with report.step(f"Find the DAG {DAG_ID}"):
            was_paused = smoke.find()
        smoke.prepare()
        run_id = smoke.trigger()
        try:
            with report.step(f"Run {DAG_ID} ({run_id})") as step:
                run = smoke.wait(run_id, step)
            with report.step("Read states, tries and logs back"):
                tasks = smoke.check(run)
        finally:
            if was_paused:
                smoke.pause(paused=True)
    result = SmokeResult(
        run_id=run_id,
        run_seconds=float(run["duration"] or 0.0),
        total_seconds=time.monotonic() - started,
        tasks=len(tasks),
        retried=_retried(tasks),
    )
    report.info(
        f"{DAG_ID}: {result.tasks} tasks succeeded in {result.run_seconds:.1f} s (all in all {result.total_seconds:.1f} s)"
    )
    if result.retried:
        report.warn(f"took a second try without meaning to: {', '.join(result.retried)}")
    return result


def _retried(tasks: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({task["task_id"] for task in tasks if task["try_number"] > 1} - {RETRIED_TASK}))


class _Smoke:
    """The steps of one run."""

    def __init__(self, api: AirflowApi, report: Reporter) -> None:
        self._api = api
        self._report = report
        self._marker = f"smoke-{secrets.token_hex(8)}"
        self._password = f"hidden-{secrets.token_hex(8)}"

    def find(self) -> bool:
        """Wait until the DAG is known and turn it on. Returns whether it was paused."""
        dag = self._api.until(
            f"/dags/{DAG_ID}",
            is_ok,
            f"the DAG {DAG_ID} does not appear; look at the dag-processor's log and the import errors of the user "
            "interface",
        ).json()
        if dag["is_paused"]:
            self.pause(paused=False)
        return bool(dag["is_paused"])

    def pause(self, *, paused: bool) -> None:
        """Turn the DAG off or on."""
        self._api.ask("PATCH", f"/dags/{DAG_ID}", {"is_paused": paused})

    def prepare(self) -> None:
        """Write the Variable and the Connection that the run reads, with a marker of its own."""
        variable = {"key": VARIABLE, "value": self._marker, "description": f"read by {DAG_ID}"}
        connection = {
            "connection_id": CONNECTION,
            "conn_type": "generic",
            "host": self._marker,
            "password": self._password,
            "description": f"read by {DAG_ID}",
        }
        self._api.write_all("/variables", variable)
        self._api.write_all("/connections", connection)

    def trigger(self) -> str:
        """Start a run; returns its id."""
        run_id = f"smoke__{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}__{secrets.token_hex(2)}"
        self._api.ask("POST", f"/dags/{DAG_ID}/dagRuns", {"dag_run_id": run_id, "logical_date": None})
        return run_id

    def wait(self, run_id: str, step: Step) -> dict[str, Any]:
        """Wait for the end of the run."""
        while True:
            run = self._api.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}").json()
            states = Counter(str(task["state"] or "waiting") for task in self._tasks(run_id))
            told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
            step.note(told)
            if run["state"] not in _UNFINISHED:
                return run
            if self._api.expired():
                raise LocalError(
                    f"{DAG_ID} ({run_id}) is still {run['state']} after the time limit: {told}.\n{self._unfinished(run_id)}"
                )
            time.sleep(POLL_SECONDS)

    def check(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        """Hold the finished run against what it should be."""
        run_id, tasks = run["dag_run_id"], self._tasks(run["dag_run_id"])
        for task in tasks:
            if task["state"] != "success":
                raise LocalError(f"{DAG_ID} ({run_id}): {self._story(run_id, task)}")
        if run["state"] != "success":
            raise LocalError(f"{DAG_ID} ({run_id}) ended as {run['state']} although no task failed")
        found = Counter(task["task_id"] for task in tasks)
        if found != EXPECTED_TASKS:
            raise LocalError(f"{DAG_ID} ({run_id}) ran {dict(found)} instead of {EXPECTED_TASKS}")
        self._check_failed_try(run_id)
        self._check_log(run_id, "read_configuration", f"smoke marker {self._marker}")
        self._check_log(run_id, "wait_on_triggerer", "woken by the triggerer")
        self._check_log(run_id, "conclude", SUMMARY)
        return tasks

    def _check_failed_try(self, run_id: str) -> None:
        path = f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/{RETRIED_TASK}/tries"
        tries = {item["try_number"]: item["state"] for item in self._api.ask("GET", path).json()["task_instances"]}
        if tries.keys() != {1, 2} or tries[1] == "success" or tries[2] != "success":
            raise LocalError(
                f"{DAG_ID} ({run_id}): task {RETRIED_TASK} should fail once and succeed, its tries: {tries}"
            )
        self._check_log(run_id, RETRIED_TASK, "the first try fails on purpose", try_number=1)

    def _check_log(self, run_id: str, task_id: str, wanted: str, try_number: int | None = None) -> None:
        number = try_number or next(t["try_number"] for t in self._tasks(run_id) if t["task_id"] == task_id)
        path = self._log_path(run_id, task_id, number)

        def complete(answer: httpx.Response) -> bool:
            return wanted in "\n".join(log_lines(answer))

        def end_of_log(answer: httpx.Response) -> str:
            return "\n".join(log_lines(answer)[-_LOG_LINES:])

        answer = self._api.until(
            path,
            complete,
            f"{DAG_ID} ({run_id}): the log of task {task_id}, try {number}, does not say {wanted!r}",
            show=end_of_log,
            patience=30.0,
        )
        if self._password in answer.text:
            raise LocalError(f"{DAG_ID} ({run_id}): the log of task {task_id} shows the Connection's password unmasked")

    def _tasks(self, run_id: str) -> list[dict[str, Any]]:
        answer = self._api.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances?limit=100")
        return answer.json()["task_instances"]

    def _unfinished(self, run_id: str) -> str:
        tasks = [task for task in self._tasks(run_id) if task["state"] not in ("success", None)]
        return "\n".join(self._story(run_id, task) for task in tasks[:3])

    def _story(self, run_id: str, task: dict[str, Any]) -> str:
        """What happened to a task instance, with the end of its log."""
        mapped = "" if task["map_index"] == -1 else f"[{task['map_index']}]"
        title = f"task {task['task_id']}{mapped} is {task['state'] or 'waiting'} (try {task['try_number']})"
        if not task["try_number"]:
            return title
        path = self._log_path(run_id, task["task_id"], task["try_number"])
        answer = self._api.ask("GET", f"{path}&map_index={task['map_index']}", accept_errors=True)
        lines = log_lines(answer)[-_LOG_LINES:]
        return "\n".join([f"{title}; the end of its log:", *(f"  {line}" for line in lines)])

    @staticmethod
    def _log_path(run_id: str, task_id: str, try_number: int) -> str:
        return f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}?full_content=true"


def log_lines(answer: httpx.Response) -> list[str]:
    """The messages of a task log."""
    if answer.is_error:
        return [f"(the log cannot be read: {answer.status_code} {answer.text[:300]})"]
    content: list[dict[str, Any]] = answer.json()["content"]
    return [line for entry in content for line in _entry_lines(entry)]


def _entry_lines(entry: dict[str, Any]) -> list[str]:
    errors: list[dict[str, Any]] = entry.get("error_detail") or []
    causes = [f"{error['exc_type']}: {error['exc_value']}" for error in errors]
    return [*str(entry.get("event", "")).splitlines(), *causes]


def _command(
    url: Annotated[str, typer.Option(help="The platform, such as https://localhost:8443.")],
    password: Annotated[
        str, typer.Option(envvar="AIRFLOW_PLATFORM_PASSWORD", prompt=True, hide_input=True, help="The user's password.")
    ],
    user: Annotated[str, typer.Option(help="Who triggers the run.")] = "admin",
    ca_file: Annotated[Path | None, typer.Option(help="PEM file of the platform's authority.")] = None,
    host: Annotated[str | None, typer.Option(help="Name in the certificate, if it is not the URL's.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for all of it.")] = 600.0,
) -> None:
    """Run the DAG platform_smoke on a platform and check what comes of it."""
    reporter = ConsoleReporter()
    try:
        run_smoke(url, ca_file, user, password, timeout, reporter, host=host)
    except LocalError as error:
        reporter.warn(str(error))
        raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    typer.run(_command)
