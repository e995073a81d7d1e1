"""A drill of the archive: the store that the log goes to is away."""

import time

import pytest

from tests.drills import faults
from tests.drills.ha.bench import DATA, Bench
from tests.drills.ha.drill import Drill, Limits
from tests.drills.ha.patroni import Patroni
from tests.drills.ha.test_postgres import full
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]

AWAY_SECONDS = 75
"""Longer than the store's liveness probe waits at 30 s a time, so that its container is restarted besides."""


@full
def test_the_archive_is_away(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """Nobody waits for it: log that cannot be sent stays with the instance, and is sent once the store answers."""

    def fault() -> None:
        with faults.frozen(bench.pods(DATA, "postgres-backup-store")[0], "store"):
            waiting = _finish_segment(bench, patroni)
            time.sleep(AWAY_SECONDS)
            assert _newest_archived(bench, patroni) < waiting, "the store was not away"
        wait_for("what waited is in the archive", 180, lambda: _newest_archived(bench, patroni) >= waiting)

    drill.run("archive-away", fault, Limits(outage=1))


def _finish_segment(bench: Bench, patroni: Patroni) -> str:
    """End the log's current segment; the value is its name."""
    return _ask(bench, patroni, "SELECT pg_walfile_name(pg_switch_wal())")


def _newest_archived(bench: Bench, patroni: Patroni) -> str:
    return _ask(bench, patroni, "SELECT last_archived_wal FROM pg_stat_archiver")


def _ask(bench: Bench, patroni: Patroni, query: str) -> str:
    pod = ("exec", patroni.leader().name, "--namespace", DATA, "--container", "postgres", "--")
    return bench.kubectl(*pod, "psql", "-qAt", "-d", "postgres", "-c", query).strip()
