"""The stage of the drills: the deployed drill stack, its clients, and how often each fault is done."""

import os
from collections.abc import Generator

import pytest

from tests.drills.ha.bench import AIRFLOW, DATA, Bench
from tests.drills.ha.broker import Broker
from tests.drills.ha.drill import Drill
from tests.drills.ha.ledger import Ledger
from tests.drills.ha.load import Load
from tests.drills.ha.patroni import Patroni
from tests.drills.load import Executions

REPETITIONS = "DRILL_REPETITIONS"
_WRITERS = 4
_TASK_SECONDS = 2.0


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The deployed drill stack."""
    return Bench(tmp_path_factory.mktemp("drill"))


@pytest.fixture(scope="session")
def patroni(bench: Bench) -> Patroni:
    """The database's instances."""
    return Patroni(bench)


@pytest.fixture(scope="session")
def broker(bench: Bench) -> Broker:
    """The broker's nodes."""
    return Broker(bench)


@pytest.fixture(scope="session")
def gateway(bench: Bench) -> str:
    """This machine's address in the pod network."""
    return bench.gateway(DATA)


@pytest.fixture(scope="session")
def drill(bench: Bench, patroni: Patroni, broker: Broker, gateway: str) -> Drill:
    """Runs drills and writes their reports."""
    ways = {
        "pooler": (bench.conninfo("scheduler", "postgres-pooler"), _WRITERS),
        "direct": (bench.conninfo("scheduler", "postgres-rw"), 1),
    }
    owner = bench.conninfo("migration", "postgres-rw")

    def new_ledger() -> Ledger:
        return Ledger(ways, owner)

    def new_load() -> Generator[Load]:
        executions = Executions()
        with executions.served(gateway) as report_to, bench.api(AIRFLOW) as api:
            yield Load(api, report_to, executions, seconds=_TASK_SECONDS)

    return Drill(bench, patroni, broker, new_ledger, new_load, repetitions=int(os.environ.get(REPETITIONS, "1")))
