"""The bundled edge's Deployment, Service and disruption budget."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.labels import (
    ALERT_TIER_LABEL,
    CONFIG_CHECKSUM_ANNOTATION,
    SECRETS_VERSION_ANNOTATION,
)
from components.contract.pods import (
    container_security,
    dns_config,
    pod_security,
    resources,
    scratch_volume,
    secret_mount,
    secret_volume,
    spread,
)
from components.contract.secrets import SecretRef
from components.ingress.args import IngressArgs
from components.ingress.manifests.nginx import CERTIFICATE_FOLDER
from components.ingress.peers import HEALTH_PORT, HTTP_PORT, HTTPS_PORT, METRICS_PORT
from settings.base import ResourceList, Resources
from settings.ingress import IngressSettings

COMPONENT = "ingress"
UID = 10040
_EXPORTER_RESOURCES = Resources(requests=ResourceList(cpu="5m", memory="16Mi"), limits=ResourceList(memory="64Mi"))


def deployment_spec(
    args: IngressArgs,
    *,
    config_map: pulumi.Input[str],
    checksum: str,
    service_account: pulumi.Input[str],
) -> k8s.apps.v1.DeploymentSpecArgs:
    """The edge's pods: nginx and its exporter."""
    ingress, labels, secret = args.settings.ingress, args.labels, args.secrets[names.EDGE]
    selector = labels.selector(names.EDGE)
    return k8s.apps.v1.DeploymentSpecArgs(
        replicas=ingress.replicas,
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=selector),
        strategy=k8s.apps.v1.DeploymentStrategyArgs(
            type="RollingUpdate",
            rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
        ),
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(
                labels=labels.of(names.EDGE, COMPONENT, **{ALERT_TIER_LABEL: "critical"}),
                annotations={CONFIG_CHECKSUM_ANNOTATION: checksum, SECRETS_VERSION_ANNOTATION: secret.version},
            ),
            spec=k8s.core.v1.PodSpecArgs(
                service_account_name=service_account,
                automount_service_account_token=False,
                enable_service_links=False,
                priority_class_name=args.priority_class,
                security_context=pod_security(UID),
                dns_config=dns_config(),
                topology_spread_constraints=spread(selector),
                # Long enough for a streamed log to end after the Service stopped sending new requests.
                termination_grace_period_seconds=60,
                containers=[_nginx(ingress, args.images.edge), _exporter(args.images.exporters)],
                volumes=_volumes(ingress, secret, config_map),
            ),
        ),
    )


def _nginx(ingress: IngressSettings, image: pulumi.Input[str]) -> k8s.core.v1.ContainerArgs:
    probe = k8s.core.v1.HTTPGetActionArgs(path="/healthz", port=HEALTH_PORT)
    mounts = [
        k8s.core.v1.VolumeMountArgs(name="config", mount_path="/etc/nginx/nginx.conf", sub_path="nginx.conf"),
        k8s.core.v1.VolumeMountArgs(
            name="config", mount_path="/etc/nginx/modsecurity.conf", sub_path="modsecurity.conf"
        ),
        k8s.core.v1.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - a folder of the pod alone
        secret_mount(),
    ]
    if ingress.tls_secret:
        mounts.append(k8s.core.v1.VolumeMountArgs(name="certificate", mount_path=CERTIFICATE_FOLDER, read_only=True))
    return k8s.core.v1.ContainerArgs(
        name="nginx",
        image=image,
        ports=[
            k8s.core.v1.ContainerPortArgs(name="https", container_port=HTTPS_PORT),
            k8s.core.v1.ContainerPortArgs(name="http", container_port=HTTP_PORT),
            k8s.core.v1.ContainerPortArgs(name="health", container_port=HEALTH_PORT),
        ],
        resources=resources(ingress.resources),
        security_context=container_security(),
        startup_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=2, failure_threshold=30),
        liveness_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=20, failure_threshold=3),
        readiness_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=10, failure_threshold=2),
        # Endpoints need a moment to leave every node's tables before nginx stops listening.
        lifecycle=k8s.core.v1.LifecycleArgs(
            pre_stop=k8s.core.v1.LifecycleHandlerArgs(sleep=k8s.core.v1.SleepActionArgs(seconds=5))
        ),
        volume_mounts=mounts,
    )


def _exporter(image: pulumi.Input[str]) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name="exporter",
        image=image,
        command=["/usr/bin/prometheus-nginx-exporter"],
        args=[f"--nginx.scrape-uri=http://127.0.0.1:{HEALTH_PORT}/stub_status"],
        ports=[k8s.core.v1.ContainerPortArgs(name="metrics", container_port=METRICS_PORT)],
        resources=resources(_EXPORTER_RESOURCES),
        security_context=container_security(),
        readiness_probe=k8s.core.v1.ProbeArgs(
            tcp_socket=k8s.core.v1.TCPSocketActionArgs(port=METRICS_PORT), period_seconds=30
        ),
        liveness_probe=k8s.core.v1.ProbeArgs(
            tcp_socket=k8s.core.v1.TCPSocketActionArgs(port=METRICS_PORT), period_seconds=60
        ),
    )


def _volumes(
    ingress: IngressSettings, secret: SecretRef, config_map: pulumi.Input[str]
) -> list[k8s.core.v1.VolumeArgs]:
    volumes = [
        k8s.core.v1.VolumeArgs(name="config", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=config_map)),
        scratch_volume("tmp", size="256Mi"),
        secret_volume(secret),
    ]
    if ingress.tls_secret:
        given = k8s.core.v1.SecretVolumeSourceArgs(secret_name=ingress.tls_secret, default_mode=0o440)
        volumes.append(k8s.core.v1.VolumeArgs(name="certificate", secret=given))
    return volumes


def service_spec(ingress: IngressSettings, selector: Mapping[str, str]) -> k8s.core.v1.ServiceSpecArgs:
    """What people's requests arrive at."""
    return k8s.core.v1.ServiceSpecArgs(
        type=ingress.service_type,
        selector=selector,
        # The client's own address reaches nginx, which limits requests by it.
        external_traffic_policy=None if ingress.service_type == "ClusterIP" else "Local",
        ports=[
            k8s.core.v1.ServicePortArgs(name="https", port=443, target_port="https"),
            k8s.core.v1.ServicePortArgs(name="http", port=80, target_port="http"),
        ],
    )


def disruption_budget_spec(selector: Mapping[str, str]) -> k8s.policy.v1.PodDisruptionBudgetSpecArgs:
    """At most one pod away at a time."""
    return k8s.policy.v1.PodDisruptionBudgetSpecArgs(
        max_unavailable=1, selector=k8s.meta.v1.LabelSelectorArgs(match_labels=selector)
    )
