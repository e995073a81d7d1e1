"""Proves that the platform works from end to end: one run touches every part that a task needs.

It reads a Variable and a Connection, maps ten tasks over a file, passes XComs, waits on the triggerer, and fails one
try on purpose. It has no schedule: `python -m local.smoke` creates the Variable and the Connection, triggers a run
through the public API and reads states and logs back.
"""

import csv
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator, Connection, Variable, dag, get_current_context, task

if TYPE_CHECKING:
    from airflow.sdk import Context

DAG_ID = "platform_smoke"
VARIABLE = "platform_smoke_marker"
CONNECTION = "platform_smoke"
ITEMS = Path(__file__).parent / "data" / "platform_smoke.csv"
ITEM_COUNT = 10
TOTAL_WEIGHT = 231


class WaitOnTriggerer(BaseOperator):
    """Gives its worker slot back and comes back after `seconds`, woken by the triggerer."""

    def __init__(self, *, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds

    def execute(self, context: "Context") -> None:
        """Hand the wait to the triggerer."""
        del context
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=self.seconds)), method_name="resume")

    def resume(self, context: "Context", event: Any = None) -> str:
        """Go on after the wait."""
        del context
        print(f"woken by the triggerer: {event}")
        return "resumed"


@task
def read_configuration() -> str:
    """Read the Variable and the Connection through the execution API; they carry the same marker."""
    marker = Variable.get(VARIABLE)
    connection = Connection.get(CONNECTION)
    if connection.host != marker:
        raise ValueError(f"Connection {CONNECTION!r} has host {connection.host!r}, Variable {VARIABLE!r} is {marker!r}")
    print(f"smoke marker {marker}, password {connection.password}")
    return marker


@task
def list_items(marker: str) -> list[dict[str, str]]:
    """Read the file that is shipped beside this DAG."""
    del marker
    with ITEMS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@task
def weigh(item: dict[str, str]) -> int:
    """One mapped task per line of the file."""
    return int(item["weight"])


@task
def add_up(weights: list[int]) -> int:
    """Collect the XComs of all mapped tasks."""
    weights = list(weights)
    if len(weights) != ITEM_COUNT or sum(weights) != TOTAL_WEIGHT:
        raise ValueError(f"expected {ITEM_COUNT} weights that add up to {TOTAL_WEIGHT}, got {weights}")
    return sum(weights)


@task(retries=1, retry_delay=timedelta(seconds=1))
def fail_once() -> str:
    """Fail the first try on purpose and succeed on the second."""
    number = get_current_context()["ti"].try_number
    if number == 1:
        raise RuntimeError("the first try fails on purpose")
    return f"succeeded on try {number}"


@task
def conclude(total: int, waited: str, retried: str) -> str:
    """Say in the log what the whole run came to."""
    summary = f"platform smoke: total {total}, {waited}, {retried}"
    print(summary)
    return summary


@dag(
    dag_id=DAG_ID,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=15),
    default_args={"retries": 1, "retry_delay": timedelta(seconds=5), "owner": "platform"},
    tags=["platform"],
    doc_md=__doc__,
)
def platform_smoke() -> None:
    """Put the tasks in order."""
    total = add_up(weigh.expand(item=list_items(read_configuration())))
    wait = WaitOnTriggerer(task_id="wait_on_triggerer", seconds=2)
    conclude(total, wait.output, fail_once())


platform_smoke()
