"""The exporter of a database: beside each instance of ours, or alone before somebody else's."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract import airflow, external_database
from components.contract.labels import SECRETS_VERSION_ANNOTATION
from components.contract.pods import dns_config, pod_security, resources, secret_mount, secret_volume
from components.postgres_ha import secrets
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.manifests.common import EXPORTER_RESOURCES, exporter_security, http_probe, metadata
from components.postgres_ha.names import COMPONENT, EXPORTER, EXPORTER_PORT, EXPORTER_UID
from settings.external import ExternalPostgresSettings

_SECRETS = "exporter-secrets"
_MOUNT = f"/run/secrets/{_SECRETS}"


def container(
    args: PostgresHAArgs, address: str, *, options: list[str], mounts: list[k8s.core.v1.VolumeMountArgs]
) -> k8s.core.v1.ContainerArgs:
    """Metrics of one instance. No readiness: a pod does not lose its database for its metrics.

    Args:
        args: of the component.
        address: of the instance, as the rest of a URL.
        options: besides those of all.
        mounts: besides its Secret.
    """
    return k8s.core.v1.ContainerArgs(
        name="exporter",
        image=args.images.exporters,
        command=[
            "/usr/bin/prometheus-postgres-exporter",
            f"--web.listen-address=:{EXPORTER_PORT}",
            "--collector.long_running_transactions",
            "--collector.database_wraparound",
            "--collector.stat_checkpointer",
            *options,
            "--log.level=warn",
        ],
        env=[
            k8s.core.v1.EnvVarArgs(name="DATA_SOURCE_URI", value=address),
            k8s.core.v1.EnvVarArgs(name="DATA_SOURCE_USER_FILE", value=f"{_MOUNT}/{secrets.MONITOR_USER_FILE}"),
            k8s.core.v1.EnvVarArgs(name="DATA_SOURCE_PASS_FILE", value=f"{_MOUNT}/{secrets.MONITOR_PASSWORD_FILE}"),
        ],
        ports=[k8s.core.v1.ContainerPortArgs(name="metrics", container_port=EXPORTER_PORT)],
        resources=resources(EXPORTER_RESOURCES),
        security_context=exporter_security(),
        liveness_probe=http_probe("/", "metrics", period=30),
        volume_mounts=[*mounts, secret_mount(_SECRETS, _MOUNT)],
    )


def volume(args: PostgresHAArgs) -> k8s.core.v1.VolumeArgs:
    """The Secret of an exporter's pod."""
    return secret_volume(args.secrets[secrets.DATABASE_EXPORTER], _SECRETS)


def deployment(
    args: PostgresHAArgs, database: ExternalPostgresSettings, configured: pulumi.Input[str]
) -> k8s.apps.v1.DeploymentInitArgs:
    """The exporter of a database that somebody else runs.

    Args:
        args: of the component.
        database: where it is.
        configured: there once the database lets the exporter in.
    """
    authority = f"{_MOUNT}/{external_database.AUTHORITY_FILE}"
    address = f"{database.host}:{database.port}/{database.database}?sslmode=verify-full&sslrootcert={authority}"
    alone = container(args, address, options=[], mounts=[])
    alone.readiness_probe = http_probe("/", "metrics", period=10)
    return k8s.apps.v1.DeploymentInitArgs(
        metadata=metadata(args, EXPORTER, EXPORTER, {airflow.WAITS_FOR_ANNOTATION: configured}),
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=1,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(EXPORTER)),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=args.labels.of(EXPORTER, COMPONENT),
                    annotations={SECRETS_VERSION_ANNOTATION: args.secrets[secrets.DATABASE_EXPORTER].version},
                ),
                spec=k8s.core.v1.PodSpecArgs(
                    service_account_name=EXPORTER,
                    automount_service_account_token=False,
                    enable_service_links=False,
                    priority_class_name=args.priority_class,
                    security_context=pod_security(EXPORTER_UID),
                    dns_config=dns_config(),
                    containers=[alone],
                    volumes=[volume(args)],
                ),
            ),
        ),
    )
