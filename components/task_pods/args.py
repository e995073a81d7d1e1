"""Arguments of TaskPods."""

from dataclasses import dataclass

from components.contract.args import ComponentArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPodsArgs(ComponentArgs):
    """What TaskPods is told: `settings.airflow.task_pods` says the shape, `namespace` is that of the pods of tasks."""
