"""The autoscaler's login may read what the autoscaler asks for, and nothing else."""

import ast
import re
import runpy
from pathlib import Path

from components import airflow_core, autoscaling
from components.celery_workers.scaled_object import task_queries

SQL = {
    "select", "from", "where", "and", "like", "in", "group", "by", "any", "as",
    "count", "coalesce", "extract", "epoch", "now", "min", "task_instance",
}  # fmt: skip


def assets(package: Path) -> Path:
    return package.parent / "assets"


def granted() -> set[str]:
    """Of the table of tasks, by the program that lets the login read it, which runs in Airflow's image alone."""
    program = ast.parse((assets(Path(airflow_core.__file__)) / "bootstrap.py").read_text())
    (columns,) = (
        ast.literal_eval(node.value)
        for node in program.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "READ_COLUMNS"
    )
    return set(columns)


def asked(query: str) -> set[str]:
    """Columns that a query names: its words but texts, parameters and SQL's own."""
    return set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'|%s", "", query).lower())) - SQL


def test_every_column_that_is_asked_for_may_be_read_and_no_other() -> None:
    drain = runpy.run_path(str(assets(Path(autoscaling.__file__)) / "drain.py"))
    queries = [*task_queries("default").values(), drain["TASKS"]]
    assert set().union(*map(asked, queries)) == granted()
