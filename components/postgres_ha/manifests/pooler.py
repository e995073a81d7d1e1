"""PgBouncer: its Deployment and configuration."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract import airflow, names
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION
from components.contract.pods import (
    container_security,
    dns_config,
    pod_security,
    resources,
    secret_mount,
    secret_volume,
    spread,
)
from components.postgres_ha import secrets
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.manifests.common import (
    EXPORTER_RESOURCES,
    checksum,
    exporter_security,
    http_probe,
    metadata,
)
from components.postgres_ha.names import (
    AUTHORITY_FILE,
    COMPONENT,
    POOLER_CONFIG_PATH,
    POOLER_EXPORTER_PORT,
    POOLER_UID,
)
from components.postgres_ha.pooler import pooler_config

CONFIG_MAP = f"{names.POSTGRES_POOLER}-config"
GRACE_SECONDS = 45
"""Five for the Services to forget the pod, the rest for running transactions."""

_EXPORTER_SECRETS = "exporter-secrets"
_EXPORTER_MOUNT = f"/run/secrets/{_EXPORTER_SECRETS}"


def config_map(args: PostgresHAArgs) -> k8s.core.v1.ConfigMapInitArgs:
    """PgBouncer's configuration; who may log in lies in the Secret."""
    return k8s.core.v1.ConfigMapInitArgs(
        metadata=metadata(args, CONFIG_MAP, names.POSTGRES_POOLER), data={"pgbouncer.ini": _config(args)}
    )


def _config(args: PostgresHAArgs) -> str:
    return pooler_config(args.settings)


def deployment(args: PostgresHAArgs, configured: pulumi.Input[str]) -> k8s.apps.v1.DeploymentInitArgs:
    """The poolers; a rollout adds one before it takes one away.

    Args:
        args: of the component.
        configured: there once the database lets in whom the pooler lets in.
    """
    selector = args.labels.selector(names.POSTGRES_POOLER)
    return k8s.apps.v1.DeploymentInitArgs(
        metadata=metadata(
            args, names.POSTGRES_POOLER, names.POSTGRES_POOLER, {airflow.WAITS_FOR_ANNOTATION: configured}
        ),
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=args.settings.postgres.pooler.replicas,
            strategy=k8s.apps.v1.DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
            ),
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=selector),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=args.labels.of(names.POSTGRES_POOLER, COMPONENT),
                    annotations={
                        SECRETS_VERSION_ANNOTATION: f"{args.secrets[secrets.POOLER].version}."
                        f"{args.secrets[secrets.POOLER_EXPORTER].version}",
                        CONFIG_CHECKSUM_ANNOTATION: checksum(_config(args)),
                    },
                ),
                spec=_pod(args),
            ),
        ),
    )


def _pod(args: PostgresHAArgs) -> k8s.core.v1.PodSpecArgs:
    replicated = args.settings.postgres.pooler.replicas > 1
    return k8s.core.v1.PodSpecArgs(
        service_account_name=names.POSTGRES_POOLER,
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name=args.priority_class,
        security_context=pod_security(POOLER_UID),
        dns_config=dns_config(),
        termination_grace_period_seconds=GRACE_SECONDS,
        topology_spread_constraints=spread(args.labels.selector(names.POSTGRES_POOLER)) if replicated else None,
        containers=[_pooler(args), _exporter(args)],
        volumes=[
            k8s.core.v1.VolumeArgs(
                name="config", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=CONFIG_MAP, default_mode=0o444)
            ),
            secret_volume(args.secrets[secrets.POOLER]),
            secret_volume(args.secrets[secrets.POOLER_EXPORTER], _EXPORTER_SECRETS),
        ],
    )


def _pooler(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    # A connection and no more: a login takes a database, and a pooler waits for that with its clients.
    accepts = k8s.core.v1.TCPSocketActionArgs(port="postgresql")
    return k8s.core.v1.ContainerArgs(
        name="pgbouncer",
        image=args.images.pgbouncer,
        args=[f"{POOLER_CONFIG_PATH}/pgbouncer.ini"],
        ports=[k8s.core.v1.ContainerPortArgs(name="postgresql", container_port=names.POSTGRES_PORT)],
        resources=resources(args.settings.postgres.pooler.resources),
        security_context=container_security(),
        startup_probe=k8s.core.v1.ProbeArgs(tcp_socket=accepts, period_seconds=1, failure_threshold=30),
        readiness_probe=k8s.core.v1.ProbeArgs(tcp_socket=accepts, period_seconds=5, failure_threshold=2),
        liveness_probe=k8s.core.v1.ProbeArgs(tcp_socket=accepts, period_seconds=10, failure_threshold=3),
        # Ends only after the Services have forgotten it; the image's stop signal then lets transactions finish.
        lifecycle=k8s.core.v1.LifecycleArgs(
            pre_stop=k8s.core.v1.LifecycleHandlerArgs(sleep=k8s.core.v1.SleepActionArgs(seconds=5))
        ),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name="config", mount_path=POOLER_CONFIG_PATH, read_only=True),
            secret_mount(),
        ],
    )


def _exporter(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    """Metrics of this pooler. Its login is read from files by the shell, since the exporter only takes it so."""
    target = (
        f"postgres://localhost:{names.POSTGRES_PORT}/pgbouncer"
        f"?sslmode=verify-full&sslrootcert={_EXPORTER_MOUNT}/{AUTHORITY_FILE}"
    )
    command = (
        f'PGUSER="$(cat {_EXPORTER_MOUNT}/{secrets.MONITOR_USER_FILE})" '
        f'PGPASSWORD="$(cat {_EXPORTER_MOUNT}/{secrets.MONITOR_PASSWORD_FILE})" '
        "exec /usr/bin/prometheus-pgbouncer-exporter --log.level=warn "
        f"--web.listen-address=:{POOLER_EXPORTER_PORT} --pgBouncer.connectionString='{target}'"
    )
    return k8s.core.v1.ContainerArgs(
        name="exporter",
        image=args.images.exporters,
        command=["/bin/sh", "-c", command],
        ports=[k8s.core.v1.ContainerPortArgs(name="metrics", container_port=POOLER_EXPORTER_PORT)],
        resources=resources(EXPORTER_RESOURCES),
        security_context=exporter_security(),
        liveness_probe=http_probe("/", "metrics", period=30),
        volume_mounts=[secret_mount(_EXPORTER_SECRETS, _EXPORTER_MOUNT)],
    )
