"""A client that commits numbered rows as long as it is told to, and remembers which of them were confirmed.

A number is tried once. When its commit ends in an error or takes longer than the client's patience, its outcome is
unknown, the connection is thrown away, and the next number is tried over another one.
"""

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from tests.drills.figures import longest_gap
from tests.drills.ha.figures import Acknowledged, Audit, Row, audit

PATIENCE_SECONDS = 3.0
"""After this long a client gives an answer up; Airflow's own connections are less patient."""
_PAUSE_SECONDS = 0.04
_CREATE = """
create schema if not exists drill;
create table if not exists drill.ledger (run text not null, writer int not null, number bigint not null);
create index if not exists ledger_run on drill.ledger (run);
grant usage on schema drill to public;
grant select, insert on drill.ledger to public;
"""


@dataclass
class _Writer:
    """One connection at a time, and what came of it. `deadline` is when the watchdog hangs up."""

    number: int
    conninfo: str
    run: str
    acknowledged: list[Acknowledged] = field(default_factory=list[Acknowledged])
    errors: list[str] = field(default_factory=list[str])
    deadline: float | None = None
    descriptor: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, stop: threading.Event) -> None:
        row = 0
        while not stop.is_set():
            with contextlib.suppress(psycopg.Error), self._connected() as connection:
                while not stop.is_set():
                    row += 1
                    self._commit(connection, row)
                    stop.wait(_PAUSE_SECONDS)
            stop.wait(_PAUSE_SECONDS)

    @contextmanager
    def _connected(self) -> Generator["psycopg.Connection[tuple[object, ...]]"]:
        try:
            connection = psycopg.connect(self.conninfo, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            self.errors.append(f"connect: {str(error).splitlines()[0]}")
            raise
        try:
            yield connection
        finally:
            with self.lock:
                self.deadline = self.descriptor = None
                connection.close()

    def _commit(self, connection: "psycopg.Connection[tuple[object, ...]]", row: int) -> None:
        with self.lock:
            self.descriptor, self.deadline = connection.fileno(), time.monotonic() + PATIENCE_SECONDS
        begun = time.monotonic()
        try:
            connection.execute("insert into drill.ledger values (%s, %s, %s)", (self.run, self.number, row))
        except psycopg.Error as error:
            self.errors.append(f"commit: {str(error).splitlines()[0]}")
            raise
        with self.lock:
            self.deadline = None
        self.acknowledged.append(Acknowledged((self.number, row), begun, time.monotonic()))

    def hang_up_if_late(self) -> None:
        """Cut a connection whose answer is overdue; its thread then gets an error."""
        with self.lock:
            if self.deadline is None or self.descriptor is None or time.monotonic() < self.deadline:
                return
            self.deadline = None
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.descriptor)) as connection:
                connection.shutdown(socket.SHUT_RDWR)


class Ledger:
    """Writers through several ways to one database.

    Args:
        ways: name of a way, such as `pooler`, to its connection string and number of writers.
        owner: connection string with which the table is made and read.
    """

    def __init__(self, ways: Mapping[str, tuple[str, int]], owner: str) -> None:
        self.run = uuid.uuid4().hex
        self._owner = owner
        self._stop = threading.Event()
        self._writers: dict[str, list[_Writer]] = {}
        numbers = iter(range(1000))
        for way, (conninfo, count) in ways.items():
            self._writers[way] = [_Writer(next(numbers), conninfo, self.run) for _ in range(count)]
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(_CREATE)

    @contextmanager
    def writing(self) -> Generator["Ledger"]:
        """Write while the block runs."""
        everybody = [writer for writers in self._writers.values() for writer in writers]
        threads = [threading.Thread(target=writer.write, args=(self._stop,)) for writer in everybody]
        threads.append(threading.Thread(target=self._watch, args=(everybody,)))
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _watch(self, writers: list[_Writer]) -> None:
        # Longer than the writers: the last of them may hang when they are told to stop.
        while not self._stop.is_set() or any(writer.deadline for writer in writers):
            for writer in writers:
                writer.hang_up_if_late()
            time.sleep(0.1)

    def outage(self, way: str, begin: float, end: float) -> float:
        """Seconds of the longest stretch in which nothing was acknowledged that way."""
        return longest_gap((commit.ended for commit in self._of(way)), begin, end)

    def since(self, way: str, begin: float) -> int:
        """Commits acknowledged that way since a time."""
        return sum(commit.ended >= begin for commit in self._of(way))

    def errors(self, way: str) -> list[str]:
        """What the database or the way to it said, in order."""
        return [error for writer in self._writers[way] for error in writer.errors]

    def audit(self) -> Audit:
        """Read the table and hold it against what was acknowledged."""
        with psycopg.connect(self._owner, autocommit=True) as connection:
            found: list[Row] = [
                (int(writer), int(number))
                for writer, number in connection.execute(
                    "select writer, number from drill.ledger where run = %s", (self.run,)
                ).fetchall()
            ]
        return audit([commit.row for way in self._writers for commit in self._of(way)], found)

    def _of(self, way: str) -> list[Acknowledged]:
        return [commit for writer in self._writers[way] for commit in list(writer.acknowledged)]
