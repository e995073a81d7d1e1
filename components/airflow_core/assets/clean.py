# pyright: basic, reportMissingModuleSource=false
"""Removes old rows: `clean.py '{"keep_days": 90, ...}'`; runs inside the Airflow image and may be cut off at any time.

First it looks whether a backup holds what will be removed, then it drops what earlier runs kept beside, then it becomes
`airflow db clean`, which moves batch after batch into tables of the schema `cleaning`, where they end or stay for a while.
"""

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

URL_FILE = Path("/run/secrets/airflow-platform/database_url")
SCHEMA = "cleaning"
NEWEST_BACKUP = "SELECT max(last_timestamp_seconds) FROM airflow_platform.backup_metrics WHERE kind = 'full'"
KEPT_TABLES = f"SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}' ORDER BY tablename"  # noqa: S608
_MADE_AT = re.compile(r"__(\d{14})(?:__b\d+)?$")


def too_old(newest: float | None, now: datetime, hours: int) -> str:
    """Why the newest full backup does not do; empty when it does."""
    if newest is None:
        return "there is no full backup"
    age = now - datetime.fromtimestamp(newest, UTC)
    if age > timedelta(hours=hours):
        return f"the newest full backup ended {age.total_seconds() / 3600:.0f} hours ago, and {hours} are allowed"
    return ""


def outlived(tables: list[str], now: datetime, days: int) -> list[str]:
    """Those of the kept tables whose time is over, by the time in their name."""
    oldest = now - timedelta(days=days)
    return [table for table in tables if (made := made_at(table)) is not None and made <= oldest]


def made_at(table: str) -> datetime | None:
    """When `airflow db clean` made a table; None for any other table."""
    found = _MADE_AT.search(table)
    return datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None


def command(told: dict[str, Any], now: datetime) -> list[str]:
    """`airflow db clean` with all that it is told."""
    before = now - timedelta(days=told["keep_days"])
    return [
        *("airflow", "db", "clean", "--yes"),
        # Without it a table that could not be cleaned is a warning, and the Job a success.
        "--error-on-cleanup-failure",
        *("--clean-before-timestamp", before.isoformat(timespec="seconds")),
        *("--batch-size", str(told["batch_size"])),
        *([] if told["archive_days"] else ["--skip-archive"]),
        *(["--tables", ",".join(told["tables"])] if told["tables"] else []),
    ]


def prepare(told: dict[str, Any], now: datetime) -> None:
    """Look for the backup and drop what has been kept long enough.

    Raises:
        SystemExit: nothing may be removed yet.
    """
    import psycopg2  # noqa: PLC0415 - in the image alone
    from psycopg2 import sql  # noqa: PLC0415

    database = psycopg2.connect(URL_FILE.read_text().strip().replace("postgresql+psycopg2://", "postgresql://"))
    database.autocommit = True
    with database, database.cursor() as cursor:
        if told["backup_hours"]:
            cursor.execute(NEWEST_BACKUP)
            (newest,) = cursor.fetchone() or (None,)
            if reason := too_old(newest, now, told["backup_hours"]):
                raise SystemExit(f"nothing is removed: {reason}")
        cursor.execute(KEPT_TABLES)
        for table in outlived([name for (name,) in cursor.fetchall()], now, told["archive_days"]):
            say(f"dropping {table}, kept for {told['archive_days']} days")
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(SCHEMA, table)))
    database.close()


def say(text: str) -> None:
    """A line of the Job's log, before whatever follows it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Prepare, then become the command."""
    told, now = json.loads(sys.argv[1]), datetime.now(UTC)
    prepare(told, now)
    words = command(told, now)
    say(" ".join(words))
    os.execvp(words[0], words)  # noqa: S606 - the Job's log and end are the command's


if __name__ == "__main__":
    main()
