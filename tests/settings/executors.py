"""Stacks with another executor than Celery's, as values of a stack file."""

from typing import Any

from tests.settings.stack_files import changed, values_of


def local(stack: str = "dev") -> dict[str, Any]:
    """The values of a stack file whose tasks run in the scheduler's pod, five at once."""
    values = {key: value for key, value in values_of(stack).items() if key not in ("workers", "redis")}
    return changed(changed(values, "airflow.executor", "local"), "airflow.parallelism", 5)


def pods(executor: str = "kubernetes", stack: str = "dev") -> dict[str, Any]:
    """The same whose tasks run in pods of their own, eight at once; with `hybrid` workers stay beside them."""
    values = values_of(stack)
    if executor == "kubernetes":
        values = {key: value for key, value in values.items() if key not in ("workers", "redis")}
    values["airflow"] = {
        **values["airflow"],
        "executor": executor,
        "taskPods": {"maxPods": 8},
        "parallelism": 100,
        "logs": {"bundled": {"storage": {"size": "1Gi"}}},
    }
    return changed(values, "airflow.defaultPoolSlots", 200)
