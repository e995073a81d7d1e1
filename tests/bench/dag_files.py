"""The DAG files that are measured with, and how they get into a pod."""

from collections.abc import Sequence

NOOP_DAG = "bench_noop"
TASKS_OF_RUN = 100
"""Mapped tasks of one run: several runs side by side, none with more tasks than `max_map_length` allows."""

NOOP = f"""
from airflow.sdk import dag, task

@task
def work(number: int) -> None:
    pass

@dag(dag_id="{{name}}", schedule=None, is_paused_upon_creation=True)
def flow():
    work.expand(number=list(range({TASKS_OF_RUN})))

flow()
"""
"""A DAG whose tasks do nothing and push nothing."""

CHAIN = """
from datetime import datetime
from airflow.sdk import dag, task

@task
def step(number: int) -> int:
    return number + 1

@dag(dag_id="{name}", schedule=None, start_date=datetime(2026, 1, 1), is_paused_upon_creation=True, tags=["bench"])
def flow():
    value = 0
    for _ in range(10):
        value = step(value)

flow()
"""
"""A DAG of ten tasks in a row."""

_FILL = """
import pathlib, sys
here, target = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
template = (here / "template.txt").read_text()
for name in (here / "names.txt").read_text().split():
    (target / f"{name}.py").write_text(template.replace("{name}", name))
"""


def source(template: str, names: Sequence[str]) -> dict[str, str]:
    """Files of the ConfigMap from which a pod fills its DAG folder: one DAG file for each name."""
    return {"fill.py": _FILL, "template.txt": template, "names.txt": "\n".join(names) + "\n"}
