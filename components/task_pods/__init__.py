"""Pods of single tasks: what each of them has, and who may make them."""

from components.task_pods.args import TaskPodsArgs
from components.task_pods.component import TaskPods

__all__ = ["TaskPods", "TaskPodsArgs"]
