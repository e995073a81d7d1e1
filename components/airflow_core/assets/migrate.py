# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false
"""Brings the metadata database to the version of this image: `migrate.py '{"version": "3.3.2", ...}'`.

With `downgrade_to` it goes back to what an older version knows, which the newer image alone can. A change of the tables is
refused before anything is touched where it cannot work, follows a backup, and finds nobody at work who reads or writes
the tables by themselves. May run any number of times, and goes on where it was cut off.
"""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from upgrades import REFUSED, Change, RefusedError, Workloads, ask, connect, prepare_tables, say, wait_until

AIRFLOW, LOGIN = "alembic_version", "alembic_version_fab"
"""Where Airflow and its login provider keep the revision of their tables."""
_PACKAGES = {AIRFLOW: ("airflow", "migrations"), LOGIN: ("airflow.providers.fab", "migrations")}
UNFINISHED = ("queued", "restarting", "running")

ASK_FOR_BACKUP = "INSERT INTO airflow_platform.backup_request (kind) VALUES ('diff') RETURNING id"
BACKUP_STATE = """
    SELECT CASE WHEN started_at IS NULL THEN 'the backup waits for its turn'
      WHEN finished_at IS NULL THEN 'the backup is being taken' ELSE '' END,
      exit_code, detail, to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
    FROM airflow_platform.backup_request WHERE id = %s
"""


class Image:
    """What this image knows of the tables."""

    def __init__(self) -> None:
        import importlib  # noqa: PLC0415 - Airflow is in the image alone

        from alembic.script import ScriptDirectory  # noqa: PLC0415

        self.version = version_of("apache-airflow-core")
        self._scripts = {
            table: ScriptDirectory(str(Path(importlib.import_module(package).__path__[0]) / folder))
            for table, (package, folder) in _PACKAGES.items()
        }

    def head(self, table: str = AIRFLOW) -> str:
        """The newest revision that it knows."""
        return self._scripts[table].get_current_head() or ""

    def knows(self, table: str, revision: str) -> bool:
        """Whether it could work on from there."""
        return revision in {script.revision for script in self._scripts[table].walk_revisions()}

    def is_above(self, revision: str, lower: str) -> bool:
        """Whether tables of a revision hold more than those of another."""
        above = {script.revision for script in self._scripts[AIRFLOW].walk_revisions(lower, "heads")} - {lower}
        return revision in above

    @staticmethod
    def head_of(version: str) -> str:
        """The revision of an older version's tables."""
        from airflow.cli.commands.db_command import _get_version_revision  # noqa: PLC0415

        return _get_version_revision(version) or ""

    @staticmethod
    def removed(keys: dict[str, list[str]]) -> list[str]:
        """Keys of our configuration that this Airflow does not read any more, as `airflow config lint` would say."""
        from airflow.cli.commands.config_command import CONFIGS_CHANGES  # noqa: PLC0415

        written = {(section, key.removesuffix("_cmd")) for section, names in keys.items() for key in names}
        return sorted(
            f"[{change.config.section}] {change.config.option}"
            for change in CONFIGS_CHANGES
            if (change.config.section, change.config.option) in written
            and (change.was_removed or change.renamed_to)
            and not change.default_change
            and change.is_invalid_if is None
            and change.remove_if_equals is None
        )


def revision(database: Any, table: str = AIRFLOW) -> str | None:
    """Of the tables as they are; None where there are none yet."""
    [[there]] = ask(database, "SELECT to_regclass(%s) IS NOT NULL", (f"public.{table}",))
    rows = ask(database, f"SELECT version_num FROM {table}") if there else []  # noqa: S608 - one of two names
    return rows[0][0] if rows else None


def look(told: dict[str, Any], image: Image, database: Any) -> None:
    """Everything that can be known before anything is touched.

    Raises:
        RefusedError: it cannot work; all reasons at once.
    """
    reasons = []
    if image.version != told["version"]:
        key = "airflow.migration.downgrade.fromVersion" if told["downgrade_to"] else "airflow.version"
        reasons.append(f"{key} = {told['version']}: the image holds Airflow {image.version}. Write {image.version}.")
    reasons += [
        f"airflow.cfg: Airflow {image.version} does not read {key} any more." for key in image.removed(told["keys"])
    ]
    for table in (AIRFLOW, LOGIN):
        found = revision(database, table)
        if found is not None and not image.knows(table, found):
            reasons.append(_too_new(image, database, table, found))
    if reasons:
        raise RefusedError("\n".join(reasons))


def _too_new(image: Image, database: Any, table: str, found: str) -> str:
    rows = ask(
        database,
        "SELECT to_version, to_char(changed_at, 'YYYY-MM-DD HH24:MI') FROM upgrades.change "
        "WHERE to_head = %s AND changed_at IS NOT NULL ORDER BY id DESC LIMIT 1",
        (found,),
    )
    by = f", brought there by Airflow {rows[0][0]} at {rows[0][1]} UTC" if rows else ""
    return (
        f"airflow.version = {image.version}: the database is newer ({table} is at {found}{by}), and this image ends at "
        f"{image.head(table)}. Nothing was changed. Deploy the newer image again, or set airflow.migration.downgrade to "
        "its version and image: that deletes what only the newer version keeps."
    )


