"""The data nodes: their StatefulSet and its configuration."""

import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION
from components.contract.pods import (
    config_checksum,
    container_security,
    dns_config,
    pod_security,
    resources,
    scratch_volume,
    secret_mount,
    secret_volume,
    spread,
)
from components.redis_ha import secrets
from components.redis_ha.args import RedisHAArgs
from components.redis_ha.config import valkey_config
from components.redis_ha.manifests.common import (
    config_mount,
    config_volume,
    environment,
    listening_probe,
    metadata,
    probe,
    scripts,
)
from components.redis_ha.names import (
    AUTHORITY_FILE,
    COMPONENT,
    CONFIG_PATH,
    DATA_PATH,
    EXPORTER_PORT,
    EXPORTER_UID,
    MONITOR_USER,
    NODES_SERVICE,
    RUNTIME_PATH,
    VALKEY_UID,
    has_sentinels,
    nodes,
)
from settings.base import ResourceList, Resources
from settings.stack import Environment

CONFIG_MAP = f"{names.VALKEY}-config"
GRACE_SECONDS = 60
"""Twenty to hand the lead over, ten for replicas to catch up, the rest to write the append-only file."""

_EXPORTER_RESOURCES = Resources(requests=ResourceList(cpu="10m", memory="24Mi"), limits=ResourceList(memory="64Mi"))
_EXPORTER_SECRETS = "exporter-secrets"
_EXPORTER_MOUNT = f"/run/secrets/{_EXPORTER_SECRETS}"


def config(args: RedisHAArgs) -> dict[str, str]:
    """Content of the data nodes' ConfigMap."""
    replicated = ("start-node.sh", "stop-node.sh") if has_sentinels(args.settings) else ()
    return {"valkey.conf": valkey_config(args.settings), **scripts("common.sh", "probe.sh", *replicated)}


def stateful_set(args: RedisHAArgs) -> k8s.apps.v1.StatefulSetInitArgs:
    """The data nodes, all started at once: which of them leads is the Sentinels' choice, not the ordinal's."""
    return k8s.apps.v1.StatefulSetInitArgs(
        metadata=metadata(args, names.VALKEY, names.VALKEY),
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            replicas=nodes(args.settings),
            service_name=NODES_SERVICE,
            pod_management_policy="Parallel",
            update_strategy=k8s.apps.v1.StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
            persistent_volume_claim_retention_policy=k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                when_deleted="Retain", when_scaled="Retain"
            ),
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(names.VALKEY)),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=args.labels.of(names.VALKEY, COMPONENT),
                    annotations={
                        SECRETS_VERSION_ANNOTATION: f"{args.secrets[secrets.NODE].version}."
                        f"{args.secrets[secrets.EXPORTER].version}",
                        CONFIG_CHECKSUM_ANNOTATION: config_checksum(config(args)),
                    },
                ),
                spec=_pod(args),
            ),
            volume_claim_templates=[_volume_claim(args)],
        ),
    )


def _pod(args: RedisHAArgs) -> k8s.core.v1.PodSpecArgs:
    replicated = has_sentinels(args.settings)
    in_prod = args.settings.environment is Environment.PROD
    return k8s.core.v1.PodSpecArgs(
        service_account_name=names.VALKEY,
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name=args.priority_class,
        security_context=pod_security(VALKEY_UID),
        dns_config=dns_config(),
        termination_grace_period_seconds=GRACE_SECONDS,
        topology_spread_constraints=spread(args.labels.selector(names.VALKEY), one_per_host=in_prod)
        if replicated
        else None,
        containers=[_node(args), _exporter(args)],
        volumes=[
            config_volume(CONFIG_MAP),
            secret_volume(args.secrets[secrets.NODE]),
            secret_volume(args.secrets[secrets.EXPORTER], _EXPORTER_SECRETS),
            *([scratch_volume("runtime", size="1Mi", in_memory=True)] if replicated else []),
        ],
    )


