"""Parts that every pod has in common: the restricted security contexts, secrets as files, writable folders."""

import hashlib
from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.contract.secrets import MOUNT_PATH, SecretRef
from settings.base import Resources

_SECRETS = "secrets"


def config_checksum(config: Mapping[str, str]) -> str:
    """A short text that changes with any of the files of a ConfigMap; an annotation of the pods that mount it."""
    text = "\0".join(f"{name}\0{config[name]}" for name in sorted(config))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pod_security(uid: int) -> k8s.core.v1.PodSecurityContextArgs:
    """What pod security level `restricted` asks of a pod; user, group and volume group are `uid`."""
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=uid,
        run_as_group=uid,
        fs_group=uid,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security() -> k8s.core.v1.SecurityContextArgs:
    """What pod security level `restricted` asks of a container, and a read-only root file system."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        run_as_non_root=True,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
    )


def dns_config() -> k8s.core.v1.PodDNSConfigArgs:
    """Full Service names are looked up as they are, without walking the search list first."""
    return k8s.core.v1.PodDNSConfigArgs(options=[k8s.core.v1.PodDNSConfigOptionArgs(name="ndots", value="2")])


def resources(settings: Resources) -> k8s.core.v1.ResourceRequirementsArgs:
    """A container's resources."""
    return k8s.core.v1.ResourceRequirementsArgs(
        requests=_resource_list(settings.requests.cpu, settings.requests.memory),
        limits=_resource_list(settings.limits.cpu, settings.limits.memory),
    )


def _resource_list(cpu: str | None, memory: str) -> Mapping[str, str]:
    return {"memory": memory} if cpu is None else {"cpu": cpu, "memory": memory}


def secret_volume(secret: SecretRef, name: str = _SECRETS) -> k8s.core.v1.VolumeArgs:
    """The consumer's files as a volume, readable by the pod's group only."""
    return given_secret_volume(secret.name, name)


def given_secret_volume(secret: pulumi.Input[str], name: str) -> k8s.core.v1.VolumeArgs:
    """The same of a Secret that the stack names."""
    return k8s.core.v1.VolumeArgs(
        name=name, secret=k8s.core.v1.SecretVolumeSourceArgs(secret_name=secret, default_mode=0o440)
    )


def secret_mount(name: str = _SECRETS, path: str = MOUNT_PATH) -> k8s.core.v1.VolumeMountArgs:
    """Where a container finds them."""
    return k8s.core.v1.VolumeMountArgs(name=name, mount_path=path, read_only=True)


def scratch_volume(name: str, *, size: str, in_memory: bool = False) -> k8s.core.v1.VolumeArgs:
    """A writable folder that lives as long as the pod; `size` is a limit in bytes, such as `64Mi`."""
    return k8s.core.v1.VolumeArgs(
        name=name,
        empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs(size_limit=size, medium="Memory" if in_memory else None),
    )


def spread(
    selector: Mapping[str, str], *, one_per_host: bool = False
) -> list[k8s.core.v1.TopologySpreadConstraintArgs]:
    """Equal pods apart from one another: over zones and over hosts, as far as there are any.

    Args:
        selector: labels of the pods.
        one_per_host: rather leave a pod pending than put two on one host.
    """
    return [
        k8s.core.v1.TopologySpreadConstraintArgs(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="DoNotSchedule" if required else "ScheduleAnyway",
            label_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=dict(selector)),
        )
        for key, required in (("topology.kubernetes.io/zone", False), ("kubernetes.io/hostname", one_per_host))
    ]
