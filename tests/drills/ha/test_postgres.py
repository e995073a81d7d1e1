"""Drills of the database: what each fault costs writers and Airflow."""

import os
import time
from contextlib import ExitStack

import pytest

from tests.drills import faults
from tests.drills.ha.bench import DATA, Bench
from tests.drills.ha.drill import Drill, Limits
from tests.drills.ha.patroni import Patroni
from tests.drills.reports import machine, write_report
from tests.drills.stack import Pod
from tests.drills.waiting import wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]

FROZEN_SECONDS = 40
"""Longer than a standby takes to lead, shorter than the kubelet's patience."""
API_GONE_SECONDS = 60
full = pytest.mark.skipif(not os.environ.get("DRILL_FULL"), reason="in the full form only: make drills FULL=1")


@full
def test_switchover(drill: Drill, patroni: Patroni) -> None:
    drill.run("postgres-switchover", patroni.switch_over, Limits(outage=5))


@full
def test_the_primarys_pod_is_deleted(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    def fault() -> None:
        bench.kubectl("delete", "pod", patroni.leader().name, "--namespace", DATA, "--wait=false")
        # Its preStop hook hands over first; the pod is gone when that is done.
        time.sleep(10)

    drill.run("postgres-primary-deleted", fault, Limits(outage=5))


def test_the_postmaster_is_killed(drill: Drill, patroni: Patroni) -> None:
    drill.run(
        "postgres-postmaster-killed",
        lambda: faults.kill_server(patroni.leader(), "postgres", "postgres"),
        Limits(outage=8),
    )


@full
def test_the_primarys_container_is_killed(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    drill.run(
        "postgres-container-killed",
        lambda: faults.kill_container(patroni.leader(), "postgres"),
        Limits(outage=8),
        before=lambda: _lead_with_a_new_pod(patroni, bench),
    )


def _lead_with_a_new_pod(patroni: Patroni, bench: Bench) -> None:
    """A container that was killed lately waits before it is started again: give the fault a pod of its own."""
    standby = patroni.standbys()[0]
    bench.kubectl("delete", "pod", standby.name, "--namespace", DATA)
    patroni.until_whole()
    patroni.switch_over()


@full
def test_the_primarys_container_is_killed_twice(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """The second time within seconds: the kubelet waits before it starts it again, and a standby leads meanwhile."""

    def fault() -> None:
        leader = patroni.leader()
        faults.kill_container(leader, "postgres")
        wait_for("the container runs again", 60, lambda: _runs_anew(patroni, leader))
        faults.kill_container(patroni.instance(leader.name), "postgres")

    drill.run(
        "postgres-container-killed-twice",
        fault,
        Limits(outage=25),
        before=lambda: _lead_with_a_new_pod(patroni, bench),
    )


def _runs_anew(patroni: Patroni, before: Pod) -> bool:
    container = patroni.instance(before.name).containers.get("postgres")
    return container is not None and container != before.containers["postgres"]


def test_the_primary_is_frozen(drill: Drill, patroni: Patroni) -> None:
    def fault() -> None:
        with faults.frozen(patroni.leader(), "postgres"):
            time.sleep(FROZEN_SECONDS)

    drill.run("postgres-primary-frozen", fault, Limits(outage=25))


@full
def test_the_primary_is_cut_off(drill: Drill, patroni: Patroni) -> None:
    """It cannot take its own label off; the one that leads instead does, so that no new connection goes to it."""

    def fault() -> None:
        leader = patroni.leader()
        with faults.cut_off(leader):
            time.sleep(FROZEN_SECONDS)
            labelled = {pod.name for pod in patroni.instances() if pod.role == "primary"}
        assert len(labelled) == 1, f"labelled as primary: {sorted(labelled)}"
        assert labelled != {leader.name}, f"{leader.name} is cut off and still the one labelled as primary"

    drill.run("postgres-primary-cut-off", fault, Limits(outage=25))


@full
def test_a_standby_is_frozen(drill: Drill, patroni: Patroni) -> None:
    def fault() -> None:
        with faults.frozen(patroni.standbys()[0], "postgres"):
            time.sleep(30)

    drill.run("postgres-standby-frozen", fault, Limits(outage=1))


@full
def test_both_standbys_are_frozen(drill: Drill, patroni: Patroni) -> None:
    """With durability `strict` writes wait; what was acknowledged before and after is there."""

    def fault() -> None:
        with ExitStack() as stack:
            for standby in patroni.standbys():
                stack.enter_context(faults.frozen(standby, "postgres"))
            time.sleep(15)

    drill.run("postgres-standbys-frozen", fault, Limits(outage=25))


@full
def test_a_pooler_is_killed(drill: Drill, bench: Bench) -> None:
    drill.run(
        "pooler-killed",
        lambda: faults.kill_container(bench.pods(DATA, "postgres-pooler")[0], "pgbouncer"),
        Limits(outage=5),
    )


@full
def test_the_api_server_is_away(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """Every instance is cut off from the API alone: with failsafe mode the primary goes on."""
    addresses = bench.api_addresses()

    def fault() -> None:
        with ExitStack() as stack:
            for pod in patroni.instances():
                stack.enter_context(faults.cut_off(pod, *addresses))
            time.sleep(API_GONE_SECONDS)

    drill.run("api-server-away", fault, Limits(outage=1))


@full
def test_the_api_server_is_away_and_a_standby_hangs(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """Who leads goes on only while every other instance says so: nobody leads until the API is back."""
    addresses = bench.api_addresses()

    def fault() -> None:
        hanging = patroni.standbys()[0]
        others = [pod for pod in patroni.instances() if pod.name != hanging.name]
        with ExitStack() as stack:
            for pod in (hanging, *others):
                stack.enter_context(faults.cut_off(pod, *addresses))
            stack.enter_context(faults.frozen(hanging, "postgres"))
            time.sleep(FROZEN_SECONDS)
            writing = [pod.name for pod in others if patroni.takes_writes(pod)]
            assert writing == [], f"nobody may lead now, and these take writes: {writing}"

    drill.run("api-server-away-standby-frozen", fault, Limits(outage=FROZEN_SECONDS + 25))


@full
def test_the_api_server_is_away_for_the_primary_alone(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    """The standbys still see the lock run out: the primary asks them and stays, or one of them leads."""
    addresses = bench.api_addresses()

    def fault() -> None:
        with faults.cut_off(patroni.leader(), *addresses):
            time.sleep(FROZEN_SECONDS)

    drill.run("api-server-away-from-primary", fault, Limits(outage=25))


@full
def test_rolling_update(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    def fault() -> None:
        bench.kubectl("rollout", "restart", "statefulset/postgres", "--namespace", DATA)
        bench.kubectl("rollout", "status", "statefulset/postgres", "--namespace", DATA, timeout=600)

    drill.run("postgres-rolling-update", fault, Limits(outage=5))


@full
def test_a_replicas_volume_is_lost(drill: Drill, patroni: Patroni, bench: Bench) -> None:
    def fault() -> None:
        standby = patroni.standbys()[-1]
        bench.kubectl("delete", "pvc", f"data-{standby.name}", "--namespace", DATA, "--wait=false")
        bench.kubectl("delete", "pod", standby.name, "--namespace", DATA)

    drill.run("postgres-volume-lost", fault, Limits(outage=1))


@full
def test_the_checker_sees_a_loss(drill: Drill, patroni: Patroni) -> None:
    """Negative control: with synchronous commit off a primary that is cut from its standbys acknowledges what is lost."""
    drill.until_normal()
    standbys = [standby.address for standby in patroni.standbys()]
    ledger = drill.new_ledger()
    patroni.set(synchronous_mode=False, synchronous_mode_strict=False)
    try:
        with ledger.writing():
            time.sleep(15)
            leader = patroni.leader()
            with faults.cut_off(leader, *standbys):
                time.sleep(3)
                with faults.frozen(leader, "postgres"):
                    wait_for("another instance leads", 90, lambda: patroni.leader_or_none() not in {None, leader.name})
                    time.sleep(10)
    finally:
        patroni.set(synchronous_mode="quorum", synchronous_mode_strict=True)
        drill.until_normal()
    found = ledger.audit()
    write_report(
        "negative-control",
        {
            "acknowledged_commits": found.acknowledged,
            "acknowledged_commits_lost": len(found.lost),
            "machine": machine(),
        },
    )
    assert found.lost, "nothing was lost although nothing protected it: the checker sees nothing"
