"""Load for drills and measurements: many short tasks, each of which says to an address of yours that it ran.

Has no schedule. Parameters: how many tasks, how many seconds each sleeps, and `report_to`, a URL that every execution
is reported to with run, task and an identity of its own, before it sleeps: a task that ran twice is seen twice.
"""

import json
import time
import urllib.request
import uuid
from datetime import timedelta

from airflow.sdk import Param, dag, get_current_context, task

DAG_ID = "platform_load"
REPORT_TRIES = 3


def report(url: str, execution: dict[str, str | int]) -> None:
    """Tell `url` of an execution; fails when it cannot be told."""
    request = urllib.request.Request(url, data=json.dumps(execution).encode(), method="POST")  # noqa: S310 - from conf
    for left in reversed(range(REPORT_TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310
                return
        except OSError:
            if not left:
                raise
            time.sleep(0.5)


@task
def list_work() -> list[int]:
    """One number per task."""
    return list(range(get_current_context()["params"]["tasks"]))


# A task that is retried is one that failed: the measurement wants to see it.
@task(retries=2, retry_delay=timedelta(seconds=1))
def work(number: int) -> int:
    """Report and sleep."""
    context = get_current_context()
    params, instance = context["params"], context["ti"]
    if params["report_to"]:
        execution = {"run": instance.run_id, "task": number, "try": instance.try_number, "execution": uuid.uuid4().hex}
        report(params["report_to"], execution)
    time.sleep(params["seconds"])
    return number


@dag(
    dag_id=DAG_ID,
    schedule=None,
    catchup=False,
    max_active_runs=2,
    dagrun_timeout=timedelta(hours=1),
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1), "owner": "platform"},
    params={
        "tasks": Param(100, type="integer", minimum=1, maximum=1000),
        "seconds": Param(1.0, type="number", minimum=0, maximum=600),
        "report_to": Param("", type="string"),
    },
    tags=["platform"],
    doc_md=__doc__,
)
def platform_load() -> None:
    """Map the work over the numbers."""
    work.expand(number=list_work())


platform_load()
