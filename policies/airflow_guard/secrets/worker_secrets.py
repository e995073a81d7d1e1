"""Workers hold no key to the platform itself."""

from collections.abc import Iterator
from functools import partial

from ..airflow_settings import Setting, airflow_settings
from ..kubernetes import makes_pods, pod_template
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..options import Options
from ..reliability.worker_drain import is_worker

_KEYS = {
    "database.sql_alchemy_conn": "the metadata database",
    "database.sql_alchemy_conn_async": "the metadata database",
    "core.fernet_key": "the key of all Connections",
    "api_auth.jwt_private_key_path": "the key that signs tokens",
    "api_auth.jwt_secret": "the key that signs tokens",
}
_WAYS = ("", "_cmd", "_secret")


def check(stack: Stack, _options: Options) -> Iterator[Finding]:
    """Worker pods, and ConfigMaps they mount, that point to such a key."""
    config_maps = stack.of_kind("ConfigMap")
    workloads = filter(makes_pods, stack.resources)
    yield from each_resource(workloads, partial(_workload, config_maps=config_maps))


def _workload(workload: Resource, config_maps: list[Resource]) -> Iterator[Finding]:
    if not is_worker(workload):
        return
    mounted = [item for item in config_maps if _mounts(workload, item)]
    for resource in (workload, *mounted):
        for setting in airflow_settings(resource):
            key = _key(setting)
            if key:
                yield Finding(
                    what=f"hands workers {key}: [{setting.section}] {setting.key}",
                    path=setting.node.path,
                    part=setting.part,
                    resource=resource,
                )


def _mounts(workload: Resource, config_map: Resource) -> bool:
    name = config_map.props.at("metadata", "name").text
    volumes = pod_template(workload).spec.at("volumes").items
    return config_map.namespace == workload.namespace and any(
        volume.at("configMap", "name").text == name for volume in volumes
    )


def _key(setting: Setting) -> str:
    if setting.value.startswith("sqlite:"):
        return ""  # a worker opens no database, but Airflow wants a URL
    for name, key in _KEYS.items():
        if setting.name in {name + way for way in _WAYS} and setting.value:
            return key
    return ""


RULE = StackRule(
    name="worker-secrets",
    title="Workers hold no key to the metadata database, to Connections or to tokens",
    why="tasks run foreign code: what a worker can read, every author of a DAG can read",
    mend="leave the setting out of the workers' configuration; tasks speak to the execution API",
    severity=Severity.CRITICAL,
    references=("Airflow 3: task execution interface (AIP-72)",),
    check=check,
)
