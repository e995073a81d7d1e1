"""The PostgreSQL instances: their StatefulSet and its configuration."""

import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION
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
from components.postgres_ha import secrets
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.backup import is_backed_up, retention_note, without_retention
from components.postgres_ha.backup_metrics import QUERIES_FILE
from components.postgres_ha.manifests import backup, exporter
from components.postgres_ha.manifests.common import (
    checksum,
    http_probe,
    metadata,
    script,
    scripts_volume,
)
from components.postgres_ha.names import (
    COMPONENT,
    CONFIG_PATH,
    DATA_PATH,
    NODES_SERVICE,
    PATRONI_PORT,
    POSTGRES_UID,
    SCOPE,
    SCOPE_LABEL,
    SCRIPTS_PATH,
    SOCKET_PATH,
    VOLUME_PATH,
)
from components.postgres_ha.patroni import base_config, running_config
from settings.postgres_memory import MIB, SHARED_SEGMENTS_BYTES
from settings.stack import Environment

CONFIG_MAP = f"{names.POSTGRES}-patroni"
SCRIPTS_MAP = f"{names.POSTGRES}-scripts"
GRACE_SECONDS = 120
"""A minute to hand the lead over, and another to be let go by the quorum and to write the last checkpoint."""

_SCRIPTS = ("start.sh", "patroni_says.sh", "ready.sh", "stop.sh", "fence.sh", "fence.py")
_BASE_FILE = "10-base.yml"
_SECRET_FILE = "90-secret.yml"  # noqa: S105 - the name of a file


def config_map(args: PostgresHAArgs) -> k8s.core.v1.ConfigMapInitArgs:
    """Patroni's configuration without passwords."""
    return k8s.core.v1.ConfigMapInitArgs(metadata=metadata(args, CONFIG_MAP, names.POSTGRES), data=patroni_files(args))


def scripts_map(args: PostgresHAArgs) -> k8s.core.v1.ConfigMapInitArgs:
    """What the instances run."""
    return k8s.core.v1.ConfigMapInitArgs(metadata=metadata(args, SCRIPTS_MAP, names.POSTGRES), data=_scripts(args))


def _configuration_text(args: PostgresHAArgs) -> str:
    """What instances restart for: all that they run by, but what is read anew at each backup, or once for ever."""
    patroni = running_config(args.settings.postgres, args.labels)
    return "\0".join([patroni, *map(without_retention, _scripts(args).values())])


def patroni_files(args: PostgresHAArgs) -> dict[str, str]:
    """The files of Patroni's ConfigMap by name."""
    return {_BASE_FILE: base_config(args.settings.postgres, args.labels)}


def _scripts(args: PostgresHAArgs) -> dict[str, str]:
    return {**{name: script(name) for name in _SCRIPTS}, **backup.instance_files(args)}


def stateful_set(args: PostgresHAArgs) -> k8s.apps.v1.StatefulSetInitArgs:
    """The instances, all started at once: which of them leads is Patroni's choice, not the ordinal's."""
    settings = args.settings.postgres
    return k8s.apps.v1.StatefulSetInitArgs(
        metadata=metadata(args, names.POSTGRES, names.POSTGRES, retention_note(settings.backup)),
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            replicas=settings.instances,
            service_name=NODES_SERVICE,
            pod_management_policy="Parallel",
            update_strategy=k8s.apps.v1.StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
            persistent_volume_claim_retention_policy=k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                when_deleted="Retain", when_scaled="Retain"
            ),
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(names.POSTGRES)),
            template=k8s.core.v1.PodTemplateSpecArgs(metadata=_pod_metadata(args), spec=_pod(args)),
            volume_claim_templates=[_volume_claim(args)],
        ),
    )


def _pod_metadata(args: PostgresHAArgs) -> k8s.meta.v1.ObjectMetaArgs:
    versions = [args.secrets[name].version for name in (secrets.DATABASE, secrets.DATABASE_EXPORTER)]
    return k8s.meta.v1.ObjectMetaArgs(
        labels=args.labels.of(names.POSTGRES, COMPONENT, None, **{SCOPE_LABEL: SCOPE}),
        annotations={
            SECRETS_VERSION_ANNOTATION: ".".join([*versions, *backup.archive_version(args)]),
            CONFIG_CHECKSUM_ANNOTATION: checksum(_configuration_text(args)),
        },
    )


