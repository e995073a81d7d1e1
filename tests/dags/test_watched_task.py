"""The supervision of a task's process, by the supervisor of the Airflow that it is written for."""

import errno
import os
import sys
import time
import uuid
from configparser import ConfigParser
from importlib import util
from pathlib import Path
from types import ModuleType, SimpleNamespace

import httpx
import pytest
from airflow.sdk.api import client as api
from airflow.sdk.api.datamodels._generated import BundleInfo, TaskInstance
from airflow.sdk.execution_time import supervisor
from airflow.sdk.execution_time.coordinator import CoordinatorManager

ROOT = Path(__file__).resolve().parents[2]
MODULE = "airflow_platform_tasks"
SILENT_SECONDS, INTERVAL_SECONDS = 0.5, 30

CONTEXT = {
    "dag_run": {
        "dag_id": "flow", "run_id": "run", "logical_date": None, "data_interval_start": None, "data_interval_end": None,
        "start_date": "2026-01-01T00:00:00Z", "end_date": None, "run_type": "manual", "state": "running",
        "run_after": "2026-01-01T00:00:00Z", "consumed_asset_events": [], "partition_key": None,
    },
    "max_tries": 0,
    "should_retry": False,
}  # fmt: skip


def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=CONTEXT if request.url.path.endswith("/run") else {})


def fall_silent() -> None:
    """A task's process that has said its last word and takes a while to end, as on a machine with much to do."""
    os.closerange(0, 1024)
    time.sleep(SILENT_SECONDS)


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = ROOT / "components" / "celery_workers" / "assets" / f"{MODULE}.py"
    spec = util.spec_from_file_location(MODULE, path)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, MODULE, module)
    spec.loader.exec_module(module)
    return module


def run(
    kind: type[supervisor.ActivitySubprocess], monkeypatch: pytest.MonkeyPatch, interval: int = INTERVAL_SECONDS
) -> float:
    """Seconds until a task's end is known to whoever watches over it."""
    monkeypatch.setattr(supervisor, "MIN_HEARTBEAT_INTERVAL", interval)
    monkeypatch.setattr(api, "noop_handler", answer)
    begun = time.monotonic()
    with api.Client(base_url="", dry_run=True, token="") as client:
        process = kind.start(
            what=TaskInstance(
                id=uuid.uuid4(), task_id="step", dag_id="flow", run_id="run", try_number=1, map_index=-1,
                dag_version_id=uuid.uuid4(), queue="default",
            ),
            dag_rel_path="flow.py",
            bundle_info=BundleInfo(name="dags-folder", version=None),
            client=client,
            target=fall_silent,
            subprocess_logs_to_stdout=False,
        )  # fmt: skip
        assert process.wait() == 0
    return time.monotonic() - begun


def test_the_end_of_a_silent_process_is_seen_long_before_the_next_look(
    tasks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow's own supervisor takes the whole interval here; the bound is half of it."""
    assert SILENT_SECONDS <= run(tasks.WatchedTask, monkeypatch) < INTERVAL_SECONDS / 2


def test_without_a_kernels_help_it_is_airflows_own_way(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: int) -> int:
        raise PermissionError(errno.EPERM, "refused")

    monkeypatch.setattr(tasks, "os", SimpleNamespace(fdopen=os.fdopen, pidfd_open=refused))
    assert run(tasks.WatchedTask, monkeypatch, interval=2) >= 2


def test_the_workers_configuration_names_it(rendered: dict[str, dict[str, dict[str, str]]], tasks: ModuleType) -> None:
    parser = ConfigParser()
    parser.read_string(rendered["prod"]["worker-default"]["airflow.cfg"])
    manager = CoordinatorManager.from_config
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__SDK__COORDINATORS", parser["sdk"]["coordinators"])
        patch.setenv("AIRFLOW__SDK__QUEUE_TO_COORDINATOR", parser["sdk"]["queue_to_coordinator"])
        assert isinstance(manager().for_queue("default"), tasks.Coordinator)
