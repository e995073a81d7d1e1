# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false
"""Ends a change of Airflow's version: one run of the DAG `platform_smoke`, and if it succeeds the other DAGs go on.

`resume.py '{"version": "3.3.2", "canary": true, "seconds": 900}'` inside the Airflow image, once every pod is one of the new
version. Where no change waits for it, it does nothing. May run any number of times.
"""

import json
import secrets
import sys
from typing import Any

from upgrades import CANARY, REFUSED, Change, RefusedError, ask, connect, say, wait_until

_VARIABLE, _CONNECTION = "platform_smoke_marker", "platform_smoke"
_PARSED = "SELECT dag_id FROM dag WHERE dag_id = ANY(%s) AND NOT is_stale AND (last_parsed_time IS NULL OR last_parsed_time < %s)"


def unparsed(database: Any, change: Change, dags: list[str]) -> str:
    """Those that the new version has not read yet; what the other wrote of them may say nothing to it."""
    left = [name for (name,) in ask(database, _PARSED, (dags, change["changed_at"]))]
    return f"{len(left)} DAGs are not parsed yet, {left[0]} among them" if left else ""


def try_canary(database: Any, change: Change, seconds: float) -> None:
    """One run through scheduler, broker, worker, execution API and triggerer.

    Raises:
        RefusedError: it did not succeed.
    """
    wait_until(lambda: unparsed(database, change, [CANARY]), seconds, "the new version does not parse its DAGs")
    ask(database, "UPDATE dag SET is_paused = false WHERE dag_id = %s", (CANARY,))
    run = trigger()
    say(f"canary {run} begun")
    wait_until(lambda: unended(database, run), seconds, "the canary does not end")
    [[state]] = ask(database, "SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s", (CANARY, run))
    if state != "success":
        failed = ask(
            database,
            "SELECT task_id, state FROM task_instance WHERE dag_id = %s AND run_id = %s AND state <> 'success'",
            (CANARY, run),
        )
        raise RefusedError(f"the canary {run} ended as {state}: {', '.join(f'{task} {end}' for task, end in failed)}")
    say("the canary succeeded")


def unended(database: Any, run: str) -> str:
    """What is left of the canary's run."""
    rows = ask(
        database,
        "SELECT state, count(*) FROM task_instance WHERE dag_id = %s AND run_id = %s GROUP BY state ORDER BY state",
        (CANARY, run),
    )
    [[state]] = ask(database, "SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s", (CANARY, run))
    if state in ("success", "failed"):
        return ""
    return f"the canary is {state}: {', '.join(f'{count} {of}' for of, count in rows)}"


def trigger() -> str:
    """Begin a run with all that it reads; its name."""
    from airflow.api.common.trigger_dag import trigger_dag  # noqa: PLC0415 - in the image alone
    from airflow.models import Connection, Variable  # noqa: PLC0415
    from airflow.utils.session import create_session  # noqa: PLC0415
    from airflow.utils.types import DagRunTriggeredByType  # noqa: PLC0415
    from sqlalchemy import select  # noqa: PLC0415

    marker, run = f"canary-{secrets.token_hex(8)}", f"canary__{secrets.token_hex(8)}"
    with create_session() as session:
        Variable.set(_VARIABLE, marker, session=session)
        connection = session.scalar(select(Connection).where(Connection.conn_id == _CONNECTION))
        if connection is None:
            connection = Connection(conn_id=_CONNECTION, conn_type="generic")
            session.add(connection)
        connection.host = marker
        connection.set_password(f"hidden-{marker}")
    trigger_dag(CANARY, triggered_by=DagRunTriggeredByType.CLI, run_id=run)
    return run


def resume(told: dict[str, Any], database: Any) -> None:
    """Try, then let go on.

    Raises:
        RefusedError: the canary did not succeed.
    """
    change = Change.to_resume(database)
    if change is None:
        say("no change of the version waits")
        return
    if told["canary"]:
        try_canary(database, change, told["seconds"])
    try:
        wait_until(lambda: unparsed(database, change, change["paused"]), told["seconds"], "still")
    except RefusedError as error:
        # Their own import errors are no reason to keep all others waiting.
        say(f"{error}")
    change.unpause()


def main() -> int:
    """Exit code: 2 for what a person has to look at."""
    told: dict[str, Any] = json.loads(sys.argv[1])
    database = connect()
    try:
        resume(told, database)
    except RefusedError as error:
        say(
            f"refused:\n{error}\nThe other DAGs still wait. Mend what the tasks' logs name and deploy again, go back to the "
            "version before, or set airflow.migration.canary: false to let them go on all the same."
        )
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
