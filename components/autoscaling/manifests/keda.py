"""KEDA: its kinds, the operator that reads signals, the adapter that serves them as external metrics."""

import base64
from importlib.resources import files
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.autoscaling.args import AutoscalingArgs
from components.autoscaling.manifests.common import Pod, deployment, metadata
from components.autoscaling.peers import (
    ADAPTER_METRICS_PORT,
    ADAPTER_PORT,
    GRPC_PORT,
    OPERATOR_HEALTH_PORT,
    OPERATOR_METRICS_PORT,
)
from components.autoscaling.secrets import AUTHENTICATION_FILE, CERTIFICATE_FILE, KEY_FILE
from components.contract import names
from components.contract.pods import container_security, resources, scratch_volume, secret_mount, secret_volume
from components.contract.secrets import MOUNT_PATH

API_VERSION = "keda.sh/v1alpha1"
UID = 10090
METRICS_GROUP = "external.metrics.k8s.io"
METRICS_VERSION = "v1beta1"


def definitions() -> dict[str, dict[str, Any]]:
    """KEDA's kinds: name of the definition to its `spec`."""
    folder = files("components.autoscaling") / "definitions"
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".yaml")]
    found: list[dict[str, Any]] = [yaml.safe_load(text) for text in texts]
    return {item["metadata"]["name"]: item["spec"] for item in found}


def operator(args: AutoscalingArgs, account: pulumi.Input[str]) -> k8s.apps.v1.DeploymentInitArgs:
    """The operator. It watches Airflow's namespace alone and looks up no Secret of it."""
    container = k8s.core.v1.ContainerArgs(
        name=names.KEDA_OPERATOR,
        image=args.images.keda,
        command=["/usr/local/bin/keda"],
        args=[
            "--zap-log-level=info",
            "--zap-encoder=json",
            f"--metrics-bind-address=:{OPERATOR_METRICS_PORT}",
            f"--health-probe-bind-address=:{OPERATOR_HEALTH_PORT}",
            f"--metrics-service-bind-address=:{GRPC_PORT}",
            "--enable-cert-rotation=false",
            f"--cert-dir={MOUNT_PATH}",
            f"--filepath-auth-root-path={MOUNT_PATH}",
        ],
        env=_environment(args),
        ports=[
            k8s.core.v1.ContainerPortArgs(name="grpc", container_port=GRPC_PORT),
            k8s.core.v1.ContainerPortArgs(name="metrics", container_port=OPERATOR_METRICS_PORT),
            k8s.core.v1.ContainerPortArgs(name="health", container_port=OPERATOR_HEALTH_PORT),
        ],
        resources=resources(args.settings.workers.keda.resources),
        security_context=container_security(),
        startup_probe=_probe("/readyz", "health", period=2, failures=90),
        readiness_probe=_probe("/readyz", "health", period=10, failures=3),
        liveness_probe=_probe("/healthz", "health", period=20, failures=6),
        volume_mounts=[secret_mount()],
    )
    pod = Pod(uid=UID, container=container, volumes=[secret_volume(args.secrets[names.KEDA_OPERATOR])], account=account)
    return deployment(args, names.KEDA_OPERATOR, args.keda_namespace, pod)


