"""The load DAG: every execution is reported, with an identity of its own."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any

import pytest
from airflow.utils.db import initdb


@pytest.fixture(scope="module")
def module(load_dag: Callable[[str], ModuleType]) -> Any:
    return load_dag("platform_load")


@pytest.fixture
def reports() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", seen
        server.shutdown()
        thread.join()


def test_every_execution_is_reported(module: Any, reports: tuple[str, list[dict[str, Any]]]) -> None:
    url, seen = reports
    initdb()
    run = module.platform_load().test(run_conf={"tasks": 3, "seconds": 0, "report_to": url})
    assert {task.state for task in run.get_task_instances()} == {"success"}
    assert sorted(report["task"] for report in seen) == [0, 1, 2]
    assert {report["run"] for report in seen} == {run.run_id}
    assert len({report["execution"] for report in seen}) == 3


def test_a_report_that_nobody_takes_fails_the_task(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    with pytest.raises(OSError, match="refused"):
        module.report("http://127.0.0.1:9/", {"run": "r", "task": 1})
