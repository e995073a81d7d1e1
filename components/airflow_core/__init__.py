"""Airflow's own processes: migration, scheduler, dag-processor, triggerer and the two api-server roles."""

from components.airflow_core.args import AirflowCoreArgs, AirflowResumptionArgs
from components.airflow_core.component import AirflowCore
from components.airflow_core.resumption import AirflowResumption

__all__ = ["AirflowCore", "AirflowCoreArgs", "AirflowResumption", "AirflowResumptionArgs"]
