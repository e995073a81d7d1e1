"""How the memory limit of a PostgreSQL instance is shared out: pure arithmetic, in bytes.

The limit of a container is hard: one page more and the kernel kills a backend, and with it every session. So the
parameters are chosen such that the sum of what may be used at the same time stays below the limit:

    shared buffers        S = limit / 4, and 1/32 of S for their headers, locks and the write-ahead log's buffers;
                          less from 256 connections on, so that their page tables stay below limit / 8
    backends              max_connections x (5 MiB private + S / 512 page tables: 8 bytes for each 4 KiB page mapped)
    maintenance           1 x M for somebody's index build and 3 autovacuum workers x M / 4, M = limit / 16, 16 to 512 MiB
    beside PostgreSQL     208 MiB: Patroni 96, a `patronictl` or `psql` 48, background processes 32, shared segments 32
    work_mem              what is left / max_connections, at least 1 MiB, at most 64 MiB

`work_mem` holds for one sort or hash of a query. Every connection at once running one of full size is the worst case
that is counted; `hash_mem_multiplier` is 1 and parallel queries are off so that a query does not multiply it.

Example, 1 GiB and 60 connections: S = 256 MiB and 8 for headers; backends 60 x 5.5 = 330; maintenance 64 + 3 x 16 = 112;
beside 208; left 1024 - 264 - 330 - 112 - 208 = 110 MiB, so work_mem is 110 / 60 = 1.8 MiB.
"""

from dataclasses import dataclass

MIB = 2**20
AUTOVACUUM_WORKERS = 3
SHARED_SEGMENTS_BYTES = 32 * MIB
"""Size of /dev/shm."""

_BESIDE_BYTES = (96 + 48 + 32) * MIB + SHARED_SEGMENTS_BYTES
_BACKEND_BYTES = 5 * MIB
_SMALLEST_WORK_BYTES = 1 * MIB
_LARGEST_WORK_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresMemory:
    """Memory parameters of one instance, in bytes.

    Attributes:
        limit: the container's memory limit.
        max_connections: server connections.
        shared_buffers: PostgreSQL's own cache.
        work_mem: of one sort or hash.
        maintenance_work_mem: of one index build or manual vacuum.
        autovacuum_work_mem: of one autovacuum worker.
        effective_cache_size: what the planner may assume to be cached, by PostgreSQL and the kernel together.
    """

    limit: int
    max_connections: int
    shared_buffers: int
    work_mem: int
    maintenance_work_mem: int
    autovacuum_work_mem: int
    effective_cache_size: int

    def worst_case(self) -> int:
        """Bytes in use when everything that may be used is used at once."""
        shared, maintenance = _fixed(self.limit, self.max_connections)
        return shared + maintenance + self.max_connections * self.work_mem


def _shared_buffers(limit: int, max_connections: int) -> int:
    mapped_in_an_eighth = limit // 8 * 512 // max_connections
    return max(MIB, min(limit // 4, mapped_in_an_eighth) // MIB * MIB)


def _maintenance(limit: int) -> int:
    return min(512 * MIB, max(16 * MIB, limit // 16 // MIB * MIB))


def _fixed(limit: int, max_connections: int) -> tuple[int, int]:
    """Bytes for everything that does not depend on `work_mem`: shared and per backend, and maintenance."""
    shared_buffers, maintenance = _shared_buffers(limit, max_connections), _maintenance(limit)
    backends = max_connections * (_BACKEND_BYTES + shared_buffers // 512)
    shared = shared_buffers + shared_buffers // 32 + backends + _BESIDE_BYTES
    return shared, maintenance + AUTOVACUUM_WORKERS * (maintenance // 4)


def smallest_limit(max_connections: int) -> int:
    """The smallest memory limit in bytes, in whole MiB, that carries so many connections."""
    low, high = 1, 2**20
    while low < high:
        middle = (low + high) // 2
        if _left(middle * MIB, max_connections) >= max_connections * _SMALLEST_WORK_BYTES:
            high = middle
        else:
            low = middle + 1
    return low * MIB


def _left(limit: int, max_connections: int) -> int:
    return limit - sum(_fixed(limit, max_connections))


def postgres_memory(limit: int, max_connections: int) -> PostgresMemory:
    """Share out a memory limit in bytes.

    Raises:
        ValueError: the limit is too small for so many connections; the message names the smallest that would do.
    """
    left = _left(limit, max_connections)
    work_mem = min(_LARGEST_WORK_BYTES, left // max_connections) // 1024 * 1024
    if work_mem < _SMALLEST_WORK_BYTES:
        raise ValueError(
            f"{max_connections} connections need a memory limit of at least "
            f"{smallest_limit(max_connections) // MIB}Mi, the limit is {limit // MIB}Mi"
        )
    maintenance = _maintenance(limit)
    return PostgresMemory(
        limit=limit,
        max_connections=max_connections,
        shared_buffers=_shared_buffers(limit, max_connections),
        work_mem=work_mem,
        maintenance_work_mem=maintenance,
        autovacuum_work_mem=maintenance // 4,
        effective_cache_size=limit // 2,
    )
