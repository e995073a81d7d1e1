"""A drill of the archive: the store that the log goes to is away."""

import time

import pytest

from tests.drills import faults
from tests.drills.ha.bench import DATA, MONITORING, Bench
from tests.drills.ha.drill import Drill, Limits
from tests.drills.ha.patroni import Patroni
from tests.drills.ha.test_postgres import full
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]

AWAY_SECONDS = 75
"""Longer than the store's liveness probe waits at 30 s a time, so that its container is restarted besides."""

CALL_SECONDS = 600
"""A segment that has waited for two minutes, the five that the alert holds, and the scrapes between."""
_ALERT = "WalArchiveFailing"

_FINISH_SEGMENT = "SELECT pg_walfile_name(pg_switch_wal())"
"""Ends the log's current segment; the value is its name."""
_NEWEST_ARCHIVED = "SELECT last_archived_wal FROM pg_stat_archiver"

_SEGMENTS = 3


@full
def test_the_archive_is_away(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """Nobody waits for it: log that cannot be sent stays with the instance, and is sent once the store answers."""

    def fault() -> None:
        with faults.frozen(bench.pods(DATA, "postgres-backup-store")[0], "store"):
            waiting = patroni.ask_leader(_FINISH_SEGMENT)
            time.sleep(AWAY_SECONDS)
            assert patroni.ask_leader(_NEWEST_ARCHIVED) < waiting, "the store was not away"
        wait_for("what waited is in the archive", 180, lambda: patroni.ask_leader(_NEWEST_ARCHIVED) >= waiting)

    drill.run("archive-away", fault, Limits(outage=1))


@full
def test_somebody_is_called_while_the_archive_is_away(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """Long enough for the alert to fire; then all that waited is sent."""

    def fault() -> None:
        with faults.cut_off(bench.pods(DATA, "postgres-backup-store")[0]):
            waiting = patroni.ask_leader(_FINISH_SEGMENT)
            drill.notes["seconds_until_the_alert_fired"] = wait_for(
                f"{_ALERT} fires", CALL_SECONDS, lambda: bench.alerts(MONITORING).get(_ALERT) == "firing"
            )
            drill.notes["segments_that_waited"] = patroni.waiting_segments()
            assert patroni.ask_leader(_NEWEST_ARCHIVED) < waiting, "the store was not away"
        wait_for("what waited is in the archive", 300, lambda: patroni.ask_leader(_NEWEST_ARCHIVED) >= waiting)
        wait_for(f"{_ALERT} is over", 180, lambda: _ALERT not in bench.alerts(MONITORING))

    drill.run("archive-away-until-called", fault, Limits(outage=1), repetitions=1)


@full
def test_a_primary_is_lost_with_what_it_had_not_sent(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """The store is away, the primary's pod and volume are gone: whoever leads now sends what it had received of it."""

    def fault() -> None:
        lost = patroni.leader()
        with faults.frozen(bench.pods(DATA, "postgres-backup-store")[0], "store"):
            waiting = [_finish_segment(patroni) for _ in range(_SEGMENTS)]
            assert patroni.ask_leader(_NEWEST_ARCHIVED) < waiting[0], "the store was not away"
            bench.kubectl("delete", "pvc", f"data-{lost.name}", "--namespace", DATA, "--wait=false")
            bench.kubectl("delete", "pod", lost.name, "--namespace", DATA, "--grace-period=0", "--force")
            wait_for("another one leads", 60, lambda: patroni.leader().name != lost.name)
        wait_for("nothing is missing in the archive", 180, lambda: all(_is_archived(patroni, it) for it in waiting))

    drill.run("archive-away-primary-lost", fault, Limits(outage=25))


def _finish_segment(patroni: Patroni) -> str:
    time.sleep(2)
    return patroni.ask_leader(_FINISH_SEGMENT)


def _is_archived(patroni: Patroni, segment: str) -> bool:
    folder = f"archive/platform/17-1/{segment[:16]}"
    held = patroni.run_in_leader("backup", "bash", "/etc/airflow-platform/pgbackrest.sh", "repo-ls", folder)
    return f"\n{segment}-" in f"\n{held}"
