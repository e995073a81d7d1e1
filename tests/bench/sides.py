"""The two sides of a comparison: Airflow's processes as the stack ships them, and the same ones with Airflow's own defaults.

Both are copies of the deployed processes: the same images, requests, probes, database and broker. A side of defaults keeps
from each `airflow.cfg` what the process needs in order to be there at all (addresses, keys, certificates) and nothing
that is a choice. Pure functions from what the API server says of the stack to what is applied.
"""

from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import Any

from components.contract import airflow

SIDE_LABEL = "airflow-platform/bench-side"
DAG_SOURCE = "bench-dags"
WORKER, SCHEDULER, DAG_PROCESSOR = "worker-default", "scheduler", "dag-processor"
ROLES = (SCHEDULER, "api-execution", DAG_PROCESSOR, WORKER)
"""Processes that a side has of its own. The api-server for people is the way in for the measurement and the same for both."""

_SOURCE_FOLDER, _DAGS, _SOURCE = "/bench", "dags", "dag-source"
_DATABASE_MODULE = "airflow_platform_database.py"

WIRING: Mapping[str, frozenset[str]] = {
    "api": frozenset({
        "port", "ssl_cert", "ssl_key", "ssl_ca_file", "client_use_public_certs", "secret_key_cmd", "base_url"
    }),
    "api_auth": frozenset({"jwt_issuer", "jwt_private_key_path", "trusted_jwks_url"}),
    "celery": frozenset({"broker_url_cmd", "ssl_active", "ssl_cacert", "ssl_mutual_tls"}),
    "core": frozenset({
        "auth_manager", "dags_folder", "execution_api_server_url", "executor", "fernet_key_cmd", "hostname_callable",
        "load_examples",
    }),
    "database": frozenset({
        "sql_alchemy_conn_cmd", "sql_alchemy_conn_async_cmd", "sql_alchemy_connect_args", "sql_alchemy_connect_args_async"
    }),
    "logging": frozenset({"base_log_folder"}),
    # The pods' probes ask it.
    "scheduler": frozenset({"enable_health_check", "scheduler_health_check_server_port"}),
}  # fmt: skip
"""Section to the keys that a process of the defaults keeps."""

_DATABASE_KEYS = ("sql_alchemy_conn_cmd", "sql_alchemy_connect_args")


class Side(StrEnum):
    """Whose configuration it is."""

    SHIPPED = "shipped"
    DEFAULTS = "defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One deployed process, as the API server says.

    Attributes:
        deployment: its Deployment.
        config: files of its ConfigMap.
        secret_files: names of the files in its Secret.
    """

    deployment: Mapping[str, Any]
    config: Mapping[str, str]
    secret_files: Sequence[str]

    @property
    def pod(self) -> dict[str, Any]:
        """What its pods are."""
        return self.deployment["spec"]["template"]["spec"]

    @property
    def secret(self) -> str:
        """Name of its Secret."""
        return next(volume["secret"]["secretName"] for volume in self.pod["volumes"] if volume["name"] == "secrets")


def default_sections(text: str) -> dict[str, dict[str, str]]:
    """What is left of an `airflow.cfg` when every choice is Airflow's own."""
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    kept = {
        section: {key: value for key, value in parser[section].items() if key in WIRING[section]}
        for section in parser.sections()
        if section in WIRING
    }
    return {section: keys for section, keys in kept.items() if keys}


def default_config(role: str, deployed: Mapping[str, Deployed]) -> dict[str, str]:
    """Files of a ConfigMap with Airflow's defaults.

    A worker of the defaults keeps Celery's results in the metadata database, so it gets the way there.
    """
    own = deployed[role]
    sections = default_sections(own.config[airflow.AIRFLOW_CFG])
    if role == WORKER:
        database = default_sections(deployed[SCHEDULER].config[airflow.AIRFLOW_CFG])["database"]
        sections["database"] = {key: database[key] for key in _DATABASE_KEYS}
    return {
        airflow.AIRFLOW_CFG: _rendered(sections),
        airflow.ALIVE_SCRIPT: own.config[airflow.ALIVE_SCRIPT],
        _DATABASE_MODULE: deployed[SCHEDULER].config[_DATABASE_MODULE],
    }


