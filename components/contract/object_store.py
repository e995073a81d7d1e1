"""Manifests of a stack's own S3 store: versitygw over a volume, with one bucket and one key.

Each store is apart from every other, with a volume, a key and doors of its own: a store of versitygw that several share
would let in whoever holds its one key.
"""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.airflow import asset
from components.contract.base import PlatformComponent
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION, PlatformLabels
from components.contract.peers import Port, Workload
from components.contract.pods import (
    container_security,
    dns_config,
    pod_security,
    resources,
    secret_mount,
    secret_volume,
)
from components.contract.secrets import SecretConsumer, SecretRef, SecretValue
from settings.backup import BundledStoreSettings, S3Settings, UriStyle

UID = 10100
PORT = 7070
PORT_NAME = "s3"
REGION = "us-east-1"

_SCRIPT = "store.sh"
_SCRIPTS = "scripts"
_SCRIPTS_PATH = "/etc/airflow-platform"
_OBJECTS = "objects"
_OBJECTS_PATH = "/objects"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """One store.

    Attributes:
        name: of its workload, Service and claim.
        bucket: the one that it holds.
        component: value of the label `app.kubernetes.io/component`.
        settings: its volume and size.
        namespace: the created namespace.
        labels: common labels.
        image: of versitygw.
        priority_class: of its pod.
        secret: its certificate and the one key that it lets in.
    """

    name: str
    bucket: str
    component: str
    settings: BundledStoreSettings
    namespace: pulumi.Input[str]
    labels: PlatformLabels
    image: pulumi.Input[str]
    priority_class: pulumi.Input[str]
    secret: SecretRef


def bucket(name: str, namespace: str, bucket: str) -> S3Settings:
    """As its clients see the store of a name."""
    return S3Settings(
        endpoint=f"{names.service_host(name, namespace)}:{PORT}",
        bucket=bucket,
        region=REGION,
        uri_style=UriStyle.PATH,
    )


def workload(name: str, namespace: str) -> Workload:
    """What it serves; it talks to nobody."""
    return Workload(name=name, namespace=namespace, ports=(Port(name=PORT_NAME, number=PORT),))


def consumer(name: str, namespace: str, access_key: SecretValue, secret_key: SecretValue) -> SecretConsumer:
    """What it reads: its certificate, and the key that it lets in."""
    return SecretConsumer(
        name=name,
        namespace=namespace,
        files={
            "tls.crt": f"{{{SecretValue.TLS_CERTIFICATE}}}",
            "tls.key": f"{{{SecretValue.TLS_PRIVATE_KEY}}}",
            "access-key": f"{{{access_key}}}",
            "secret-key": f"{{{secret_key}}}",
        },
        tls_names=(names.service_host(name, namespace), "localhost"),
    )


def service_account(store: ObjectStore) -> k8s.core.v1.ServiceAccountInitArgs:
    """An identity without any rights."""
    return k8s.core.v1.ServiceAccountInitArgs(
        metadata=_metadata(store, store.name), automount_service_account_token=False
    )


def files(store: ObjectStore) -> k8s.core.v1.ConfigMapInitArgs:
    """What its pod runs."""
    return k8s.core.v1.ConfigMapInitArgs(metadata=_metadata(store, _scripts_map(store)), data={_SCRIPT: asset(_SCRIPT)})


def volume_claim(store: ObjectStore) -> k8s.core.v1.PersistentVolumeClaimInitArgs:
    """Where the objects lie."""
    storage = store.settings.storage
    return k8s.core.v1.PersistentVolumeClaimInitArgs(
        metadata=_metadata(store, store.name),
        spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=storage.class_name,
            resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": storage.size}),
        ),
    )


