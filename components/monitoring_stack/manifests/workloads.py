"""Pods of the StatsD exporter, Prometheus and Alertmanager."""

from typing import TypedDict

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
)
from components.monitoring_stack.args import MonitoringStackArgs
from components.monitoring_stack.peers import ALERTMANAGER_PORT, STATSD_METRICS_PORT
from settings.base import ResourceList, Resources
from settings.quantities import parse_bytes

COMPONENT = "monitoring-stack"
STATSD_UID = 10050
PROMETHEUS_UID = 10060
ALERTMANAGER_UID = 10070

_SMALL = Resources(requests=ResourceList(cpu="10m", memory="32Mi"), limits=ResourceList(memory="128Mi"))
_SHARE_OF_VOLUME = 8, 10
"""Prometheus drops its oldest blocks before the volume is full."""


class _Probes(TypedDict):
    startup_probe: k8s.core.v1.ProbeArgs
    liveness_probe: k8s.core.v1.ProbeArgs
    readiness_probe: k8s.core.v1.ProbeArgs


def statsd_deployment_spec(
    args: MonitoringStackArgs, *, config_map: pulumi.Input[str], checksum: str, service_account: pulumi.Input[str]
) -> k8s.apps.v1.DeploymentSpecArgs:
    """One pod: two behind one Service would split counters and make gauges jump."""
    container = k8s.core.v1.ContainerArgs(
        name="statsd-exporter",
        image=args.images.statsd_exporter,
        args=[
            f"--web.listen-address=:{STATSD_METRICS_PORT}",
            f"--statsd.listen-udp=:{names.STATSD_PORT}",
            "--statsd.listen-tcp=",
            "--statsd.mapping-config=/etc/statsd-exporter/mapping.yml",
        ],
        ports=[
            k8s.core.v1.ContainerPortArgs(name="statsd", container_port=names.STATSD_PORT, protocol="UDP"),
            k8s.core.v1.ContainerPortArgs(name="metrics", container_port=STATSD_METRICS_PORT),
        ],
        resources=resources(_SMALL),
        security_context=container_security(),
        volume_mounts=[_mount("config", "/etc/statsd-exporter", read_only=True)],
        **_probes("/-/healthy", "metrics"),
    )
    return _deployment(
        names.STATSD_EXPORTER,
        args,
        _pod(
            args,
            STATSD_UID,
            container,
            service_account,
            volumes=[_config_volume(config_map)],
        ),
        {CONFIG_CHECKSUM_ANNOTATION: checksum},
    )


def alertmanager_deployment_spec(
    args: MonitoringStackArgs, *, config_map: pulumi.Input[str], checksum: str, service_account: pulumi.Input[str]
) -> k8s.apps.v1.DeploymentSpecArgs:
    """One pod; silences are lost with it, alerts come again from Prometheus."""
    container = k8s.core.v1.ContainerArgs(
        name="alertmanager",
        image=args.images.alertmanager,
        args=[
            "--config.file=/etc/alertmanager/alertmanager.yml",
            "--storage.path=/alertmanager",
            f"--web.listen-address=:{ALERTMANAGER_PORT}",
            "--cluster.listen-address=",
        ],
        ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=ALERTMANAGER_PORT)],
        resources=resources(_SMALL),
        security_context=container_security(),
        volume_mounts=[_mount("config", "/etc/alertmanager", read_only=True), _mount("data", "/alertmanager")],
        **_probes("/-/healthy", "http", readiness="/-/ready"),
    )
    return _deployment(
        names.ALERTMANAGER,
        args,
        _pod(
            args,
            ALERTMANAGER_UID,
            container,
            service_account,
            volumes=[_config_volume(config_map), scratch_volume("data", size="64Mi")],
        ),
        {CONFIG_CHECKSUM_ANNOTATION: checksum},
    )


