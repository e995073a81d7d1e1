"""The drain controller: what it is told, and its pod."""

import json

import pulumi
import pulumi_kubernetes as k8s

from components.autoscaling.args import AutoscalingArgs
from components.autoscaling.manifests.common import Pod, deployment, metadata
from components.contract import airflow, names
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION
from components.contract.pods import (
    config_checksum,
    container_security,
    resources,
    secret_mount,
    secret_volume,
)
from settings.base import ResourceList, Resources
from settings.platform_settings import PlatformSettings

CONFIG_NAME = f"{names.DRAIN_CONTROLLER}-config"
SCRIPT = "drain.py"
_CONFIG = "config"
_CONFIG_PATH = "/etc/drain-controller"
_RESOURCES = Resources(requests=ResourceList(cpu="20m", memory="64Mi"), limits=ResourceList(memory="192Mi"))


def files(settings: PlatformSettings) -> dict[str, str]:
    """The files of its ConfigMap."""
    queues = {
        queue: {
            "workload": names.worker(queue),
            "minimum": settings.workers.queues[queue].min_replicas,
        }
        for queue in settings.workers.scaled_queues
    }
    told = {
        "namespace": settings.namespaces.airflow,
        "port": names.DRAIN_CONTROLLER_PORT,
        "queues": queues,
    }
    return {
        "drain.json": json.dumps(told, indent=2, sort_keys=True) + "\n",
        SCRIPT: airflow.asset(SCRIPT, package="components.autoscaling"),
    }


def config_map(args: AutoscalingArgs) -> k8s.core.v1.ConfigMapInitArgs:
    """Its configuration and its program."""
    return k8s.core.v1.ConfigMapInitArgs(
        metadata=metadata(args, CONFIG_NAME, names.DRAIN_CONTROLLER, args.namespace), data=files(args.settings)
    )


def controller(
    args: AutoscalingArgs, account: pulumi.Input[str], config: pulumi.Input[str]
) -> k8s.apps.v1.DeploymentInitArgs:
    """Its pod: Airflow's image for the database driver and the HTTP client that are in it; Airflow itself is not loaded."""
    container = k8s.core.v1.ContainerArgs(
        name=names.DRAIN_CONTROLLER,
        image=args.images.airflow,
        args=["python", "-I", f"{_CONFIG_PATH}/{SCRIPT}", f"{_CONFIG_PATH}/drain.json"],
        ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=names.DRAIN_CONTROLLER_PORT)],
        resources=resources(_RESOURCES),
        security_context=container_security(),
        startup_probe=_probe("/ready", period=2, failures=60),
        readiness_probe=_probe("/ready", period=10, failures=3),
        liveness_probe=_probe("/alive", period=20, failures=3),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name=_CONFIG, mount_path=_CONFIG_PATH, read_only=True),
            secret_mount(),
        ],
    )
    pod = Pod(
        uid=airflow.UID,
        container=container,
        volumes=[
            k8s.core.v1.VolumeArgs(
                name=_CONFIG, config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=config, default_mode=0o444)
            ),
            secret_volume(args.secrets[names.DRAIN_CONTROLLER]),
        ],
        account=account,
        annotations={CONFIG_CHECKSUM_ANNOTATION: config_checksum(files(args.settings))},
    )
    return deployment(args, names.DRAIN_CONTROLLER, args.namespace, pod)


def service(args: AutoscalingArgs) -> k8s.core.v1.ServiceInitArgs:
    """Where KEDA asks how many pods there are."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, names.DRAIN_CONTROLLER, names.DRAIN_CONTROLLER, args.namespace),
        spec=k8s.core.v1.ServiceSpecArgs(
            selector=args.labels.selector(names.DRAIN_CONTROLLER),
            ports=[k8s.core.v1.ServicePortArgs(name="http", port=names.DRAIN_CONTROLLER_PORT, target_port="http")],
        ),
    )


def _probe(path: str, *, period: int, failures: int) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="http"),
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=5,
    )
