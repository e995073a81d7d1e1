"""The memory limit of a PostgreSQL instance is shared out such that everything at once stays below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.postgres_memory import MIB, SHARED_SEGMENTS_BYTES, PostgresMemory, postgres_memory, smallest_limit

CONNECTIONS = st.integers(min_value=40, max_value=2000)


def everything_at_once(memory: PostgresMemory) -> int:
    """The worst case added up anew, from the parameters alone and PostgreSQL's own costs."""
    page_tables = memory.shared_buffers // 4096 * 8
    backends = memory.max_connections * (5 * MIB + page_tables + memory.work_mem)
    maintenance = memory.maintenance_work_mem + 3 * memory.autovacuum_work_mem
    patroni, one_command, background = 96 * MIB, 48 * MIB, 32 * MIB
    beside = patroni + one_command + background + SHARED_SEGMENTS_BYTES
    return memory.shared_buffers * 33 // 32 + backends + maintenance + beside


@given(st.integers(min_value=256, max_value=256 * 1024), CONNECTIONS)
def test_never_more_than_the_limit(limit: int, connections: int) -> None:
    try:
        memory = postgres_memory(limit * MIB, connections)
    except ValueError:
        assert limit * MIB < smallest_limit(connections)
        return
    assert everything_at_once(memory) <= memory.limit
    assert memory.worst_case() == everything_at_once(memory)
    assert memory.work_mem >= MIB
    assert memory.shared_buffers <= memory.limit // 4


@given(CONNECTIONS)
def test_the_smallest_limit_that_is_named_is_enough_and_one_less_is_not(connections: int) -> None:
    smallest = smallest_limit(connections)
    postgres_memory(smallest, connections)
    with pytest.raises(ValueError, match=f"at least {smallest // MIB}Mi"):
        postgres_memory(smallest - MIB, connections)


@pytest.mark.parametrize(
    ("limit", "connections", "shared", "work_kib", "maintenance"),
    [(1024, 60, 256, 1877, 64), (2048, 100, 512, 4997, 128), (6144, 200, 1536, 10649, 384)],
)
def test_the_three_stacks(limit: int, connections: int, shared: int, work_kib: int, maintenance: int) -> None:
    memory = postgres_memory(limit * MIB, connections)
    assert memory.shared_buffers == shared * MIB
    assert memory.work_mem == work_kib * 1024
    assert memory.maintenance_work_mem == maintenance * MIB
    assert memory.effective_cache_size == limit * MIB // 2


def test_many_connections_leave_less_shared_memory_to_map() -> None:
    few, many = (postgres_memory(32 * 1024 * MIB, connections) for connections in (256, 2000))
    assert few.shared_buffers == 8 * 1024 * MIB
    assert many.shared_buffers // 512 * 2000 <= many.limit // 8
