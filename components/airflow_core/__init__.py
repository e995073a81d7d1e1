"""Airflow's own processes: migration, scheduler, dag-processor, triggerer and the two api-server roles."""

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.component import AirflowCore

__all__ = ["AirflowCore", "AirflowCoreArgs"]