def _node(args: RedisHAArgs) -> k8s.core.v1.ContainerArgs:
    replicated = has_sentinels(args.settings)
    return k8s.core.v1.ContainerArgs(
        name="valkey",
        image=args.images.valkey,
        command=["/bin/bash", f"{CONFIG_PATH}/start-node.sh"]
        if replicated
        else ["/usr/bin/valkey-server", f"{CONFIG_PATH}/valkey.conf"],
        env=environment(args),
        ports=[k8s.core.v1.ContainerPortArgs(name="valkey", container_port=names.VALKEY_PORT)],
        resources=resources(args.settings.redis.resources),
        security_context=container_security(),
        # Loading a large append-only file answers, so it is alive; finding out who leads takes some seconds.
        startup_probe=listening_probe("valkey", period=2, failures=300),
        readiness_probe=probe("ready", names.VALKEY_PORT, period=15, failures=3)
        if replicated
        else listening_probe("valkey", period=5, failures=3),
        # What hangs is replaced by the Sentinels long before.
        liveness_probe=probe("alive", names.VALKEY_PORT, period=60, failures=3),
        lifecycle=_lifecycle() if replicated else None,
        volume_mounts=[
            config_mount(),
            secret_mount(),
            k8s.core.v1.VolumeMountArgs(name="data", mount_path=DATA_PATH),
            *([k8s.core.v1.VolumeMountArgs(name="runtime", mount_path=RUNTIME_PATH)] if replicated else []),
        ],
    )


def _lifecycle() -> k8s.core.v1.LifecycleArgs:
    return k8s.core.v1.LifecycleArgs(
        pre_stop=k8s.core.v1.LifecycleHandlerArgs(
            exec_=k8s.core.v1.ExecActionArgs(command=["/bin/bash", f"{CONFIG_PATH}/stop-node.sh"])
        )
    )


def _exporter(args: RedisHAArgs) -> k8s.core.v1.ContainerArgs:
    """Metrics of this node and of what it is asked for. No readiness: a broker is not taken away for its metrics."""
    security = container_security()
    security.run_as_user = EXPORTER_UID
    security.run_as_group = EXPORTER_UID
    return k8s.core.v1.ContainerArgs(
        name="exporter",
        image=args.images.exporters,
        command=[
            "/usr/bin/prometheus-redis-exporter",
            f"--web.listen-address=:{EXPORTER_PORT}",
            f"--redis.addr={secrets.EXPORTER_TARGET}",
            f"--redis.user={MONITOR_USER}",
            f"--redis.password-file={_EXPORTER_MOUNT}/{secrets.EXPORTER_PASSWORDS_FILE}",
            f"--tls-ca-cert-file={_EXPORTER_MOUNT}/{AUTHORITY_FILE}",
            # CONFIG shows the passwords of replication.
            "--config-command=-",
        ],
        ports=[k8s.core.v1.ContainerPortArgs(name="metrics", container_port=EXPORTER_PORT)],
        resources=resources(_EXPORTER_RESOURCES),
        security_context=security,
        liveness_probe=k8s.core.v1.ProbeArgs(
            http_get=k8s.core.v1.HTTPGetActionArgs(path="/health", port="metrics"),
            period_seconds=30,
            timeout_seconds=10,
            failure_threshold=6,
        ),
        volume_mounts=[secret_mount(_EXPORTER_SECRETS, _EXPORTER_MOUNT)],
    )


def _volume_claim(args: RedisHAArgs) -> k8s.core.v1.PersistentVolumeClaimArgs:
    storage = args.settings.redis.storage
    return k8s.core.v1.PersistentVolumeClaimArgs(
        metadata=k8s.meta.v1.ObjectMetaArgs(name="data", labels=args.labels.selector(names.VALKEY)),
        spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=storage.class_name,
            resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": storage.size}),
        ),
    )
