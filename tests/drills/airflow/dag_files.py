"""DAG files in the pods of a running stack, for as long as a drill takes.

The image holds a stack's DAGs. A drill adds a volume below its DAG folder to a Deployment, filled before Airflow starts,
and takes the change back afterwards.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from components.contract.airflow import DAGS_FOLDER
from tests.drills.stack import DeployedStack

_ROLLOUT_SECONDS = 420
_WRITE = """
import json, sys
from pathlib import Path
for name, parts in json.loads(sys.argv[1]).items():
    (Path("/files") / name).write_text("".join(text * times for text, times in parts))
"""

Parts = Sequence[tuple[str, int]]
"""Of a file: texts, each so many times."""


def broken() -> Parts:
    """A file that cannot be imported."""
    return [("from airflow.sdk import dag\nimport no_such_module\n", 1)]


def looping() -> Parts:
    """A file whose import never ends."""
    return [("from airflow.sdk import dag\nwhile True:\n    pass\n", 1)]


def stubborn() -> Parts:
    """The same, which lets nothing interrupt it either."""
    loop = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass\n"
    return [(f"from airflow.sdk import dag\n{loop}", 1)]


def huge_table(dag: str, size: int) -> Parts:
    """A file of so many bytes, or a row more: a table in the code, which takes 150 times its size to be compiled; a DAG."""
    row = '    ("customer-0000000001", 42, {"country": "DE", "tags": ["a", "b"]}),\n'
    return [*_around(dag, "ROWS = [\n", row, size), ("]\n", 1)]


def huge_text(dag: str, size: int) -> Parts:
    """A file of the same size whose most is one text."""
    return [*_around(dag, 'TEXT = """\n', "a line of a text that is part of the code\n", size), ('"""\n', 1)]


def _around(dag: str, begin: str, line: str, size: int) -> Parts:
    head = "from airflow.providers.standard.operators.empty import EmptyOperator\nfrom airflow.sdk import DAG\n"
    own = f'with DAG("{dag}", schedule=None):\n    EmptyOperator(task_id="work")\n'
    return [(head + own + begin, 1), (line, -(-size // len(line)))]


def lost(dag: str, queue: str) -> Parts:
    """A DAG with a task of a queue."""
    head = "from airflow.providers.standard.operators.empty import EmptyOperator\nfrom airflow.sdk import DAG\n"
    return [(f'{head}with DAG("{dag}", schedule=None):\n    EmptyOperator(task_id="work", queue="{queue}")\n', 1)]


def untried(dag: str, seconds: float) -> Parts:
    """A DAG with a task that takes some seconds and is not tried again."""
    head = "from airflow.providers.standard.operators.bash import BashOperator\nfrom airflow.sdk import DAG\n"
    work = f'BashOperator(task_id="work", bash_command="sleep {seconds:.0f}", retries=0)'
    return [(f'{head}with DAG("{dag}", schedule=None):\n    {work}\n', 1)]


@contextmanager
def dag_files(
    stack: DeployedStack, namespace: str, folder: str, files: Mapping[str, Parts], deployments: Sequence[str]
) -> Generator[None]:
    """Files in a folder of their own below the DAG folder of some Deployments' pods while the block runs."""
    names = [f"deployment/{name}" for name in deployments]

    def change(name: str, patch: Mapping[str, Any]) -> None:
        stack.kubectl("patch", name, "--namespace", namespace, "--patch", json.dumps(patch))

    changed: list[str] = []
    try:
        for name in names:
            changed.append(name)
            change(name, _with(stack.get(name, "--namespace", namespace), folder, files))
        _wait(stack, namespace, changed)
        yield
    finally:
        for name in changed:
            change(name, _without(folder))
        _wait(stack, namespace, changed)


def _wait(stack: DeployedStack, namespace: str, names: Sequence[str]) -> None:
    for name in names:
        wait = ("rollout", "status", name, "--namespace", namespace, f"--timeout={_ROLLOUT_SECONDS}s")
        stack.kubectl(*wait, timeout=_ROLLOUT_SECONDS + 30)


def _with(deployment: Mapping[str, Any], folder: str, files: Mapping[str, Parts]) -> dict[str, Any]:
    own = deployment["spec"]["template"]["spec"]["containers"][0]
    writer = {key: own[key] for key in ("image", "securityContext", "resources")} | {
        "name": folder,
        "command": ["python3", "-c", _WRITE, json.dumps({name: list(parts) for name, parts in files.items()})],
        "volumeMounts": [{"name": folder, "mountPath": "/files"}],
    }
    return _patch([writer], [_mount(folder)], [{"name": folder, "emptyDir": {"sizeLimit": "64Mi"}}])


def _without(folder: str) -> dict[str, Any]:
    gone = {"name": folder, "$patch": "delete"}
    return _patch([gone], [{**_mount(folder), "$patch": "delete"}], [gone])


def _mount(folder: str) -> dict[str, str]:
    return {"name": folder, "mountPath": f"{DAGS_FOLDER}/{folder}"}


def _patch(
    writers: list[dict[str, Any]], mounts: list[dict[str, str]], volumes: list[dict[str, Any]]
) -> dict[str, Any]:
    container = {"name": "airflow", "volumeMounts": mounts}
    spec = {"initContainers": writers, "containers": [container], "volumes": volumes}
    return {"spec": {"template": {"spec": spec}}}
