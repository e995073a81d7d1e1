"""What runs to bring Airflow to what the stack file declares, and to look whether it stays so."""

import json
from typing import Any

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import DECLARED_PASSWORD_FILE, DECLARED_SCRIPT
from components.contract import airflow, names
from components.contract.airflow_pods import Process
from settings.base import ResourceList, Resources
from settings.declared import DeclaredConnection, DeclaredSettings, DeclaredVariable
from settings.platform_settings import PlatformSettings

TOLD_FILE = "declared.json"
DEADLINE_SECONDS = 600
"""Twice what the script waits for an api-server that is away."""
START_WITHIN_SECONDS = 300
"""A look that was missed is soon followed by the next."""
_RESOURCES = Resources(requests=ResourceList(cpu="20m", memory="64Mi"), limits=ResourceList(memory="192Mi"))


def applying(args: AirflowCoreArgs, declared: DeclaredSettings) -> Process:
    """What the Job's pod runs after a deployment that changed something of it."""
    return _process(args, declared, "apply")


def looking(args: AirflowCoreArgs, declared: DeclaredSettings) -> Process:
    """What the CronJob's pods run."""
    return _process(args, declared, "repair" if declared.repair else "check")


def _process(args: AirflowCoreArgs, declared: DeclaredSettings, mode: str) -> Process:
    return Process(
        name=names.DECLARED,
        command=("python", f"{airflow.CONFIG_FOLDER}/{DECLARED_SCRIPT}", mode),
        config={
            DECLARED_SCRIPT: airflow.asset(DECLARED_SCRIPT, package="components.airflow_core"),
            TOLD_FILE: json.dumps(told(args.settings, declared), indent=2, sort_keys=True) + "\n",
        },
        secret=args.secrets[names.DECLARED],
        replicas=1,
        resources=_RESOURCES,
        grace_seconds=30,
    )


def told(settings: PlatformSettings, declared: DeclaredSettings) -> dict[str, Any]:
    """What the script is told: no secret, only the files that hold one."""
    host = names.service_host(names.API_CORE, settings.namespaces.airflow)
    return {
        "url": f"https://{host}:{names.API_PORT}",
        "authority": airflow.secret_path(airflow.CA_FILE),
        "user": names.DECLARED_USER,
        "password": airflow.secret_path(DECLARED_PASSWORD_FILE),
        "statsd_host": names.service_host(names.STATSD_EXPORTER, settings.namespaces.monitoring),
        "statsd_port": names.STATSD_PORT,
        "pools": {name: pool.model_dump() for name, pool in declared.pools.items()},
        "variables": {name: _variable(variable) for name, variable in declared.variables.items()},
        "connections": {name: _connection(connection) for name, connection in declared.connections.items()},
    }


def _variable(variable: DeclaredVariable) -> dict[str, Any]:
    if variable.value_from is not None:
        return {"description": variable.description, "files": {"value": _given(variable.value_from)}}
    value = variable.value if isinstance(variable.value, str) else json.dumps(variable.value, sort_keys=True)
    return {"description": variable.description, "value": value}


def _connection(connection: DeclaredConnection) -> dict[str, Any]:
    files = {"password": connection.password_from, "extra": connection.extra_from}
    plain = connection.model_dump(exclude={"password_from", "extra_from", "extra", "schema_"})
    return {
        **plain,
        "schema": connection.schema_,
        "password": None,
        "extra": json.dumps(connection.extra, sort_keys=True),
        "files": {field: _given(name) for field, name in files.items() if name is not None},
    }


def _given(name: str) -> str:
    return airflow.secret_path(airflow.given_file(name))
