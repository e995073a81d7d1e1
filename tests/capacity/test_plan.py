"""The planner: its sizes pass the proofs, and the production stack carries the work that it is for."""

from dataclasses import replace
from typing import Any, cast

from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from capacity.plan import Plan, Work, plan
from settings.load import parse
from settings.quantities import parse_bytes
from tests.settings.stack_files import values_of

TARGET = Work(
    dags=500,
    tasks_a_day=50000,
    mean_seconds=60,
    longest_seconds=7200,
    items_an_hour=20000,
    item_seconds=60,
)


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        there = result.get(key)
        both = isinstance(value, dict) and isinstance(there, dict)
        result[key] = merged(cast("dict[str, Any]", there), cast("dict[str, Any]", value)) if both else value
    return result


def test_the_arithmetic_of_the_target() -> None:
    found = plan(TARGET)
    # 50,000/86,400 x 60 x 4 + 20,000/3,600 x 60 = 472 slots, / 0.7 / 16 = 42.2 workers.
    assert found.value("workers.queues.default.maxReplicas") == 43
    assert found.value("airflow.parallelism") == 43 * 16 / 2
    assert found.value("airflow.defaultPoolSlots") == 43 * 16


def test_the_production_stack_carries_the_target() -> None:
    found, prod = plan(TARGET), parse(values_of("prod"))
    queue = prod.workers.queues["default"]
    assert queue.max_replicas >= found.value("workers.queues.default.maxReplicas")
    assert queue.longest_task_seconds >= TARGET.longest_seconds
    assert prod.airflow.parallelism >= found.value("airflow.parallelism")
    assert prod.airflow.default_pool_slots >= found.value("airflow.defaultPoolSlots")
    assert prod.airflow.api_execution.replicas >= found.value("airflow.apiExecution.replicas")
    assert prod.postgres.max_connections >= found.value("postgres.maxConnections")
    assert parse_bytes(prod.postgres.storage.size) >= parse_bytes(found.value("postgres.storage")["size"])
    assert parse_bytes(prod.redis.max_memory) >= parse_bytes(found.value("redis.maxMemory"))
    assert prod.redis.max_clients >= found.value("redis.maxClients")
    wanted = found.value("workers.queues.default.resources")["requests"]["memory"]
    assert parse_bytes(queue.resources.requests.memory) >= parse_bytes(wanted)


@given(
    work=st.builds(
        Work,
        dags=st.integers(1, 5000),
        tasks_a_day=st.integers(1, 200_000),
        mean_seconds=st.floats(1, 300),
        longest_seconds=st.integers(60, 86400),
        items_an_hour=st.integers(0, 40_000),
        item_seconds=st.floats(0, 60),
        peak_factor=st.floats(1, 6),
        concurrency=st.sampled_from([4, 8, 16, 32]),
    )
)
@example(
    # As many api-servers as the stack that the plan goes into has at most.
    work=Work(
        dags=1,
        tasks_a_day=65455,
        mean_seconds=300.0,
        longest_seconds=60,
        items_an_hour=40000,
        item_seconds=60.0,
        peak_factor=6.0,
        concurrency=16,
    )
)
@hypothesis_settings(deadline=None, max_examples=60)
def test_whatever_fits_the_largest_platform_passes_the_proofs(work: Work) -> None:
    found = plan(work)
    if found.value("workers.queues.default.maxReplicas") > 200 or found.value("airflow.apiExecution.replicas") > 10:
        return
    values = merged(values_of("prod"), found.settings())
    values["postgres"]["resources"] = {"requests": {"memory": "64Gi"}, "limits": {"memory": "64Gi"}}
    values["redis"]["resources"] = {"requests": {"memory": "64Gi"}, "limits": {"memory": "64Gi"}}
    parse(values)


def test_more_work_never_means_less() -> None:
    def size(found: Plan) -> tuple[int, ...]:
        return tuple(int(line.value) for line in found.lines if isinstance(line.value, int))

    more = replace(TARGET, items_an_hour=40000, tasks_a_day=100000, dags=1000)
    assert all(after >= before for before, after in zip(size(plan(TARGET)), size(plan(more)), strict=True))
