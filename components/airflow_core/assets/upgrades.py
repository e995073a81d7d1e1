# pyright: basic, reportMissingModuleSource=false
"""What is kept of a change of Airflow's version, and what is taken away while it lasts; for `migrate.py` and `resume.py`.

Runs inside the Airflow image. A row of `upgrades.change` is one such change: what it took away stands there before it is
taken, so that whoever comes next can bring it back.
"""

import json
import os
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

SECRETS = Path("/run/secrets/airflow-platform")
REFUSED = 2
"""Exit code of what trying again would not help."""
CANARY = "platform_smoke"
"""The DAG that runs while all others wait."""

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_GONE_SECONDS = 180
_TABLES = """
CREATE SCHEMA IF NOT EXISTS upgrades;
CREATE TABLE IF NOT EXISTS upgrades.change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  to_version text NOT NULL,
  from_head text,
  to_head text NOT NULL,
  begun_at timestamptz NOT NULL DEFAULT now(),
  backup text,
  replicas jsonb NOT NULL DEFAULT '{}',
  paused text[] NOT NULL DEFAULT '{}',
  changed_at timestamptz,
  given_up_at timestamptz,
  resumed_at timestamptz
);
"""


class RefusedError(Exception):
    """Something that has to be changed by a person; the text says what and how."""


def say(text: str) -> None:
    """A line of the Job's log, with the time, before whatever follows it."""
    print(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}", flush=True)  # noqa: T201


def connect() -> Any:
    """The metadata database; every statement is a transaction."""
    import psycopg2  # noqa: PLC0415 - in the image alone

    url = (SECRETS / "database_url").read_text().strip()
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"))
    connection.autocommit = True
    return connection


def ask(connection: Any, statement: str, values: Iterable[object] = ()) -> list[tuple]:
    """The rows of one statement; none of one that returns none."""
    with connection.cursor() as cursor:
        cursor.execute(statement, tuple(values))
        return cursor.fetchall() if cursor.description else []


def wait_until(done: Callable[[], str], seconds: float, complaint: str) -> None:
    """Ask every two seconds until nothing is left to wait for; what is left is said whenever it changes.

    Raises:
        RefusedError: it takes longer.
    """
    deadline, before = time.monotonic() + seconds, ""
    while left := done():
        if time.monotonic() >= deadline:
            raise RefusedError(f"{complaint}: {left}")
        if left != before:
            say(f"waiting: {left}")
            before = left
        time.sleep(2)


class Change:
    """One row of `upgrades.change`."""

    def __init__(self, connection: Any, number: int) -> None:
        self._connection, self._number = connection, number

    @classmethod
    def under_way(cls, connection: Any) -> "Change | None":
        """The one that was begun and neither came to its end nor was given up."""
        return cls._found(connection, "changed_at IS NULL AND given_up_at IS NULL")

    @classmethod
    def to_resume(cls, connection: Any) -> "Change | None":
        """The one whose tables are changed and whose DAGs still wait."""
        return cls._found(connection, "changed_at IS NOT NULL AND resumed_at IS NULL")

    @classmethod
    def begin(cls, connection: Any, to_version: str, from_head: str | None, to_head: str) -> "Change":
        """A new one, before anything is touched; what an earlier one took away and did not bring back is this one's then."""
        [[number]] = ask(
            connection,
            "WITH earlier AS (UPDATE upgrades.change SET resumed_at = now() WHERE resumed_at IS NULL "
            "RETURNING id, replicas, paused) "
            "INSERT INTO upgrades.change (to_version, from_head, to_head, replicas, paused) SELECT %s, %s, %s, "
            "coalesce((SELECT replicas FROM earlier ORDER BY id DESC LIMIT 1), '{}'), "
            "coalesce((SELECT array_agg(DISTINCT dag) FROM earlier, unnest(paused) AS dag), '{}') RETURNING id",
            (to_version, from_head, to_head),
        )
        return cls(connection, number)

    @classmethod
    def _found(cls, connection: Any, condition: str) -> "Change | None":
        rows = ask(connection, f"SELECT id FROM upgrades.change WHERE {condition} ORDER BY id DESC LIMIT 1")  # noqa: S608
        return cls(connection, rows[0][0]) if rows else None

    def __getitem__(self, column: str) -> Any:
        """A value of the row."""
        return ask(self._connection, f"SELECT {column} FROM upgrades.change WHERE id = %s", (self._number,))[0][0]  # noqa: S608

    def note(self, column: str, value: object) -> None:
        """Write a value into the row."""
        ask(self._connection, f"UPDATE upgrades.change SET {column} = %s WHERE id = %s", (value, self._number))  # noqa: S608

    def stamp(self, column: str) -> None:
        """Write the time of now into the row."""
        ask(self._connection, f"UPDATE upgrades.change SET {column} = now() WHERE id = %s", (self._number,))  # noqa: S608

    def pause(self) -> None:
        """Let no DAG but the canary make new tasks; which ones waited before is kept."""
        ask(
            self._connection,
            "WITH stopped AS (UPDATE dag SET is_paused = true WHERE NOT is_paused AND dag_id <> %s RETURNING dag_id) "
            "UPDATE upgrades.change SET paused = paused || (SELECT coalesce(array_agg(dag_id::text), '{}') FROM stopped) "
            "WHERE id = %s",
            (CANARY, self._number),
        )
        say(f"{len(self['paused'])} DAGs wait; tasks that run go on")

    def unpause(self) -> None:
        """Let go on what was paused by this change."""
        ask(self._connection, "UPDATE dag SET is_paused = false WHERE dag_id = ANY(%s)", (self["paused"],))
        self.stamp("resumed_at")
        say(f"{len(self['paused'])} DAGs go on")


