# pyright: basic, reportMissingImports=false, reportUnsupportedDunderAll=false
"""What every DAG must keep to, looked at where DAG files are parsed: its tasks' queues have workers.

Runs inside the Airflow image, in the dag-processor alone. Local settings of the image's own go on working beside it.
"""

import json
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

from airflow.exceptions import AirflowClusterPolicyViolation

# Not where the file itself lies: files of a ConfigMap are links into a folder that Python's path does not name.
_HERE = Path(__file__).parent.resolve()
_QUEUES = json.loads((_HERE / "queues.json").read_text(encoding="utf-8"))


def _of_the_image():
    """What the image's own module of this name says, which this one hides."""
    elsewhere = [folder for folder in sys.path if Path(folder).resolve() != _HERE]
    spec = PathFinder.find_spec(__name__, elsewhere)
    if spec is None or spec.loader is None:
        return {}
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    return {name: getattr(module, name) for name in names}


_THEIRS = _of_the_image()
globals().update(_THEIRS)
__all__ = [*_THEIRS, "task_policy"]  # noqa: PLE0604 - names of theirs


def task_policy(task) -> None:
    """Refuse a task that no worker would ever take.

    Raises:
        AirflowClusterPolicyViolation: its queue has no workers; the file is then an import error with this text.
    """
    if "task_policy" in _THEIRS:
        _THEIRS["task_policy"](task)
    if task.executor in (None, "CeleryExecutor") and task.queue not in _QUEUES:
        raise AirflowClusterPolicyViolation(
            f"task {task.dag_id}.{task.task_id}: queue = {task.queue}: no worker takes from it. "
            f"Write one of {', '.join(_QUEUES)}, or add it to workers.queues of the stack file."
        )
