"""Workers get the key to the metadata database back, for a DAG written for Airflow 2 that queries it."""

import pulumi
from spoil import Object, platform_with


def change(deployment: Object, _: pulumi.ResourceOptions) -> None:
    """Name the command that reads the connection."""
    command = "cat /run/secrets/airflow-platform/sql-alchemy-conn"
    variable = {"name": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", "value": command}
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [*container.get("env", []), variable]


platform_with("Deployment", "worker-default", change)