def service(store: ObjectStore) -> k8s.core.v1.ServiceInitArgs:
    """The name that its certificate has."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=_metadata(store, store.name),
        spec=k8s.core.v1.ServiceSpecArgs(
            type="ClusterIP",
            selector=store.labels.selector(store.name),
            ports=[k8s.core.v1.ServicePortArgs(name=PORT_NAME, port=PORT, target_port=PORT_NAME)],
        ),
    )


def stateful_set(store: ObjectStore) -> k8s.apps.v1.StatefulSetInitArgs:
    """One pod: what it misses while it restarts, its clients send again."""
    return k8s.apps.v1.StatefulSetInitArgs(
        metadata=_metadata(store, store.name),
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            replicas=1,
            service_name=store.name,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=store.labels.selector(store.name)),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=store.labels.of(store.name, store.component),
                    annotations={
                        SECRETS_VERSION_ANNOTATION: store.secret.version,
                        CONFIG_CHECKSUM_ANNOTATION: hashlib.sha256(asset(_SCRIPT).encode()).hexdigest(),
                    },
                ),
                spec=_pod(store),
            ),
        ),
    )


def _metadata(store: ObjectStore, name: str) -> k8s.meta.v1.ObjectMetaArgs:
    return k8s.meta.v1.ObjectMetaArgs(
        name=name, namespace=store.namespace, labels=store.labels.of(store.name, store.component)
    )


def _scripts_map(store: ObjectStore) -> str:
    return f"{store.name}-scripts"


def _pod(store: ObjectStore) -> k8s.core.v1.PodSpecArgs:
    claim = k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=store.name)
    scripts = k8s.core.v1.ConfigMapVolumeSourceArgs(name=_scripts_map(store), default_mode=0o444)
    return k8s.core.v1.PodSpecArgs(
        service_account_name=store.name,
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name=store.priority_class,
        security_context=pod_security(UID),
        dns_config=dns_config(),
        containers=[_container(store)],
        volumes=[
            k8s.core.v1.VolumeArgs(name=_OBJECTS, persistent_volume_claim=claim),
            k8s.core.v1.VolumeArgs(name=_SCRIPTS, config_map=scripts),
            secret_volume(store.secret),
        ],
    )


def _container(store: ObjectStore) -> k8s.core.v1.ContainerArgs:
    arguments = [_OBJECTS_PATH, store.bucket, str(PORT), REGION]
    return k8s.core.v1.ContainerArgs(
        name="store",
        image=store.image,
        command=["/bin/bash", f"{_SCRIPTS_PATH}/{_SCRIPT}", *arguments],
        ports=[k8s.core.v1.ContainerPortArgs(name=PORT_NAME, container_port=PORT)],
        resources=resources(store.settings.resources),
        security_context=container_security(),
        readiness_probe=_probe(period=5, failures=3),
        liveness_probe=_probe(period=30, failures=6),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name=_OBJECTS, mount_path=_OBJECTS_PATH),
            k8s.core.v1.VolumeMountArgs(name=_SCRIPTS, mount_path=_SCRIPTS_PATH, read_only=True),
            secret_mount(),
        ],
    )


def _probe(*, period: int, failures: int) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path="/health", port=PORT_NAME, scheme="HTTPS"),
        period_seconds=period,
        timeout_seconds=10,
        failure_threshold=failures,
    )


def create(component: PlatformComponent, role: str, store: ObjectStore, *, protect: bool | None) -> pulumi.Output[str]:
    """All of a store; the result, a name, is there once it answers.

    Args:
        component: whose children they are.
        role: begins their names.
        store: what is made.
        protect: the volume, against deletion by mistake.
    """
    account = k8s.core.v1.ServiceAccount(
        component.child_name(f"{role}-account"), service_account(store), component.child_opts()
    )
    scripts = k8s.core.v1.ConfigMap(component.child_name(f"{role}-scripts"), files(store), component.child_opts())
    claim = k8s.core.v1.PersistentVolumeClaim(
        component.child_name(f"{role}-objects"), volume_claim(store), component.child_opts(protect=protect)
    )
    reached = k8s.core.v1.Service(component.child_name(f"{role}-service"), service(store), component.child_opts())
    pod = k8s.apps.v1.StatefulSet(
        component.child_name(role), stateful_set(store), component.child_opts(depends_on=[account, scripts, claim])
    )
    created = (found.metadata.apply(lambda metadata: metadata.name or "") for found in (pod, reached))
    return pulumi.Output.all(*created).apply(lambda names: str(names[0]))
