"""Sizes from the work to be done, with the arithmetic of each number."""

import math
from dataclasses import dataclass
from typing import Any

from settings.connection_proofs import RESERVED_CONNECTIONS, SCALER_CONNECTIONS

SCHEDULERS = 2
POOLERS = 3
BUSY_SHARE = 0.7
"""Share of the slots that may be taken at the peak: Poisson arrivals wait little up to about there."""
HEARTBEAT_SECONDS = 5.0
"""`[workers] min_heartbeat_interval`, Airflow's default."""
CALLS_PER_TASK = 6
"""Calls of the execution API beside heartbeats: run, context, connections or variables, XCom, state, log."""
GROWTH = 2
"""Pods of the execution API at most, as a multiple of what the stated work takes."""
PARSING_PROCESSES = 2
"""`[dag_processor] parsing_processes`, Airflow's default."""
PARSE_TARGET_SECONDS = 60.0
"""Time in which every DAG file is to be read once."""
MESSAGE_BYTES = 2048
"""A task in the broker: its arguments, headers and token."""
WORKER_MIB, SLOT_MIB = 300, 65
"""A worker with preloaded modules, and one concurrent task before its own needs, as `settings/airflow.py` states."""
MIB = 2**20
GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the platform has to carry.

    Attributes:
        dags: DAG files.
        tasks_a_day: task instances, items not counted.
        mean_seconds: mean duration of a task.
        longest_seconds: of the longest task.
        items_an_hour: items, each one task instance, in the busiest hour.
        item_seconds: mean duration of an item's task.
        peak_factor: busiest hour of the tasks over the mean hour.
        concurrency: tasks of one worker pod.
        task_memory_mib: what a task needs beyond its process, in MiB.
        parse_seconds: CPU seconds to parse one DAG file.
        requests_per_process: calls a second that one api-server process serves. An assumption to be measured on
            your own machines: it depends on the CPU and the database's latency.
        retention_days: for which task history is kept.
        bytes_per_task: of the database for one task instance: 1.3 kB of rows (task instance, XCom, rendered fields,
            log; measured over a run of the smoke DAG) and as much again for their 18 indexes.
    """

    dags: int
    tasks_a_day: int
    mean_seconds: float
    longest_seconds: int
    items_an_hour: int = 0
    item_seconds: float = 0.0
    peak_factor: float = 4.0
    concurrency: int = 16
    task_memory_mib: int = 100
    parse_seconds: float = 0.2
    requests_per_process: float = 50.0
    retention_days: int = 30
    bytes_per_task: int = 3000


@dataclass(frozen=True, slots=True)
class Line:
    """One number of the plan.

    Attributes:
        key: as in the stack file.
        value: what to write.
        arithmetic: how it comes about.
    """

    key: str
    value: Any
    arithmetic: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Lines in the order of the stack file."""

    lines: tuple[Line, ...]

    def value(self, key: str) -> Any:
        """The value of a key. Raises KeyError when the plan does not set it."""
        for line in self.lines:
            if line.key == key:
                return line.value
        raise KeyError(key)

    def settings(self) -> dict[str, Any]:
        """Nested as a stack file nests them, without the project's prefix."""
        root: dict[str, Any] = {}
        for line in self.lines:
            *parents, last = line.key.split(".")
            node = root
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = line.value
        return root


def plan(work: Work) -> Plan:
    """Sizes for the work: workers first, and everything else follows from them."""
    workers = _workers(work)
    slots = workers[1].value * work.concurrency
    running = _peak_slots(work)
    return Plan(
        lines=(
            *_airflow(slots),
            *_processes(work, running),
            *(Line(f"workers.queues.default.{line.key}", line.value, line.arithmetic) for line in workers),
            *_postgres(work, running),
            *_redis(work, workers[1].value),
        )
    )


def _item_slots(work: Work) -> float:
    return work.items_an_hour / 3600 * work.item_seconds


def _mean_slots(work: Work) -> float:
    return work.tasks_a_day / 86400 * work.mean_seconds


def _peak_slots(work: Work) -> float:
    """Little's law: arrivals a second times seconds each."""
    return _mean_slots(work) * work.peak_factor + _item_slots(work)


def _peak_rate(work: Work) -> float:
    return work.tasks_a_day / 86400 * work.peak_factor + work.items_an_hour / 3600