def _pod(args: PostgresHAArgs) -> k8s.core.v1.PodSpecArgs:
    highly_available = args.settings.postgres.instances > 1
    in_prod = args.settings.environment is Environment.PROD
    return k8s.core.v1.PodSpecArgs(
        service_account_name=names.POSTGRES,
        # Patroni keeps its state in the Kubernetes API.
        automount_service_account_token=True,
        enable_service_links=False,
        priority_class_name=args.priority_class,
        security_context=pod_security(POSTGRES_UID),
        dns_config=dns_config(),
        termination_grace_period_seconds=GRACE_SECONDS,
        topology_spread_constraints=spread(args.labels.selector(names.POSTGRES), one_per_host=in_prod)
        if highly_available
        else None,
        containers=[_instance(args), _exporter(args), *backup.runner(args)],
        volumes=_volumes(args),
    )


def _instance(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name="postgres",
        image=args.images.postgres,
        command=["/bin/bash", f"{SCRIPTS_PATH}/start.sh", DATA_PATH],
        env=_environment(args),
        ports=[
            k8s.core.v1.ContainerPortArgs(name="postgresql", container_port=names.POSTGRES_PORT),
            k8s.core.v1.ContainerPortArgs(name="patroni", container_port=PATRONI_PORT),
        ],
        resources=resources(args.settings.postgres.resources),
        security_context=container_security(),
        startup_probe=http_probe("/liveness", "patroni", period=3, failures=200, https=True),
        # A minute: a busy machine is not a hung Patroni, and what hangs is replaced by the others long before.
        liveness_probe=http_probe("/liveness", "patroni", period=10, failures=6, https=True),
        readiness_probe=_readiness(args),
        lifecycle=_lifecycle(args),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name="data", mount_path=VOLUME_PATH),
            k8s.core.v1.VolumeMountArgs(name="sockets", mount_path=SOCKET_PATH),
            k8s.core.v1.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - of the container's own
            k8s.core.v1.VolumeMountArgs(name="segments", mount_path="/dev/shm"),  # noqa: S108 - of the container's own
            *configuration_mounts(),
            *backup.archive_mounts(args),
            *backup.source_mounts(args),
        ],
    )


def configuration_mounts() -> list[k8s.core.v1.VolumeMountArgs]:
    """Where Patroni and `patronictl` find their configuration, scripts and secrets."""
    return [
        k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG_PATH, read_only=True),
        k8s.core.v1.VolumeMountArgs(name="scripts", mount_path=SCRIPTS_PATH, read_only=True),
        secret_mount(),
    ]


def configuration_volumes(args: PostgresHAArgs, consumer: str, scripts: str) -> list[k8s.core.v1.VolumeArgs]:
    """The volumes behind `configuration_mounts`: Patroni merges the files of its folder in the order of their names.

    Args:
        args: of the component.
        consumer: whose Secret.
        scripts: name of the ConfigMap with what the containers run.
    """
    secret = args.secrets[consumer]
    return [
        k8s.core.v1.VolumeArgs(
            name="config",
            projected=k8s.core.v1.ProjectedVolumeSourceArgs(
                default_mode=0o440,
                sources=[
                    k8s.core.v1.VolumeProjectionArgs(
                        config_map=k8s.core.v1.ConfigMapProjectionArgs(
                            name=CONFIG_MAP, items=[k8s.core.v1.KeyToPathArgs(key=_BASE_FILE, path=_BASE_FILE)]
                        )
                    ),
                    k8s.core.v1.VolumeProjectionArgs(
                        secret=k8s.core.v1.SecretProjectionArgs(
                            name=secret.name,
                            items=[k8s.core.v1.KeyToPathArgs(key=secrets.PATRONI_FILE, path=_SECRET_FILE)],
                        )
                    ),
                ],
            ),
        ),
        scripts_volume(scripts),
        secret_volume(secret),
    ]


