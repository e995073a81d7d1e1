# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false
"""Second half of a restore drill: is what came back what it should be? Runs with Airflow's image, beside the instance.

Environment: MAX_DATA_LOSS_SECONDS, and PG* variables of the primary, which is told the outcome and asked for row counts.
"""

import base64
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from alembic.script import ScriptDirectory
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SECRETS = Path("/run/secrets/airflow-platform")
RESTORED = "host=/run/postgresql port=5432 dbname=airflow user=postgres sslmode=disable connect_timeout=10"
GROWING = {"dag_run", "task_instance", "serialized_dag"}
KEPT_SHARE = 0.9
"""Share of the rows of now that must be there; the rest may have come since, or be on its way out."""
MOVING_ROWS, STILL_ROWS = 100, 2
"""Rows that may be missing on top, in tables that grow all the time and in others."""


class FailedError(Exception):
    """What came back is not what it should be."""


def one(connection: Any, sql: str) -> Any:
    """The first row of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def counts(connection: Any) -> dict[str, int]:
    """Table to exact count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, rows FROM airflow_platform.row_counts()")
        return dict(cursor.fetchall())


def data_loss(restored: Any, read: float, allowed: int) -> float:
    """Seconds between the newest heartbeat that came back and the moment at which the archive had no more."""
    at = one(restored, "SELECT at FROM airflow_platform.heartbeat")[0]
    lost = max(0.0, (datetime.fromtimestamp(read, UTC) - at).total_seconds())
    print(f"newest heartbeat {at:%Y-%m-%d %H:%M:%S} UTC: {lost:.1f} s lost, {allowed} s allowed")
    if lost > allowed:
        raise FailedError(
            f"what came back is {lost:.0f} s old, {allowed} s are allowed: is a part of the archive missing?"
        )
    return lost


def head(restored: Any) -> None:
    """The schema is that of this image's Airflow."""
    package: Any = importlib.util.find_spec("airflow")
    folder = Path(package.submodule_search_locations[0]) / "migrations"
    wanted = ScriptDirectory(str(folder)).get_current_head()
    (found,) = one(restored, "SELECT version_num FROM alembic_version")
    print(f"Alembic head {found}")
    if found != wanted:
        raise FailedError(f"the schema is at {found}, this Airflow wants {wanted}")


def rows(restored: Any, live: Any) -> None:
    """Nearly as many rows as the primary has now."""
    now, then = counts(live), counts(restored)
    print("rows: " + ", ".join(f"{table} {count}" for table, count in sorted(then.items())))
    short = [
        f"{table} has {then.get(table, 0)} rows, the primary {count}"
        for table, count in sorted(now.items())
        if then.get(table, 0) < KEPT_SHARE * count - (MOVING_ROWS if table in GROWING else STILL_ROWS)
    ]
    if short:
        raise FailedError("; ".join(short))


def unsealed(document: dict[str, str], passphrase: str) -> dict[str, str]:
    """The keys of a sealed document; see `components/credentials/escrow.py`."""
    salt, sealed = (base64.b64decode(document[part]) for part in ("salt", "sealed"))
    cost = {key: int(value) for key, value in (part.split("=") for part in document["kdf"].split()[1:])}
    key = Scrypt(salt=salt, length=64, **cost).derive(passphrase.encode())
    return json.loads(AESSIV(key).decrypt(sealed, [b"airflow-platform escrow 1"]))


def fernet(restored: Any) -> MultiFernet:
    """What the keys of the restored escrow decrypt with, newest first: older ones open what was never encrypted anew."""
    passphrase = (SECRETS / "escrow-passphrase").read_text().strip()
    with restored.cursor() as cursor:
        cursor.execute("SELECT document FROM airflow_platform.escrow ORDER BY stored_at DESC")
        documents = [row[0] for row in cursor.fetchall()]
    if not documents:
        raise FailedError("no key escrow came back with the backup")
    texts: list[str] = []
    for document in documents:
        try:
            texts += unsealed(document, passphrase)["fernet_key"].split(",")
        except InvalidTag:
            # An older one may have been sealed with the passphrase before; the one in use may not.
            if document is documents[0]:
                raise FailedError(
                    "the key escrow of the backup does not open with the passphrase of this stack"
                ) from None
    return MultiFernet([Fernet(base64.urlsafe_b64encode(base64.b64decode(text))) for text in texts])


def connections(restored: Any, decrypt: Callable[[bytes], bytes]) -> int:
    """One encrypted connection opens with the key that came back; without any there is nothing to open."""
    row = one(
        restored,
        "SELECT conn_id, coalesce(nullif(password, ''), extra) FROM connection"
        " WHERE is_encrypted OR is_extra_encrypted ORDER BY id DESC LIMIT 1",
    ) or one(restored, "SELECT key, val FROM variable WHERE is_encrypted ORDER BY id DESC LIMIT 1")
    if row is None:
        print("no encrypted connection or variable to open")
        return 0
    try:
        decrypt(row[1].encode())
    except InvalidToken:
        raise FailedError(f"{row[0]} does not open with the key of the backup's escrow") from None
    print(f"{row[0]} opens with the key of the backup's escrow")
    return 1


def publish(live: Any, drill: dict[str, Any], outcome: dict[str, Any]) -> None:
    """Tell the primary."""
    with live, live.cursor() as cursor:
        cursor.execute(
            "UPDATE airflow_platform.restore_drill SET finished_at = now(), succeeded = %(succeeded)s,"
            " data_loss_seconds = %(lost)s, restore_seconds = %(restore_seconds)s, connections_opened = %(opened)s,"
            " detail = %(detail)s WHERE id = %(id)s",
            {"lost": None, "opened": None, "detail": "", **drill, **outcome},
        )


def main() -> int:
    """Exit code of the drill."""
    drill = json.loads(Path("/report/restore.json").read_text())
    os.environ["PGUSER"] = (SECRETS / "backup-user").read_text().strip()
    os.environ["PGPASSWORD"] = (SECRETS / "backup-password").read_text().strip()
    live, restored = psycopg2.connect(""), psycopg2.connect(RESTORED)
    outcome = {}
    try:
        outcome["lost"] = data_loss(restored, drill["read"], int(os.environ["MAX_DATA_LOSS_SECONDS"]))
        head(restored)
        rows(restored, live)
        outcome["opened"] = connections(restored, fernet(restored).decrypt)
    except FailedError as failure:
        print(f"FAILED: {failure}")
        live.rollback()
        publish(live, drill, {**outcome, "succeeded": False, "detail": str(failure)})
        return 1
    live.rollback()
    publish(live, drill, {**outcome, "succeeded": True})
    print(
        f"restore drill {drill['id']} succeeded: {outcome['lost']:.1f} s lost, restored in {drill['restore_seconds']} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