def adapter(
    args: AutoscalingArgs, account: pulumi.Input[str], operator_host: pulumi.Input[str]
) -> k8s.apps.v1.DeploymentInitArgs:
    """The adapter; it and the operator know each other by certificates of our authority."""
    container = k8s.core.v1.ContainerArgs(
        name=names.KEDA_ADAPTER,
        image=args.images.keda,
        command=["/usr/local/bin/keda-adapter"],
        args=[
            "--zap-log-level=error",
            "--zap-encoder=json",
            f"--port={ADAPTER_METRICS_PORT}",
            f"--secure-port={ADAPTER_PORT}",
            f"--tls-cert-file={MOUNT_PATH}/{CERTIFICATE_FILE}",
            f"--tls-private-key-file={MOUNT_PATH}/{KEY_FILE}",
            f"--cert-dir={MOUNT_PATH}",
            pulumi.Output.concat("--metrics-service-address=", operator_host, f":{GRPC_PORT}"),
        ],
        env=_environment(args),
        ports=[
            k8s.core.v1.ContainerPortArgs(name="https", container_port=ADAPTER_PORT),
            k8s.core.v1.ContainerPortArgs(name="metrics", container_port=ADAPTER_METRICS_PORT),
        ],
        resources=resources(args.settings.workers.keda.resources),
        security_context=container_security(),
        startup_probe=_probe("/readyz", "https", scheme="HTTPS", period=2, failures=90),
        readiness_probe=_probe("/readyz", "https", scheme="HTTPS", period=10, failures=3),
        liveness_probe=_probe("/healthz", "https", scheme="HTTPS", period=20, failures=6),
        volume_mounts=[
            secret_mount(),
            k8s.core.v1.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - of the container's own
        ],
    )
    pod = Pod(
        uid=UID,
        container=container,
        volumes=[secret_volume(args.secrets[names.KEDA_ADAPTER]), scratch_volume("tmp", size="16Mi")],
        account=account,
    )
    return deployment(args, names.KEDA_ADAPTER, args.keda_namespace, pod)


def operator_service(args: AutoscalingArgs) -> k8s.core.v1.ServiceInitArgs:
    """Where the adapter asks."""
    return _service(args, names.KEDA_OPERATOR, "grpc", GRPC_PORT)


def adapter_service(args: AutoscalingArgs) -> k8s.core.v1.ServiceInitArgs:
    """Where the API server asks."""
    return _service(args, names.KEDA_ADAPTER, "https", 443)


def api_service(
    args: AutoscalingArgs, service: pulumi.Input[str], authority: pulumi.Input[str]
) -> k8s.apiregistration.v1.APIServiceInitArgs:
    """Says that external metrics come from the adapter. A cluster has one."""
    bundle = pulumi.Output.from_input(authority).apply(lambda pem: base64.b64encode(pem.encode()).decode())
    return k8s.apiregistration.v1.APIServiceInitArgs(
        metadata=metadata(args, f"{METRICS_VERSION}.{METRICS_GROUP}", names.KEDA_ADAPTER, None),
        spec=k8s.apiregistration.v1.APIServiceSpecArgs(
            group=METRICS_GROUP,
            version=METRICS_VERSION,
            group_priority_minimum=100,
            version_priority=100,
            ca_bundle=bundle,
            service=k8s.apiregistration.v1.ServiceReferenceArgs(name=service, namespace=args.keda_namespace, port=443),
        ),
    )


def authentication_spec() -> dict[str, Any]:
    """How the operator logs in at the database: by a file of its own."""
    return {"filePath": AUTHENTICATION_FILE}


def _service(args: AutoscalingArgs, workload: str, port: str, number: int) -> k8s.core.v1.ServiceInitArgs:
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, workload, workload, args.keda_namespace),
        spec=k8s.core.v1.ServiceSpecArgs(
            selector=args.labels.selector(workload),
            ports=[k8s.core.v1.ServicePortArgs(name=port, port=number, target_port=port)],
        ),
    )


def _environment(args: AutoscalingArgs) -> list[k8s.core.v1.EnvVarArgs]:
    own_namespace = k8s.core.v1.EnvVarSourceArgs(
        field_ref=k8s.core.v1.ObjectFieldSelectorArgs(field_path="metadata.namespace")
    )
    return [
        k8s.core.v1.EnvVarArgs(name="KEDA_RESTRICT_SECRET_ACCESS", value="true"),
        k8s.core.v1.EnvVarArgs(name="POD_NAMESPACE", value_from=own_namespace),
        k8s.core.v1.EnvVarArgs(name="WATCH_NAMESPACE", value=args.namespace),
    ]


def _probe(path: str, port: str, *, period: int, failures: int, scheme: str = "HTTP") -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port=port, scheme=scheme),
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=5,
    )
