"""The smoke DAG: its shape, and a whole run in one process."""

import ast
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from airflow.utils.db import initdb

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture(scope="module")
def smoke(load_dag: Callable[[str], ModuleType]) -> ModuleType:
    return load_dag("platform_smoke")


@pytest.fixture(scope="module")
def dag(smoke: ModuleType) -> Any:
    return smoke.platform_smoke()


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_only_defines_things(path: Path) -> None:
    """Each file is parsed every half minute: nothing but definitions and the call of the DAG at its top level."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    allowed = functions | ast.Import | ast.ImportFrom | ast.ClassDef | ast.Assign | ast.AnnAssign | ast.If
    for node in ast.parse(path.read_text()).body:
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Call)
        assert isinstance(node, allowed) or call, f"{path.name}:{node.lineno}"


def test_shape(dag: Any) -> None:
    upstream = {task.task_id: set(task.upstream_task_ids) for task in dag.tasks}
    assert upstream == {
        "read_configuration": set(),
        "list_items": {"read_configuration"},
        "weigh": {"list_items"},
        "add_up": {"weigh"},
        "wait_on_triggerer": set(),
        "fail_once": set(),
        "conclude": {"add_up", "wait_on_triggerer", "fail_once"},
    }
    assert dag.schedule is None
    assert dag.get_task("fail_once").retries == 1


def test_the_file_holds_what_the_dag_expects_of_it(smoke: ModuleType) -> None:
    rows = smoke.ITEMS.read_text().splitlines()[1:]
    assert len(rows) == smoke.ITEM_COUNT
    assert sum(int(row.split(",")[1]) for row in rows) == smoke.TOTAL_WEIGHT


@pytest.fixture(scope="module")
def database() -> None:
    initdb()


@pytest.mark.usefixtures("database")
def test_a_whole_run_in_one_process(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_PLATFORM_SMOKE_MARKER", "marker")
    monkeypatch.setenv("AIRFLOW_CONN_PLATFORM_SMOKE", "generic://user:password@marker")
    run = dag.test()
    tasks = run.get_task_instances()
    assert {(task.task_id, task.state) for task in tasks} == {(task.task_id, "success") for task in dag.tasks}
    assert sum(task.task_id == "weigh" for task in tasks) == 10
    assert [task.try_number for task in tasks if task.task_id == "fail_once"] == [2]
