import json
import socket
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.cluster import health
from local.cluster.daemons import ORDER
from local.cluster.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path / "c", bin=tmp_path, registry=tmp_path / "r", logs=tmp_path / "l", run=tmp_path / "run")


@pytest.fixture
def port() -> Generator[int]:
    """A server that is well at /well only."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/well" else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def kubectl(layout: Layout, answer: object) -> None:
    program = layout.bin / "kubectl"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    program.chmod(0o755)


def node(status: str) -> dict[str, object]:
    return {"status": {"conditions": [{"type": "Ready", "status": status}]}}


@pytest.mark.parametrize(("path", "well"), [("/well", True), ("/ill", False)])
def test_a_program_is_well_when_it_says_so(
    layout: Layout, port: int, monkeypatch: pytest.MonkeyPatch, path: str, well: bool
) -> None:
    monkeypatch.setattr(health, "ENDPOINTS", {"etcd": ("127.0.0.1", port, False, path)})
    assert health.answers(layout, "etcd") is well


def test_nobody_there_is_not_well(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    monkeypatch.setattr(health, "ENDPOINTS", {"etcd": ("127.0.0.1", free, False, "/")})
    assert health.answers(layout, "etcd") is False


def test_the_runtime_is_well_when_its_socket_accepts(layout: Layout) -> None:
    assert health.answers(layout, "containerd") is False
    layout.run.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(layout.containerd_socket))
        server.listen()
        assert health.answers(layout, "containerd") is True
    assert health.answers(layout, "containerd") is False


@pytest.mark.parametrize(("status", "ready"), [("True", True), ("False", False), ("Unknown", False)])
def test_the_node_is_what_the_api_server_says(layout: Layout, status: str, ready: bool) -> None:
    kubectl(layout, node(status))
    assert health.node_ready(layout) is ready


def test_without_an_api_server_the_node_is_not_ready(layout: Layout) -> None:
    assert health.node_ready(layout) is False


@pytest.mark.parametrize(
    ("state", "missing"),
    [
        ({"observedGeneration": 2, "availableReplicas": 1}, 0),
        ({"observedGeneration": 1, "availableReplicas": 1}, 2),
        ({"observedGeneration": 2}, 2),
        ({}, 2),
    ],
)
def test_an_addon_is_missing_until_its_newest_form_is_available(
    layout: Layout, state: dict[str, int], missing: int
) -> None:
    kubectl(layout, {"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": state})
    assert len(health.unavailable_addons(layout)) == missing


def test_waiting_ends_with_the_answer_or_the_time() -> None:
    answers = iter([False, False, True])
    assert health.wait(lambda: next(answers), seconds=5, pause=0) is True
    assert health.wait(lambda: False, seconds=0, pause=0) is False


def test_every_program_can_be_asked() -> None:
    assert {*health.ENDPOINTS, "containerd"} == set(ORDER)
