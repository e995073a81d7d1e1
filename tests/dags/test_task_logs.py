"""Task logs in a bucket, as Airflow itself finds the class, and what it does when the bucket does not answer."""

import importlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from celery.signals import worker_shutdown

PATH = "dag_id=a/run_id=manual__2026-11-22T20:00:00+00:00/task_id=t/attempt=1.log"
ENTRY = '{"event":"one"}\n'
WHERE = {"bucket": "logs", "prefix": "stack/", "region": "us-east-1", "addressing": "path", "authority": "", "keys": []}


class Bucket:
    """As much of a client as the class asks for; what a real store answers, the drill of logs looks at."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.away = False
        self.asked = 0

    def put_object(self, *, Bucket: str, Key: str, Body: io.BufferedReader) -> None:  # noqa: N803
        self._answer(Bucket)
        self.objects[Key] = Body.read()

    def _answer(self, name: str) -> None:
        self.asked += 1
        assert name == WHERE["bucket"]
        if self.away:
            raise EndpointConnectionError(endpoint_url="https://store")


@pytest.fixture
def module(rendered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    for name, text in rendered["logs"]["worker-default"].items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("airflow_platform_logs")
    for name in ("airflow_platform_logs", "airflow_platform_bucket"):
        del sys.modules[name]


@pytest.fixture
def store() -> Bucket:
    return Bucket()


@pytest.fixture
def logs(module: ModuleType, store: Bucket, tmp_path: Path) -> Any:
    found = module.BucketLogs(WHERE, tmp_path / "logs")
    found._found = store
    return found


def write(logs: Any, path: str = PATH, text: str = ENTRY) -> Path:
    file = logs._folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write(text)
    return file


def test_airflow_finds_it_by_what_a_worker_reads(rendered: Any, tmp_path: Path) -> None:
    code = (
        "from airflow.sdk.log import load_remote_log_handler as task\n"
        "from airflow.logging_config import get_remote_task_log as server\n"
        "print(type(task()).__name__, task() is server(), task()._where['endpoint'])"
    )
    for name, text in rendered["logs"]["worker-default"].items():
        (tmp_path / name).write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
    environment |= {
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW_CONFIG": str(tmp_path / "airflow.cfg"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(tmp_path / "logs"),
        "PYTHONPATH": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = "BucketLogs True https://log-store.airflow.svc.cluster.local:7070"
    assert done.stdout.strip().splitlines()[-1] == told


def test_each_part_of_a_log_is_an_object_and_leaves_the_pod(logs: Any, store: Bucket) -> None:
    for text in (ENTRY, '{"event":"two"}\n'):
        file = write(logs, text=text)
        logs.upload(PATH)
        assert not file.exists()
    keys = sorted(store.objects)
    assert [store.objects[key] for key in keys] == [b'{"event":"one"}\n', b'{"event":"two"}\n']
    assert all(key.startswith(f"stack/{PATH}.2") for key in keys)


def test_an_empty_log_and_one_that_is_gone_are_no_objects(logs: Any, store: Bucket) -> None:
    file = write(logs, text="")
    logs.upload(PATH)
    logs.upload("dag_id=b/attempt=1.log")
    assert not file.exists()
    assert store.asked == 0


def test_what_cannot_be_sent_stays_nobody_waits_twice_and_it_goes_with_a_later_one(
    logs: Any, store: Bucket, module: ModuleType
) -> None:
    store.away = True
    first, second = write(logs), write(logs, "dag_id=b/attempt=1.log")
    logs.upload(PATH)
    logs.upload("dag_id=b/attempt=1.log")
    assert store.asked == 1
    assert first.exists()
    assert second.exists()
    store.away = False
    logs._silent_until -= module.PAUSE_SECONDS
    write(logs, "dag_id=c/attempt=1.log")
    logs.upload("dag_id=c/attempt=1.log")
    assert len(store.objects) == 3
    assert not any(file.is_file() for file in logs._folder.rglob("*"))


def test_a_log_that_another_part_is_written_to_is_left_to_that_part(
    logs: Any, store: Bucket, module: ModuleType
) -> None:
    store.away = True
    file = write(logs)
    logs.upload(PATH)
    store.away = False
    write(logs, text='{"event":"of the resumed task"}\n')
    logs._silent_until -= module.PAUSE_SECONDS
    logs.upload("dag_id=b/attempt=1.log")
    assert file.exists()
    assert store.objects == {}


def test_a_worker_that_stops_sends_whatever_it_has(logs: Any, store: Bucket, module: ModuleType) -> None:
    write(logs)
    write(logs, "dag_id=b/attempt=1.log.trigger.7.log")
    logs.send_rest(sender=None)
    assert len(store.objects) == 2
    assert module.REMOTE_TASK_LOG.send_rest in [receiver for _, receiver in worker_shutdown.receivers]


def test_folders_go_when_nobody_has_touched_them_for_a_day(logs: Any, module: ModuleType) -> None:
    old, new = write(logs, text="").parent, write(logs, "dag_id=b/attempt=1.log", text="").parent
    logs.upload(PATH)
    before = time.time() - module.STALE_SECONDS - 60
    for folder in (old, old.parent):
        os.utime(folder, (before, before))
    logs._tidied -= module.TIDY_SECONDS
    logs.upload("dag_id=b/attempt=1.log")
    assert not old.exists()
    assert new.exists()
    assert logs._folder.exists()


def test_a_bucket_that_does_not_answer_shows_nothing_so_that_the_pod_is_asked(
    module: ModuleType, tmp_path: Path
) -> None:
    """A real client at a port where nobody listens."""
    keys = [tmp_path / "access", tmp_path / "secret"]
    for key in keys:
        key.write_text("x")
    where = {**WHERE, "endpoint": "https://127.0.0.1:9", "keys": [str(key) for key in keys]}
    logs = module.BucketLogs(where, tmp_path / "logs")
    sources, parts = logs.stream(PATH, None)
    assert parts == []
    assert "Could not ask the bucket" in sources[0]
    write(logs)
    logs.upload(PATH)
    assert (logs._folder / PATH).exists()
