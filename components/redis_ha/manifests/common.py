"""What the objects of RedisHA have in common."""

from collections.abc import Mapping
from pathlib import Path

import pulumi_kubernetes as k8s

from components.contract import names
from components.redis_ha.args import RedisHAArgs
from components.redis_ha.names import COMPONENT, CONFIG_PATH

_FILES = Path(__file__).parent.parent / "files"


def metadata(args: RedisHAArgs, name: str, workload: str) -> k8s.meta.v1.ObjectMetaArgs:
    """Metadata of an object that belongs to a workload."""
    return k8s.meta.v1.ObjectMetaArgs(name=name, namespace=args.namespace, labels=args.labels.of(workload, COMPONENT))


def scripts(*file_names: str) -> dict[str, str]:
    """Files that are mounted into pods, name to text."""
    return {name: (_FILES / name).read_text(encoding="utf-8") for name in file_names}


def config_map(args: RedisHAArgs, name: str, workload: str, data: Mapping[str, str]) -> k8s.core.v1.ConfigMapInitArgs:
    """Configuration and scripts of a workload."""
    return k8s.core.v1.ConfigMapInitArgs(metadata=metadata(args, name, workload), data=dict(data))


def config_volume(name: str) -> k8s.core.v1.VolumeArgs:
    """A ConfigMap as a volume."""
    return k8s.core.v1.VolumeArgs(
        name="config", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=name, default_mode=0o444)
    )


def config_mount() -> k8s.core.v1.VolumeMountArgs:
    """Where a container finds it."""
    return k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG_PATH, read_only=True)


def environment(args: RedisHAArgs) -> list[k8s.core.v1.EnvVarArgs]:
    """What the scripts need in order to name themselves and the others."""
    domain = f"{args.settings.namespaces.data}.svc.{names.CLUSTER_DOMAIN}"
    own_name = k8s.core.v1.EnvVarSourceArgs(field_ref=k8s.core.v1.ObjectFieldSelectorArgs(field_path="metadata.name"))
    return [
        k8s.core.v1.EnvVarArgs(name="POD_NAME", value_from=own_name),
        k8s.core.v1.EnvVarArgs(name="DOMAIN", value=domain),
    ]


def probe(question: str, port: int, *, period: int, failures: int = 6) -> k8s.core.v1.ProbeArgs:
    """A probe that asks over TLS as the monitoring user. Starting its shell costs a tenth of a second of CPU.

    Args:
        question: `alive` or `ready`.
        port: of the server.
        period: seconds between two.
        failures: in a row that count.
    """
    return k8s.core.v1.ProbeArgs(
        exec_=k8s.core.v1.ExecActionArgs(command=["/bin/bash", f"{CONFIG_PATH}/probe.sh", question, str(port)]),
        period_seconds=period,
        timeout_seconds=10,
        failure_threshold=failures,
    )


def listening_probe(port: str, *, period: int, failures: int = 6) -> k8s.core.v1.ProbeArgs:
    """A probe by the kubelet itself, which costs next to nothing: the port accepts connections; period in seconds."""
    return k8s.core.v1.ProbeArgs(
        tcp_socket=k8s.core.v1.TCPSocketActionArgs(port=port),
        period_seconds=period,
        timeout_seconds=10,
        failure_threshold=failures,
    )