def is_due(image: Image, database: Any) -> bool:
    """Whether there are tables of another revision."""
    found = {table: revision(database, table) for table in (AIRFLOW, LOGIN)}
    return found[AIRFLOW] is not None and any(found[table] not in (None, image.head(table)) for table in found)


def migrate(told: dict[str, Any], image: Image, database: Any) -> None:
    """To the newest revision that this image knows."""
    under_way = Change.under_way(database)
    if under_way is not None and not is_due(image, database):
        _settle(told, database, under_way)
    if is_due(image, database):
        with changed(told, database, image.version, image.head()):
            run("airflow", "db", "migrate")
    else:
        empty = revision(database) is None
        run("airflow", "db", "migrate")
        if empty:
            made = Change.begin(database, image.version, None, image.head())
            made.stamp("changed_at")
            made.stamp("resumed_at")


def downgrade(told: dict[str, Any], image: Image, database: Any) -> None:
    """To the revision of an older version; nothing where the tables are no newer than that."""
    version = told["downgrade_to"]
    target, found = image.head_of(version), revision(database)
    if found is None or not image.is_above(found, target):
        say(f"the tables are at {found}, those of Airflow {version} are at {target}: nothing is to be taken back")
        return
    with changed(told, database, version, target):
        wait_until(lambda: unfinished(database), told["task_seconds"], "tasks of the newer version do not end")
        run("airflow", "db", "downgrade", "--to-version", version, "--yes")


def unfinished(database: Any) -> str:
    """Tasks that the newer version has begun and an older one could not end."""
    rows = ask(
        database,
        "SELECT state, count(*) FROM task_instance WHERE state = ANY(%s) GROUP BY state ORDER BY state",
        (list(UNFINISHED),),
    )
    return ", ".join(f"{count} {state}" for state, count in rows)


def _settle(told: dict[str, Any], database: Any, change: Change) -> None:
    """A change that was cut off, and whose end or beginning the tables now stand at."""
    if revision(database) == change["to_head"]:
        change.stamp("changed_at")
    else:
        say(f"the change to Airflow {change['to_version']} was given up")
        give_up(change, Workloads(told["namespace"], told["take_away"]))


def give_up(change: Change, workloads: Workloads) -> None:
    """Everything as it was: the tables are as they were."""
    workloads.bring_back(change)
    change.unpause()
    change.stamp("given_up_at")


@contextmanager
def changed(told: dict[str, Any], database: Any, version: str, head: str):
    """A change of the tables: a backup before it, nobody at work while it lasts.

    What was taken away stays away afterwards: the new pods come next. When it fails with the tables as they were, all of
    it is brought back.
    """
    before = revision(database)
    change = Change.under_way(database) or Change.begin(database, version, before, head)
    workloads = Workloads(told["namespace"], told["take_away"])
    say(f"the tables are at {before}, those of Airflow {version} are at {head}")
    try:
        change.note("backup", back_up(told, database))
        change.pause()
        workloads.take_away(change)
        yield
    except BaseException:
        if revision(database) == before:
            say("the tables are as they were, and so is everything else again:")
            give_up(change, workloads)
        else:
            say(f"the tables are at {revision(database)}, between two versions: run this again")
        raise
    change.stamp("changed_at")
    say(f"the tables are those of Airflow {version}")


def back_up(told: dict[str, Any], database: Any) -> str:
    """The point in time that a restore can go back to, once a backup of it is there.

    Raises:
        RefusedError: there is no backup.
    """
    if not told["backup"]:
        if told["without_backup"]:
            say("no backup is taken, as airflow.migration.withoutBackup says")
            return "none"
        raise RefusedError(
            "airflow.migration.withoutBackup = false: the tables have to change, and this platform takes no backup of them "
            "(postgres.backup has no target, or somebody else runs the database). Give it one, or take a backup yourself and "
            "set airflow.migration.withoutBackup: true."
        )
    [[request]] = ask(database, ASK_FOR_BACKUP)
    # The Job's own deadline is the limit.
    wait_until(lambda: ask(database, BACKUP_STATE, (request,))[0][0], told["seconds"], "the backup does not end")
    [[_, code, detail, finished]] = ask(database, BACKUP_STATE, (request,))
    if code:
        raise RefusedError(f"the backup failed with {code}, and nothing was changed:\n{detail}")
    say(f"a backup is there; the way back to these rows: postgres.restoreFrom.targetTime: {finished}")
    return finished


def run(*command: str) -> None:
    """Run a command of Airflow's to its end.

    Raises:
        CalledProcessError: it failed; its own lines say why.
    """
    say(" ".join(command))
    subprocess.run(command, check=True)


def main() -> int:
    """Exit code: 2 for what a person has to change."""
    # A stop is an end like any other: what was taken away is brought back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    told: dict[str, Any] = json.loads(sys.argv[1])
    database = connect()
    try:
        prepare_tables(database, told["reader"])
        image = Image()
        look(told, image, database)
        (downgrade if told["downgrade_to"] else migrate)(told, image, database)
    except RefusedError as error:
        say(f"refused:\n{error}")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