def _workers(work: Work) -> list[Line]:
    peak, mean = _peak_slots(work), _mean_slots(work)
    most = max(1, math.ceil(peak / BUSY_SHARE / work.concurrency))
    least = min(most, max(2, math.ceil(mean / BUSY_SHARE / work.concurrency)))
    memory = WORKER_MIB + work.concurrency * (SLOT_MIB + work.task_memory_mib)
    return [
        Line(
            "minReplicas",
            least,
            f"{work.tasks_a_day} tasks/86400 s x {work.mean_seconds:g} s = {mean:.1f} slots on average "
            f"/ {BUSY_SHARE} / {work.concurrency}, at least 2",
        ),
        Line(
            "maxReplicas",
            most,
            f"({mean:.1f} x peak {work.peak_factor:g} + {work.items_an_hour} items/3600 s x {work.item_seconds:g} s) "
            f"= {peak:.0f} slots / {BUSY_SHARE} busy / {work.concurrency} per worker",
        ),
        Line("concurrency", work.concurrency, "given"),
        Line("longestTaskSeconds", work.longest_seconds, "given"),
        Line(
            "resources",
            {
                "requests": {"cpu": "1", "memory": f"{memory}Mi"},
                "limits": {"memory": f"{math.ceil(memory * 4 / 3)}Mi"},
            },
            f"{WORKER_MIB} + {work.concurrency} x ({SLOT_MIB} + {work.task_memory_mib}) MiB, limit a third above",
        ),
    ]


def _airflow(slots: int) -> list[Line]:
    return [
        Line("airflow.parallelism", math.ceil(slots / SCHEDULERS), f"{slots} slots / {SCHEDULERS} schedulers"),
        Line("airflow.defaultPoolSlots", slots, "every slot of the workers, so that the pool holds nothing back"),
    ]


def _processes(work: Work, running: float) -> list[Line]:
    parse = work.dags * work.parse_seconds
    processors = max(2, math.ceil(parse / PARSING_PROCESSES / PARSE_TARGET_SECONDS))
    calls = running / HEARTBEAT_SECONDS + _peak_rate(work) * CALLS_PER_TASK
    servers = max(2, math.ceil(calls / work.requests_per_process / 2))
    return [
        Line("airflow.scheduler.replicas", SCHEDULERS, "one may be away"),
        Line(
            "airflow.dagProcessor.replicas",
            processors,
            f"{work.dags} files x {work.parse_seconds:g} s / {PARSING_PROCESSES} processes / "
            f"{PARSE_TARGET_SECONDS:g} s, at least 2",
        ),
        Line(
            "airflow.apiExecution.replicas",
            servers,
            f"({running:.0f} running / {HEARTBEAT_SECONDS:g} s + {_peak_rate(work):.1f} tasks/s x {CALLS_PER_TASK} "
            f"calls) = {calls:.0f} calls/s / {work.requests_per_process:g} per process / 2 processes",
        ),
        Line(
            "airflow.apiExecution.scaling.maxReplicas",
            GROWTH * servers,
            f"{GROWTH} x {servers}: where CPU says that a call costs more than was stated",
        ),
        Line("airflow.apiExecution.workers", 2, "two processes share the memory of one pod's imports"),
    ]


def _postgres(work: Work, running: float) -> list[Line]:
    # Server connections are busy while a statement runs: a share of the running tasks' calls, and the schedulers.
    pool = max(20, math.ceil(running / 10 / (POOLERS - 1)))
    connections = POOLERS * pool + RESERVED_CONNECTIONS + SCALER_CONNECTIONS
    rows = (work.tasks_a_day + work.items_an_hour * 24) * work.retention_days
    size = max(10, math.ceil(rows * work.bytes_per_task * 1.5 / GIB))
    return [
        Line(
            "postgres.pooler.poolSize",
            pool,
            f"{running:.0f} running tasks / 10 with a statement at a time / {POOLERS - 1} poolers while one restarts",
        ),
        Line("postgres.pooler.replicas", POOLERS, "one may be away"),
        Line(
            "postgres.maxConnections",
            connections,
            f"{POOLERS} poolers x {pool} + {RESERVED_CONNECTIONS} reserved + {SCALER_CONNECTIONS} of the scaler",
        ),
        Line(
            "postgres.storage",
            {"size": f"{size}Gi"},
            f"({work.tasks_a_day} + 24 x {work.items_an_hour}) tasks x {work.retention_days} days x "
            f"{work.bytes_per_task} bytes, half as much again for bloat and WAL",
        ),
    ]


def _redis(work: Work, workers: int) -> list[Line]:
    # A backlog of ten minutes: beyond that the scheduler takes queued tasks back.
    backlog = math.ceil(_peak_rate(work) * 600)
    memory = max(96, math.ceil(4 * backlog * MESSAGE_BYTES / MIB))
    clients = workers * (work.concurrency + 4) + 100
    return [
        Line(
            "redis.maxMemory",
            f"{memory}Mi",
            f"4 x backlog of 600 s x {_peak_rate(work):.1f} tasks/s x {MESSAGE_BYTES} bytes, at least 96 MiB",
        ),
        Line(
            "redis.maxClients", max(500, clients), f"{workers} workers x ({work.concurrency} + 4) + 100, at least 500"
        ),
    ]
