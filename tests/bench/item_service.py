"""A service with items for the DAG `platform_items`: slow, refusing now and then, and keeping what it is told."""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.drills.serving import served

REFUSED_EACH = 100
"""The first try of each hundredth item is refused."""


def text_of(number: int) -> str:
    """An item: four words, written in an untidy way."""
    return f"  Item {number}\tOF   many "


def expected(number: int) -> dict[str, Any]:
    """What must become of it."""
    return {"words": 4, "digest": hashlib.sha256(f"item {number} of many".encode()).hexdigest()}


@dataclass
class ItemService:
    """Its items are the whole numbers from 0 on.

    Attributes:
        answer_seconds: how long it takes to take what became of an item.
        taken: when each item was taken last, in seconds of the monotonic clock.
        wrong: items that were told to have become something else.
    """

    answer_seconds: float
    taken: dict[int, float] = field(default_factory=dict[int, float])
    wrong: set[int] = field(default_factory=set[int])
    _tries: Counter[int] = field(default_factory=Counter[int])
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def give(self, first: int, count: int) -> list[dict[str, Any]]:
        """Some items in a row."""
        return [{"id": number, "text": text_of(number)} for number in range(first, first + count)]

    def take(self, number: int, became: object) -> HTTPStatus:
        """Note what became of an item."""
        time.sleep(self.answer_seconds)
        with self._guard:
            self._tries[number] += 1
            if number % REFUSED_EACH == 0 and self._tries[number] == 1:
                return HTTPStatus.SERVICE_UNAVAILABLE
            self.taken[number] = time.monotonic()
            if became != expected(number):
                self.wrong.add(number)
            return HTTPStatus.NO_CONTENT

    def tries_beyond(self) -> int:
        """Tries of items beyond those that were needed."""
        with self._guard:
            needed = sum(2 if number % REFUSED_EACH == 0 else 1 for number in self._tries)
            return self._tries.total() - needed

    @contextmanager
    def served(self, address: str) -> Generator[str]:
        """Listen on a free port while the block runs; the value is the URL."""
        with served(address, _handler(self)) as url:
            yield url


def _handler(service: ItemService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {key: int(values[0]) for key, values in parse_qs(urlsplit(self.path).query).items()}
            self._answer(HTTPStatus.OK, json.dumps(service.give(asked["first"], asked["count"])).encode())

        def do_PUT(self) -> None:
            became = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(service.take(int(self.path.rpartition("/")[2]), became))

        def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
            self.send_response(status)
            if status is not HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            pass

    return Handler