def _rendered(sections: Mapping[str, Mapping[str, str]]) -> str:
    parser = ConfigParser(interpolation=None)
    parser.read_dict(sections)
    text = StringIO()
    parser.write(text)
    return text.getvalue()


def name_of(side: Side, role: str) -> str:
    """Name of a side's workload and of its ConfigMap."""
    return f"bench-{side}-{role}"


def manifests(side: Side, role: str, deployed: Mapping[str, Deployed]) -> list[dict[str, Any]]:
    """The objects of one process of a side, stopped."""
    workload = _deployment(side, role, deployed[role])
    if side is Side.SHIPPED:
        return [workload]
    pod = workload["spec"]["template"]["spec"]
    _volume(pod, "config")["configMap"]["name"] = name_of(side, role)
    if role == WORKER:
        # As it is started by hand: no choice of ours among the arguments either.
        pod["containers"][0]["args"] = ["airflow", "celery", "worker"]
        _add_database_secret(pod, deployed)
    config = config_map(name_of(side, role), default_config(role, deployed), _namespace(deployed[role]))
    return [config, workload]


def config_map(name: str, files: Mapping[str, str], namespace: str) -> dict[str, Any]:
    """A ConfigMap of these files."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(files)}


def _namespace(deployed: Deployed) -> str:
    return deployed.deployment["metadata"]["namespace"]


def _deployment(side: Side, role: str, deployed: Deployed) -> dict[str, Any]:
    spec = deployed.deployment["spec"]
    template = spec["template"]
    labels = {**template["metadata"]["labels"], SIDE_LABEL: side.value}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name_of(side, role),
            "namespace": _namespace(deployed),
            "labels": {SIDE_LABEL: side.value},
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {**spec["selector"]["matchLabels"], SIDE_LABEL: side.value}},
            "template": {"metadata": {"labels": labels}, "spec": _with_dags(deployed.pod)},
        },
    }


def _with_dags(pod: Mapping[str, Any]) -> dict[str, Any]:
    """The pod with the measurement's DAG files instead of the image's.

    They are copied: a mounted ConfigMap shows each file three times to whoever walks through its folders.
    """
    container = pod["containers"][0]
    volumes: list[dict[str, Any]] = [
        {"name": _DAGS, "emptyDir": {}},
        {"name": _SOURCE, "configMap": {"name": DAG_SOURCE}},
    ]
    mount = {"name": _DAGS, "mountPath": airflow.DAGS_FOLDER}
    filling = {
        "name": "fill",
        "image": container["image"],
        "command": ["python3", "-I", "-S", f"{_SOURCE_FOLDER}/fill.py", airflow.DAGS_FOLDER],
        "resources": container["resources"],
        "securityContext": container["securityContext"],
        "volumeMounts": [mount, {"name": _SOURCE, "mountPath": _SOURCE_FOLDER, "readOnly": True}],
    }
    ours = {**container, "volumeMounts": [*container["volumeMounts"], mount]}
    return {
        **pod,
        "containers": [ours],
        "initContainers": [filling],
        # Copies, since whoever has this changes it.
        "volumes": [*(dict(volume) for volume in pod["volumes"]), *volumes],
    }


def _volume(pod: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = next(volume for volume in pod["volumes"] if volume["name"] == name)
    found["configMap"] = dict(found["configMap"])
    return found


def _add_database_secret(pod: dict[str, Any], deployed: Mapping[str, Deployed]) -> None:
    """The worker's own files and those of the scheduler that it has not."""
    own, scheduler = deployed[WORKER], deployed[SCHEDULER]
    more = sorted(set(scheduler.secret_files) - set(own.secret_files))
    sources = [
        {"secret": {"name": own.secret}},
        {"secret": {"name": scheduler.secret, "items": [{"key": file, "path": file} for file in more]}},
    ]
    projected = {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": sources}}
    pod["volumes"] = [projected if volume["name"] == "secrets" else volume for volume in pod["volumes"]]