def prometheus_stateful_set_spec(
    args: MonitoringStackArgs, *, config_map: pulumi.Input[str], checksum: str, service_account: pulumi.Input[str]
) -> k8s.apps.v1.StatefulSetSpecArgs:
    """One pod with a volume."""
    settings, secret = args.settings.monitoring, args.secrets[names.PROMETHEUS]
    pod = _pod(
        args,
        PROMETHEUS_UID,
        _prometheus(args),
        service_account,
        volumes=[_config_volume(config_map), secret_volume(secret)],
        token=True,
    )
    annotations = {CONFIG_CHECKSUM_ANNOTATION: checksum, SECRETS_VERSION_ANNOTATION: secret.version}
    return k8s.apps.v1.StatefulSetSpecArgs(
        replicas=1,
        service_name=names.PROMETHEUS,
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(names.PROMETHEUS)),
        template=_template(names.PROMETHEUS, args, pod, annotations),
        volume_claim_templates=[
            k8s.core.v1.PersistentVolumeClaimArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(name="data"),
                spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
                    access_modes=["ReadWriteOnce"],
                    storage_class_name=settings.storage.class_name,
                    resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": settings.storage.size}),
                ),
            )
        ],
    )


def _prometheus(args: MonitoringStackArgs) -> k8s.core.v1.ContainerArgs:
    settings = args.settings.monitoring
    part, whole = _SHARE_OF_VOLUME
    size = parse_bytes(settings.storage.size) * part // whole // 2**20
    return k8s.core.v1.ContainerArgs(
        name="prometheus",
        image=args.images.prometheus,
        args=[
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus/data",
            f"--storage.tsdb.retention.time={settings.retention_days}d",
            f"--storage.tsdb.retention.size={size}MB",
            f"--web.listen-address=:{names.PROMETHEUS_PORT}",
        ],
        ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=names.PROMETHEUS_PORT)],
        resources=resources(settings.resources),
        security_context=container_security(),
        volume_mounts=[
            _mount("config", "/etc/prometheus", read_only=True),
            _mount("data", "/prometheus"),
            secret_mount(),
        ],
        **_probes("/-/healthy", "http", readiness="/-/ready"),
    )


def _probes(liveness: str, port: str, readiness: str | None = None) -> _Probes:
    def probe(path: str, period: int, failures: int) -> k8s.core.v1.ProbeArgs:
        return k8s.core.v1.ProbeArgs(
            http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port=port),
            period_seconds=period,
            failure_threshold=failures,
            timeout_seconds=5,
        )

    return {
        # Prometheus replays its log before it answers, which takes minutes after a long time of many series.
        "startup_probe": probe(readiness or liveness, 5, 120),
        "liveness_probe": probe(liveness, 30, 4),
        "readiness_probe": probe(readiness or liveness, 15, 2),
    }


def _mount(name: str, path: str, *, read_only: bool | None = None) -> k8s.core.v1.VolumeMountArgs:
    return k8s.core.v1.VolumeMountArgs(name=name, mount_path=path, read_only=read_only)


def _config_volume(config_map: pulumi.Input[str]) -> k8s.core.v1.VolumeArgs:
    return k8s.core.v1.VolumeArgs(
        name="config", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=config_map, default_mode=0o444)
    )


def _pod(
    args: MonitoringStackArgs,
    uid: int,
    container: k8s.core.v1.ContainerArgs,
    service_account: pulumi.Input[str],
    *,
    volumes: list[k8s.core.v1.VolumeArgs],
    token: bool = False,
) -> k8s.core.v1.PodSpecArgs:
    return k8s.core.v1.PodSpecArgs(
        service_account_name=service_account,
        automount_service_account_token=token,
        enable_service_links=False,
        priority_class_name=args.priority_class,
        security_context=pod_security(uid),
        dns_config=dns_config(),
        containers=[container],
        volumes=volumes,
    )


def _template(
    name: str, args: MonitoringStackArgs, pod: k8s.core.v1.PodSpecArgs, annotations: dict[str, str]
) -> k8s.core.v1.PodTemplateSpecArgs:
    labels = args.labels.of(name, COMPONENT, **{ALERT_TIER_LABEL: "high"})
    return k8s.core.v1.PodTemplateSpecArgs(
        metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels, annotations=annotations), spec=pod
    )


def _deployment(
    name: str, args: MonitoringStackArgs, pod: k8s.core.v1.PodSpecArgs, annotations: dict[str, str]
) -> k8s.apps.v1.DeploymentSpecArgs:
    return k8s.apps.v1.DeploymentSpecArgs(
        replicas=1,
        # Never two at once: both would answer for the same series.
        strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(name)),
        template=_template(name, args, pod, annotations),
    )
