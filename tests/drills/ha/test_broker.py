"""Drills of the broker: nothing in it is a source of truth."""

import time
from contextlib import ExitStack

import pytest

from tests.drills import faults
from tests.drills.ha.bench import AIRFLOW, DATA, Bench
from tests.drills.ha.broker import Broker
from tests.drills.ha.drill import Drill, Limits
from tests.drills.ha.test_postgres import full
from tests.drills.reports import write_report
from tests.drills.waiting import wait_for

SPINNING = 0.1
"""Share of a processor; at rest a Sentinel takes less than a hundredth."""
pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]


def test_the_leader_is_killed(drill: Drill, broker: Broker) -> None:
    drill.run(
        "broker-leader-killed",
        lambda: faults.kill_container(broker.leader(), "valkey"),
        Limits(queue_gap=15, retries=0),
    )
    assert broker.left_out() == []


@full
def test_the_leader_is_stopped(drill: Drill, broker: Broker) -> None:
    def fault() -> None:
        with faults.frozen(broker.leader(), "valkey"):
            time.sleep(30)

    drill.run("broker-leader-stopped", fault, Limits(queue_gap=15, retries=0))


def test_the_leaders_pod_is_deleted(drill: Drill, broker: Broker, bench: Bench) -> None:
    drill.run(
        "broker-leader-deleted",
        lambda: bench.kubectl("delete", "pod", broker.leader().name, "--namespace", DATA, timeout=180),
        Limits(queue_gap=15, retries=0),
    )


@full
def test_a_majority_of_the_sentinels_is_lost(drill: Drill, broker: Broker) -> None:
    """Nobody can be made leader meanwhile; who leads goes on, and clients find it."""

    def fault() -> None:
        with ExitStack() as stack:
            for sentinel in broker.sentinels()[:2]:
                stack.enter_context(faults.frozen(sentinel, "sentinel"))
            time.sleep(45)

    drill.run("sentinel-majority-lost", fault, Limits(queue_gap=15, retries=0))


@full
def test_a_link_of_a_sentinel_was_refused_while_it_was_made(broker: Broker) -> None:
    """The error stays with the link that succeeds a moment later, and the Sentinel spins until its probe sees it."""
    broker.until_whole(300)
    spinning, peer = broker.sentinels()[:2]

    def spins() -> bool:
        with faults.refused(spinning, 26379):
            broker.hang_up(peer)
            # Longer than it takes to connect anew, shorter than until the second packet.
            time.sleep(1.2)
        return faults.processor_share(spinning, "sentinel", 3.0) > SPINNING

    begun = wait_for("a Sentinel spins", 120, spins)
    ended = wait_for("it has ended", 180, lambda: faults.processor_share(spinning, "sentinel", 3.0) < SPINNING / 2)
    write_report("sentinel-link-refused", {"seconds_until_provoked": begun, "seconds_it_span": ended})
    broker.until_whole(60)


@full
def test_the_broker_is_emptied(drill: Drill, broker: Broker) -> None:
    """What was lost is sent again by the scheduler, from the database."""
    drill.run("broker-emptied", broker.empty, Limits(finish=360), repetitions=1)


@full
def test_the_node_restarts(drill: Drill, bench: Bench) -> None:
    """Everything that runs in the stack's pods dies at once, and the pods come back with other addresses."""
    drill.run(
        "node-restarted", lambda: faults.kill_pods((*bench.pods(DATA), *bench.pods(AIRFLOW))), Limits(), repetitions=1
    )
