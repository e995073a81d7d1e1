"""The stack's own S3 store for its backups: versitygw over a volume."""

import pulumi_kubernetes as k8s

from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION
from components.contract.pods import (
    container_security,
    dns_config,
    pod_security,
    resources,
    secret_mount,
    secret_volume,
)
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.backup import BUNDLED_BUCKET, BUNDLED_REGION
from components.postgres_ha.manifests.common import checksum, http_probe, metadata, script, scripts_volume
from components.postgres_ha.names import BACKUP_STORE, BACKUP_STORE_PORT, COMPONENT, SCRIPTS_PATH, STORE_UID
from components.postgres_ha.peers import STORE_PORT
from settings.backup import BundledStoreSettings

SCRIPTS_MAP = f"{BACKUP_STORE}-scripts"
_SCRIPT = "store.sh"
_OBJECTS = "objects"
_OBJECTS_PATH = "/objects"


def files(args: PostgresHAArgs) -> k8s.core.v1.ConfigMapInitArgs:
    """What its pod runs."""
    return k8s.core.v1.ConfigMapInitArgs(
        metadata=metadata(args, SCRIPTS_MAP, BACKUP_STORE), data={_SCRIPT: script(_SCRIPT)}
    )


def volume_claim(args: PostgresHAArgs) -> k8s.core.v1.PersistentVolumeClaimInitArgs:
    """Where the objects lie."""
    storage = _settings(args).storage
    return k8s.core.v1.PersistentVolumeClaimInitArgs(
        metadata=metadata(args, BACKUP_STORE, BACKUP_STORE),
        spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=storage.class_name,
            resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": storage.size}),
        ),
    )


def service(args: PostgresHAArgs) -> k8s.core.v1.ServiceInitArgs:
    """The name that its certificate has."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, BACKUP_STORE, BACKUP_STORE),
        spec=k8s.core.v1.ServiceSpecArgs(
            type="ClusterIP",
            selector=args.labels.selector(BACKUP_STORE),
            ports=[k8s.core.v1.ServicePortArgs(name=STORE_PORT, port=BACKUP_STORE_PORT, target_port=STORE_PORT)],
        ),
    )


def stateful_set(args: PostgresHAArgs) -> k8s.apps.v1.StatefulSetInitArgs:
    """One pod: what it misses while it restarts, PostgreSQL and pgBackRest send again."""
    selector = args.labels.selector(BACKUP_STORE)
    return k8s.apps.v1.StatefulSetInitArgs(
        metadata=metadata(args, BACKUP_STORE, BACKUP_STORE),
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            replicas=1,
            service_name=BACKUP_STORE,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=selector),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=args.labels.of(BACKUP_STORE, COMPONENT),
                    annotations={
                        SECRETS_VERSION_ANNOTATION: args.secrets[BACKUP_STORE].version,
                        CONFIG_CHECKSUM_ANNOTATION: checksum(script(_SCRIPT)),
                    },
                ),
                spec=_pod(args),
            ),
        ),
    )


def _pod(args: PostgresHAArgs) -> k8s.core.v1.PodSpecArgs:
    claim = k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=BACKUP_STORE)
    return k8s.core.v1.PodSpecArgs(
        service_account_name=BACKUP_STORE,
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name=args.priority_class,
        security_context=pod_security(STORE_UID),
        dns_config=dns_config(),
        containers=[_container(args)],
        volumes=[
            k8s.core.v1.VolumeArgs(name=_OBJECTS, persistent_volume_claim=claim),
            scripts_volume(SCRIPTS_MAP),
            secret_volume(args.secrets[BACKUP_STORE]),
        ],
    )


def _container(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    arguments = [_OBJECTS_PATH, BUNDLED_BUCKET, str(BACKUP_STORE_PORT), BUNDLED_REGION]
    return k8s.core.v1.ContainerArgs(
        name="store",
        image=args.images.versitygw,
        command=["/bin/bash", f"{SCRIPTS_PATH}/{_SCRIPT}", *arguments],
        ports=[k8s.core.v1.ContainerPortArgs(name=STORE_PORT, container_port=BACKUP_STORE_PORT)],
        resources=resources(_settings(args).resources),
        security_context=container_security(),
        readiness_probe=http_probe("/health", STORE_PORT, period=5, failures=3, https=True),
        liveness_probe=http_probe("/health", STORE_PORT, period=30, https=True),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name=_OBJECTS, mount_path=_OBJECTS_PATH),
            k8s.core.v1.VolumeMountArgs(name="scripts", mount_path=SCRIPTS_PATH, read_only=True),
            secret_mount(),
        ],
    )


def _settings(args: PostgresHAArgs) -> BundledStoreSettings:
    """Its settings.

    Raises:
        ValueError: the stack has no such store.
    """
    found = args.settings.postgres.backup.bundled
    if found is None:
        raise ValueError("the stack has no store of its own")
    return found
