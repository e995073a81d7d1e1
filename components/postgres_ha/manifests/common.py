"""What the objects of PostgresHA have in common."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

from components.contract.pods import container_security, dns_config, pod_security
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.names import COMPONENT, EXPORTER_UID, POSTGRES_UID
from settings.base import ResourceList, Resources

_FILES = Path(__file__).parent.parent / "files"

EXPORTER_RESOURCES = Resources(requests=ResourceList(cpu="10m", memory="24Mi"), limits=ResourceList(memory="96Mi"))


def metadata(
    args: PostgresHAArgs,
    name: pulumi.Input[str],
    workload: str,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> k8s.meta.v1.ObjectMetaArgs:
    """Metadata of an object.

    Args:
        args: of the component.
        name: of the object.
        workload: that it belongs to.
        annotations: of the object.
    """
    return k8s.meta.v1.ObjectMetaArgs(
        name=name,
        namespace=args.namespace,
        labels=args.labels.of(workload, COMPONENT),
        annotations=dict(annotations) if annotations else None,
    )


def script(name: str) -> str:
    """Text of a file that is mounted into pods."""
    return (_FILES / name).read_text(encoding="utf-8")


def scripts_volume(config_map: str) -> k8s.core.v1.VolumeArgs:
    """Such files as a volume."""
    return k8s.core.v1.VolumeArgs(
        name="scripts", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=config_map, default_mode=0o444)
    )


def job_pod(
    args: PostgresHAArgs,
    *,
    account: pulumi.Input[str],
    containers: list[k8s.core.v1.ContainerArgs],
    volumes: list[k8s.core.v1.VolumeArgs],
    init_containers: list[k8s.core.v1.ContainerArgs] | None = None,
    asks_kubernetes: bool = False,
) -> k8s.core.v1.PodSpecArgs:
    """The pod of a Job, never started again in place: one that failed stays, and with it what it said.

    Args:
        args: of the component.
        account: its service account.
        containers: what it runs.
        volumes: of all its containers.
        init_containers: what it runs before.
        asks_kubernetes: whether it holds a token of the Kubernetes API.
    """
    return k8s.core.v1.PodSpecArgs(
        service_account_name=account,
        automount_service_account_token=asks_kubernetes,
        enable_service_links=False,
        priority_class_name=args.priority_class,
        security_context=pod_security(POSTGRES_UID),
        dns_config=dns_config(),
        restart_policy="Never",
        init_containers=init_containers,
        containers=containers,
        volumes=volumes,
    )


def checksum(*texts: str) -> str:
    """SHA-256 of configuration texts; changes when one of them does."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def exporter_security() -> k8s.core.v1.SecurityContextArgs:
    """An exporter in a database pod is somebody else: peer authentication would take the pod's user for the superuser."""
    security = container_security()
    security.run_as_user = EXPORTER_UID
    security.run_as_group = EXPORTER_UID
    return security


def http_probe(path: str, port: str, *, period: int, failures: int = 6, https: bool = False) -> k8s.core.v1.ProbeArgs:
    """A probe by the kubelet itself; period in seconds."""
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port=port, scheme="HTTPS" if https else "HTTP"),
        period_seconds=period,
        timeout_seconds=10,
        failure_threshold=failures,
    )
