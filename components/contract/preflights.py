"""The Job that looks at a service of somebody else's before anything relies on it: pure builders, and what makes it of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.contract import airflow
from components.contract.base import PlatformComponent
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION, PlatformLabels
from components.contract.pods import (
    config_checksum,
    container_security,
    dns_config,
    pod_security,
    resources,
    secret_mount,
    secret_volume,
)
from components.contract.secrets import SecretRef
from settings.base import ResourceList, Resources

REFUSED = 2
"""Exit code of `assets/preflight.py` for a service that cannot be used as it is."""

_TOLD_FILE = "preflight.json"
_CONFIG = "config"
_PATH = "/etc/airflow-platform"
_RESOURCES = Resources(requests=ResourceList(cpu="20m", memory="64Mi"), limits=ResourceList(memory="192Mi"))
_RETRIES = 3
_DEADLINE_SECONDS = 420
"""A minute of patience per try and the pauses between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """One such Job and its belongings.

    Attributes:
        name: of the workload and of its objects.
        component: value of the label `app.kubernetes.io/component`.
        namespace: the created one that it runs in.
        labels: common labels.
        image: of Airflow, in which the clients are that will use the service.
        priority_class: of its pod.
        secret: what it logs in with.
        script: file name of its program.
        text: its program.
        told: what the program is told.
    """

    name: str
    component: str
    namespace: pulumi.Input[str]
    labels: PlatformLabels
    image: pulumi.Input[str]
    priority_class: pulumi.Input[str]
    secret: SecretRef
    script: str
    text: str
    told: Mapping[str, object]

    @property
    def files(self) -> dict[str, str]:
        """Content of its ConfigMap."""
        return {
            self.script: self.text,
            "preflight.py": airflow.asset("preflight.py"),
            _TOLD_FILE: json.dumps(self.told, indent=2, sort_keys=True) + "\n",
        }


def metadata(preflight: Preflight, name: pulumi.Input[str] | None = None) -> k8s.meta.v1.ObjectMetaArgs:
    """Metadata of one of its objects."""
    return k8s.meta.v1.ObjectMetaArgs(
        name=name or preflight.name,
        namespace=preflight.namespace,
        labels=preflight.labels.of(preflight.name, preflight.component),
    )


def service_account(preflight: Preflight) -> k8s.core.v1.ServiceAccountInitArgs:
    """An identity without any rights."""
    return k8s.core.v1.ServiceAccountInitArgs(metadata=metadata(preflight), automount_service_account_token=False)


def config_map(preflight: Preflight) -> k8s.core.v1.ConfigMapInitArgs:
    """What it runs and what it is told."""
    return k8s.core.v1.ConfigMapInitArgs(metadata=metadata(preflight), data=preflight.files)


def job_name(preflight: Preflight, image: str) -> str:
    """Another name for whatever else its pod holds: a Job cannot be changed, and runs once."""
    facts = json.dumps([image, config_checksum(preflight.files), preflight.secret.version, str(_RESOURCES)])
    return f"{preflight.name}-{hashlib.sha256(facts.encode()).hexdigest()[:10]}"


def job(preflight: Preflight) -> k8s.batch.v1.JobInitArgs:
    """The Job: tried again when its node fails it, not when the service is refused."""
    name = pulumi.Output.from_input(preflight.image).apply(lambda image: job_name(preflight, image))
    return k8s.batch.v1.JobInitArgs(
        metadata=metadata(preflight, name),
        spec=k8s.batch.v1.JobSpecArgs(
            backoff_limit=_RETRIES,
            active_deadline_seconds=_DEADLINE_SECONDS,
            pod_failure_policy=fails_at_once(REFUSED),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=preflight.labels.of(preflight.name, preflight.component),
                    annotations={
                        CONFIG_CHECKSUM_ANNOTATION: config_checksum(preflight.files),
                        SECRETS_VERSION_ANNOTATION: preflight.secret.version,
                    },
                ),
                spec=_pod(preflight),
            ),
        ),
    )


def run(component: PlatformComponent, role: str, preflight: Preflight, *, files: str = "config") -> pulumi.Output[str]:
    """Make one as children of a component; the result is there once it has passed.

    Args:
        component: whose children they are.
        role: what it is there.
        preflight: what is made.
        files: what its ConfigMap is to it.
    """
    account = k8s.core.v1.ServiceAccount(
        component.child_name(f"{role}-account"), service_account(preflight), component.child_opts()
    )
    config = k8s.core.v1.ConfigMap(
        component.child_name(f"{role}-{files}"), config_map(preflight), component.child_opts()
    )
    passed = k8s.batch.v1.Job(
        component.child_name(role), job(preflight), component.child_opts(depends_on=[account, config])
    )
    return passed.metadata.apply(lambda found: found.name or "")


def fails_at_once(exit_code: int) -> k8s.batch.v1.PodFailurePolicyArgs:
    """A Job's policy: after this exit code nothing is tried again."""
    codes = k8s.batch.v1.PodFailurePolicyOnExitCodesRequirementArgs(operator="In", values=[exit_code])
    return k8s.batch.v1.PodFailurePolicyArgs(
        rules=[k8s.batch.v1.PodFailurePolicyRuleArgs(action="FailJob", on_exit_codes=codes)]
    )


def _pod(preflight: Preflight) -> k8s.core.v1.PodSpecArgs:
    container = k8s.core.v1.ContainerArgs(
        name="preflight",
        image=preflight.image,
        args=["python", f"{_PATH}/{preflight.script}", f"{_PATH}/{_TOLD_FILE}"],
        resources=resources(_RESOURCES),
        security_context=container_security(),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name=_CONFIG, mount_path=_PATH, read_only=True),
            secret_mount(),
        ],
    )
    return k8s.core.v1.PodSpecArgs(
        service_account_name=preflight.name,
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name=preflight.priority_class,
        security_context=pod_security(airflow.UID),
        dns_config=dns_config(),
        restart_policy="Never",
        containers=[container],
        volumes=[
            k8s.core.v1.VolumeArgs(
                name=_CONFIG,
                config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=preflight.name, default_mode=0o444),
            ),
            secret_volume(preflight.secret),
        ],
    )
