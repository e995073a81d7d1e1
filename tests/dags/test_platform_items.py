"""The DAG of items: chunks that fit, items that arrive once each, a service that has its moods."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from airflow.utils.db import initdb


@pytest.fixture(scope="module")
def module(load_dag: Callable[[str], ModuleType]) -> Any:
    return load_dag("platform_items")


class Service:
    """Gives items below a number, takes what became of them, and refuses the first try of every seventh."""

    def __init__(self, below: int = 1_000_000) -> None:
        self.below, self.taken = below, dict[int, Any]()
        self.asked, self.under_way, self.most_under_way = Counter[int](), 0, 0
        self.lock = threading.Lock()

    def give(self, first: int, count: int) -> list[dict[str, Any]]:
        return [{"id": n, "text": f" Item {n}\tOF many "} for n in range(first, min(first + count, self.below))]

    def take(self, number: int, result: Any) -> int:
        with self.lock:
            self.asked[number] += 1
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        if number % 7 == 0 and self.asked[number] == 1:
            return 503
        self.taken[number] = result
        return 204


@pytest.fixture
def served() -> Iterator[Callable[[Service], str]]:
    servers: list[ThreadingHTTPServer] = []

    def serve(service: Service) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = {key: int(values[0]) for key, values in parse_qs(urlsplit(self.path).query).items()}
                self.answer(200, json.dumps(service.give(**asked)).encode())

            def do_PUT(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = service.take(int(self.path.rpartition("/")[2]), body)
                with service.lock:
                    service.under_way -= 1
                self.answer(status, b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_every_item_arrives_as_it_should(module: Any, served: Callable[[Service], str]) -> None:
    service = Service()
    conf = {"source": served(service), "first": 40, "items": 70, "chunk": 30, "at_once": 5}
    initdb()
    run = module.platform_items().test(run_conf=conf)
    states = Counter((task.task_id, task.state) for task in run.get_task_instances())
    assert states == {("list_chunks", "success"): 1, ("process", "success"): 3, ("count", "success"): 1}
    digest = hashlib.sha256(b"item 63 of many").hexdigest()
    assert service.taken[63] == {"words": 4, "digest": digest}
    assert sorted(service.taken) == list(range(40, 110))
    assert {number for number, times in service.asked.items() if times == 2} == set(range(42, 110, 7))
    assert 1 <= service.most_under_way <= 5


def test_items_that_the_service_has_not_fail_the_run(module: Any, served: Callable[[Service], str]) -> None:
    initdb()
    conf = {"source": served(Service(below=5)), "items": 6, "chunk": 6}
    run = module.platform_items().test(run_conf=conf)
    assert run.state == "failed"


@pytest.mark.parametrize(
    ("first", "items", "size", "expected"),
    [
        (0, 1, 100, [{"first": 0, "count": 1}]),
        (7, 200, 100, [{"first": 7, "count": 100}, {"first": 107, "count": 100}]),
        (0, 5, 2, [{"first": 0, "count": 2}, {"first": 2, "count": 2}, {"first": 4, "count": 1}]),
    ],
)
def test_chunks(module: Any, first: int, items: int, size: int, expected: list[dict[str, int]]) -> None:
    assert module.chunks(first, items, size) == expected


def test_too_many_chunks_are_refused_with_the_way_out(module: Any) -> None:
    assert len(module.chunks(0, 20_000, 20)) == 1000
    with pytest.raises(ValueError, match=r"items = 20001 in chunks of 20: over 1000 tasks\. Write chunk = 21 or more"):
        module.chunks(0, 20_001, 20)


@pytest.mark.parametrize(
    ("status", "again"), [(429, True), (500, True), (503, True), (400, False), (404, False), (409, False)]
)
def test_only_what_may_pass_is_asked_again(module: Any, status: int, again: bool) -> None:
    request = httpx.Request("PUT", "http://x/")
    error = httpx.HTTPStatusError("no", request=request, response=httpx.Response(status, request=request))
    assert module.passes(error) is again
    assert module.passes(httpx.ConnectTimeout("no answer"))
    assert not module.passes(KeyError("id"))
