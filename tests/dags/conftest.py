"""Run by `make test-dags` in the environment of the Airflow image; elsewhere nothing here is collected."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

if find_spec("airflow") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    # Airflow reads these when it is imported for the first time.
    home = tempfile.mkdtemp(prefix="airflow-platform-dags-")
    os.environ.update(
        AIRFLOW_HOME=home,
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
        AIRFLOW__CORE__UNIT_TEST_MODE="False",
        AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
    )

_RENDER = """
import json
from components.airflow_core.configuration import ROLES, config_files
from components.celery_workers import configuration as workers
from components.contract import names
from settings.load import parse
from tests.harness import STACKS, settings_of
from tests.settings.executors import local
from tests.settings.external import BUNDLE, with_broker
from tests.settings.logs import LOG_STORE, with_logs
from tests.settings.stack_files import changed, values_of

files = {}
stacks = {stack: settings_of(stack) for stack in STACKS} | {
    "external": parse(with_broker("dev", authority=None)),
    "logs": parse(with_logs("dev", {"bundled": LOG_STORE})),
    "local": parse(local()),
    "bundles": parse(changed(values_of("dev"), "airflow.bundles", {"team": BUNDLE})),
}
for stack, settings in stacks.items():
    readers = [names.dag_processor(bundle) for bundle in settings.airflow.bundles]
    files[stack] = {role: config_files(role, settings) for role in (*ROLES, *readers)}
    for queue in settings.workers.queues:
        files[stack][f"worker-{queue}"] = workers.config_files(settings, queue)
print(json.dumps(files))
"""

Rendered = dict[str, dict[str, dict[str, str]]]
"""Stack to role to file name to text."""


@pytest.fixture(scope="session")
def rendered() -> Rendered:
    """The files of every ConfigMap, rendered by the program in its own environment."""
    python = ROOT / ".venv" / "bin" / "python"
    assert python.exists(), f"{python} is missing: run `uv sync` in {ROOT} first"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [str(python), "-c", _RENDER], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def load_dag() -> Callable[[str], ModuleType]:
    """Loads a file of dags/ by its name, as a module."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, ROOT / "dags" / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return load