def _environment(args: PostgresHAArgs) -> list[k8s.core.v1.EnvVarArgs]:
    """What differs between instances; the member's name must be the pod's."""
    host = f"$(PATRONI_NAME).{names.service_host(NODES_SERVICE, args.settings.namespaces.data)}"
    return [
        field_variable("PATRONI_NAME", "metadata.name"),
        field_variable("PATRONI_KUBERNETES_NAMESPACE", "metadata.namespace"),
        k8s.core.v1.EnvVarArgs(name="PATRONI_POSTGRESQL_CONNECT_ADDRESS", value=f"{host}:{names.POSTGRES_PORT}"),
        k8s.core.v1.EnvVarArgs(name="PATRONI_RESTAPI_CONNECT_ADDRESS", value=f"{host}:{PATRONI_PORT}"),
    ]


def field_variable(name: str, path: str) -> k8s.core.v1.EnvVarArgs:
    """An environment variable with a field of the pod."""
    return k8s.core.v1.EnvVarArgs(
        name=name,
        value_from=k8s.core.v1.EnvVarSourceArgs(field_ref=k8s.core.v1.ObjectFieldSelectorArgs(field_path=path)),
    )


def _readiness(args: PostgresHAArgs) -> k8s.core.v1.ProbeArgs:
    if args.settings.postgres.instances == 1:
        # Also of a standby stack, which its promotion is not to restart.
        return http_probe("/leader", "patroni", period=5, https=True)
    return k8s.core.v1.ProbeArgs(
        exec_=k8s.core.v1.ExecActionArgs(command=["/bin/bash", f"{SCRIPTS_PATH}/ready.sh"]),
        # An instance that hangs leaves its Services before another leads (`ttl`); more often costs processor time only.
        period_seconds=5,
        timeout_seconds=5,
        failure_threshold=3,
    )


def _lifecycle(args: PostgresHAArgs) -> k8s.core.v1.LifecycleArgs | None:
    """One instance has nobody to hand over to."""
    if args.settings.postgres.instances == 1:
        return None
    return k8s.core.v1.LifecycleArgs(
        pre_stop=k8s.core.v1.LifecycleHandlerArgs(
            exec_=k8s.core.v1.ExecActionArgs(command=["/bin/bash", f"{SCRIPTS_PATH}/stop.sh"])
        )
    )


def _exporter(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    """Metrics of this instance, over its socket."""
    queries = [f"--extend.query-path={SCRIPTS_PATH}/{QUERIES_FILE}"] if is_backed_up(args.settings.postgres) else []
    return exporter.container(
        args,
        f"/{names.DATABASE}?host={SOCKET_PATH}&sslmode=disable",
        options=queries,
        mounts=[
            k8s.core.v1.VolumeMountArgs(name="sockets", mount_path=SOCKET_PATH, read_only=True),
            k8s.core.v1.VolumeMountArgs(name="scripts", mount_path=SCRIPTS_PATH, read_only=True),
        ],
    )


def _volumes(args: PostgresHAArgs) -> list[k8s.core.v1.VolumeArgs]:
    return [
        *configuration_volumes(args, secrets.DATABASE, SCRIPTS_MAP),
        exporter.volume(args),
        *backup.archive_volumes(args),
        *backup.source_volumes(args),
        *backup.runner_volumes(args),
        scratch_volume("sockets", size="1Mi"),
        scratch_volume("tmp", size="64Mi"),
        scratch_volume("segments", size=f"{SHARED_SEGMENTS_BYTES // MIB}Mi", in_memory=True),
    ]


def _volume_claim(args: PostgresHAArgs) -> k8s.core.v1.PersistentVolumeClaimArgs:
    storage = args.settings.postgres.storage
    return k8s.core.v1.PersistentVolumeClaimArgs(
        metadata=k8s.meta.v1.ObjectMetaArgs(name="data", labels=args.labels.selector(names.POSTGRES)),
        spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=storage.class_name,
            resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": storage.size}),
        ),
    )
