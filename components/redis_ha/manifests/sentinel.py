"""The Sentinels: their StatefulSet and its configuration."""

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
from components.redis_ha.config import sentinel_config, watch_config
from components.redis_ha.manifests.common import (
    config_mount,
    config_volume,
    environment,
    listening_probe,
    metadata,
    probe,
    scripts,
)
from components.redis_ha.names import COMPONENT, CONFIG_PATH, RUNTIME_PATH, SENTINEL_NODES_SERVICE, VALKEY_UID
from settings.stack import Environment

CONFIG_MAP = f"{names.SENTINEL}-config"
GRACE_SECONDS = 15


def config() -> dict[str, str]:
    """Content of the Sentinels' ConfigMap."""
    return {
        "sentinel.conf": sentinel_config(),
        "watch.conf": watch_config(),
        **scripts("common.sh", "probe.sh", "start-sentinel.sh"),
    }


def stateful_set(args: RedisHAArgs) -> k8s.apps.v1.StatefulSetInitArgs:
    """Three Sentinels apart from the data nodes, so that a majority does not depend on these.

    They keep nothing: a Sentinel that starts learns who leads from the others or from the data nodes, and it has the
    same identity as before. That lets it start anywhere, also where a volume could not follow.
    """
    return k8s.apps.v1.StatefulSetInitArgs(
        metadata=metadata(args, names.SENTINEL, names.SENTINEL),
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            replicas=names.BROKER_NODES,
            service_name=SENTINEL_NODES_SERVICE,
            pod_management_policy="Parallel",
            update_strategy=k8s.apps.v1.StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
            # A Sentinel that just started has to hear from the others before the next one may go.
            min_ready_seconds=10,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(names.SENTINEL)),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=args.labels.of(names.SENTINEL, COMPONENT),
                    annotations={
                        SECRETS_VERSION_ANNOTATION: args.secrets[secrets.SENTINEL].version,
                        CONFIG_CHECKSUM_ANNOTATION: config_checksum(config()),
                    },
                ),
                spec=_pod(args),
            ),
        ),
    )


def _pod(args: RedisHAArgs) -> k8s.core.v1.PodSpecArgs:
    in_prod = args.settings.environment is Environment.PROD
    return k8s.core.v1.PodSpecArgs(
        service_account_name=names.SENTINEL,
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name=args.priority_class,
        security_context=pod_security(VALKEY_UID),
        dns_config=dns_config(),
        termination_grace_period_seconds=GRACE_SECONDS,
        topology_spread_constraints=spread(args.labels.selector(names.SENTINEL), one_per_host=in_prod),
        containers=[_sentinel(args)],
        volumes=[
            config_volume(CONFIG_MAP),
            secret_volume(args.secrets[secrets.SENTINEL]),
            scratch_volume("runtime", size="1Mi", in_memory=True),
        ],
    )


def _sentinel(args: RedisHAArgs) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name="sentinel",
        image=args.images.valkey,
        command=["/bin/bash", f"{CONFIG_PATH}/start-sentinel.sh"],
        env=environment(args),
        ports=[k8s.core.v1.ContainerPortArgs(name="sentinel", container_port=names.SENTINEL_PORT)],
        resources=resources(args.settings.redis.sentinel_resources),
        security_context=container_security(),
        # It waits for a primary as long as it takes, and is not killed for that.
        startup_probe=listening_probe("sentinel", period=2, failures=300),
        readiness_probe=listening_probe("sentinel", period=5, failures=3),
        liveness_probe=probe("alive", names.SENTINEL_PORT, period=60, failures=3),
        volume_mounts=[
            config_mount(),
            secret_mount(),
            k8s.core.v1.VolumeMountArgs(name="runtime", mount_path=RUNTIME_PATH),
        ],
    )
