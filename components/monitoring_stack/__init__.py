"""Metrics, alerts and dashboards."""

from components.monitoring_stack.args import MonitoringStackArgs
from components.monitoring_stack.component import MonitoringStack
from components.monitoring_stack.peers import workloads
from components.monitoring_stack.secrets import consumers

__all__ = ["MonitoringStack", "MonitoringStackArgs", "consumers", "workloads"]