def prepare_tables(connection: Any, reader: str) -> None:
    """Make the table; `reader` is the role, where there is one, by which the other Job sees to the end of a change."""
    ask(connection, _TABLES)
    if ask(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", (reader,)):
        ask(connection, f"GRANT USAGE ON SCHEMA upgrades TO {reader}")
        ask(connection, f"GRANT SELECT, UPDATE ON upgrades.change TO {reader}")


class Workloads:
    """The Deployments that are taken away while the tables change; one that is not there is left out."""

    def __init__(self, namespace: str, names: list[str]) -> None:
        import httpx  # noqa: PLC0415 - in the image alone

        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        self._names, self._space = names, f"namespaces/{namespace}"
        self._client = httpx.Client(
            base_url=f"https://{host}:{port}",
            verify=ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt")),
            timeout=10.0,
        )

    def take_away(self, change: Change) -> None:
        """Scale them to nothing and wait until their last pod is gone."""
        kept: dict[str, int] = change["replicas"]
        for name in self._names:
            now = self._replicas(name)
            # Nothing but an earlier try leaves none of them.
            if now is not None and (now or name not in kept):
                kept[name] = now
        change.note("replicas", json.dumps(kept))
        for name in kept:
            self._scale(name, 0)
        say(f"stopping {', '.join(kept) or 'nothing'}")
        wait_until(self._pods, _GONE_SECONDS, "these pods do not end")

    def bring_back(self, change: Change) -> None:
        """As many of each as there were."""
        for name, replicas in change["replicas"].items():
            self._scale(name, replicas)
            say(f"{name} is back at {replicas}")

    def _replicas(self, name: str) -> int | None:
        answer = self._call("GET", f"apis/apps/v1/{self._space}/deployments/{name}/scale")
        return None if answer is None else int(answer["spec"].get("replicas", 0))

    def _scale(self, name: str, replicas: int) -> None:
        self._call("PATCH", f"apis/apps/v1/{self._space}/deployments/{name}/scale", {"spec": {"replicas": replicas}})

    def _pods(self) -> str:
        selector = f"app.kubernetes.io/name in ({','.join(self._names)})"
        found = self._call("GET", f"api/v1/{self._space}/pods", selector=selector) or {"items": []}
        return ", ".join(sorted(pod["metadata"]["name"] for pod in found["items"]))

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, selector: str | None = None
    ) -> dict[str, Any] | None:
        answer = self._client.request(
            method,
            f"/{path}",
            params={"labelSelector": selector} if selector else None,
            content=json.dumps(body) if body is not None else None,
            headers={
                # The kubelet renews it.
                "Authorization": f"Bearer {(_ACCOUNT / 'token').read_text()}",
                "Content-Type": "application/merge-patch+json",
            },
        )
        return None if answer.status_code == 404 else answer.raise_for_status().json()
