"""Arguments of TaskPods."""

from dataclasses import dataclass

from components.contract.airflow_pods import AirflowArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPodsArgs(AirflowArgs):
    """What TaskPods is told: nothing besides; `settings.airflow.task_pods` says the shape, `namespace` is that of the pods."""
