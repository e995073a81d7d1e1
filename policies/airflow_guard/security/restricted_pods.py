"""Pods keep to the pod security standard `restricted`, and to a read-only root file system."""

from collections.abc import Iterator

from ..kubernetes import Container, PodTemplate, makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import Node, each
from ..options import Options

_VOLUME_SOURCES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    }
)
_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_PROFILES = ("RuntimeDefault", "Localhost")
_HANDLERS = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "preStop"),
    ("lifecycle", "postStart"),
)


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Every way in which the pod is less than restricted."""
    pod = pod_template(resource)
    yield from each([pod], _pod, unknown_finding)
    yield from each(pod.spec.at("volumes").items, _volume, unknown_finding)
    yield from each(pod.containers, lambda container: _container(container, pod), unknown_finding)


def _pod(pod: PodTemplate) -> Iterator[Finding]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        node = pod.spec.at(key)
        if node.true:
            yield Finding(what=f"shares the node's {key.removeprefix('host')}", path=node.path, mend=f"remove {key}")
    context = pod.spec.at("securityContext")
    yield from _shared_context(context, "pod")
    for sysctl in context.at("sysctls").items:
        name = sysctl.at("name")
        if name.text not in _SAFE_SYSCTLS:
            yield Finding(
                what=f"sets the unsafe sysctl {name.text}", path=name.path, mend="remove it, or set it on the node"
            )


def _volume(volume: Node) -> Iterator[Finding]:
    for source, node in volume.entries:
        if source != "name" and source not in _VOLUME_SOURCES and not node.absent:
            yield Finding(
                what=f"mounts a volume of type {source}",
                path=node.path,
                mend=f"use one of {', '.join(sorted(_VOLUME_SOURCES))}",
            )


def _container(container: Container, pod: PodTemplate) -> Iterator[Finding]:
    context = container.node.at("securityContext")
    pod_context = pod.spec.at("securityContext")
    part = container.title
    yield from _shared_context(context, part)
    yield from _privilege(context, part)
    yield from _capabilities(context, part)
    yield from _user(context, pod_context, part)
    yield from _seccomp(context, pod_context, part)
    yield from _host_access(container)


def _shared_context(context: Node, part: str) -> Iterator[Finding]:
    """What a pod's and a container's security context have in common."""
    options = context.at("seLinuxOptions")
    if options.at("type").text not in _SELINUX_TYPES or options.at("user").text or options.at("role").text:
        yield Finding(what="sets its own SELinux user, role or type", path=options.path, part=part, mend="remove it")
    armor = context.at("appArmorProfile", "type")
    if not armor.absent and armor.text not in _PROFILES:
        yield Finding(what="runs without AppArmor", path=armor.path, part=part, mend="set RuntimeDefault")
    process = context.at("windowsOptions", "hostProcess")
    if process.true:
        yield Finding(what="is a Windows host process", path=process.path, part=part, mend="remove it")


def _privilege(context: Node, part: str) -> Iterator[Finding]:
    privileged, escalation = context.at("privileged"), context.at("allowPrivilegeEscalation")
    if privileged.true:
        yield Finding(what="is privileged", path=privileged.path, part=part, mend="remove privileged")
    if not escalation.false:
        yield Finding(
            what="may gain privileges", path=escalation.path, part=part, mend="set allowPrivilegeEscalation: false"
        )
    root = context.at("readOnlyRootFilesystem")
    if not root.true:
        yield Finding(
            what="can write to its root file system",
            path=root.path,
            part=part,
            mend="set readOnlyRootFilesystem: true and mount an emptyDir where it must write",
        )
    mount = context.at("procMount")
    if mount.text not in {"", "Default"}:
        yield Finding(what="unmasks /proc", path=mount.path, part=part, mend="remove procMount")


def _capabilities(context: Node, part: str) -> Iterator[Finding]:
    drop = context.at("capabilities", "drop")
    if "ALL" not in [item.text for item in drop.items]:
        yield Finding(what="keeps capabilities", path=drop.path, part=part, mend="drop: [ALL]")
    for added in context.at("capabilities", "add").items:
        if added.text != "NET_BIND_SERVICE":
            yield Finding(
                what=f"adds the capability {added.text}", path=added.path, part=part, mend="add NET_BIND_SERVICE only"
            )


def _user(context: Node, pod_context: Node, part: str) -> Iterator[Finding]:
    non_root = _own_or_pod(context, pod_context, "runAsNonRoot")
    if not non_root.true:
        yield Finding(what="may run as root", path=non_root.path, part=part, mend="set runAsNonRoot: true")
    user = _own_or_pod(context, pod_context, "runAsUser")
    if user.number == 0:
        yield Finding(what="runs as user 0", path=user.path, part=part, mend="set runAsUser to the image's own user")


def _seccomp(context: Node, pod_context: Node, part: str) -> Iterator[Finding]:
    profile = _own_or_pod(context, pod_context, "seccompProfile").at("type")
    if profile.text not in _PROFILES:
        yield Finding(
            what="runs without a seccomp profile",
            path=profile.path,
            part=part,
            mend="set seccompProfile: RuntimeDefault",
        )


def _host_access(container: Container) -> Iterator[Finding]:
    for port in container.node.at("ports").items:
        host = port.at("hostPort")
        if host.number:
            yield Finding(what="takes a port of the node", path=host.path, part=container.title, mend="remove hostPort")
    for keys in _HANDLERS:
        for action in ("httpGet", "tcpSocket"):
            host = container.node.at(*keys, action, "host")
            if host.text:
                yield Finding(
                    what="probes another host",
                    path=host.path,
                    part=container.title,
                    mend="remove host: the pod is meant",
                )


def _own_or_pod(context: Node, pod_context: Node, key: str) -> Node:
    """A container's own value, or the pod's where the container is silent."""
    own = context.at(key)
    shared = pod_context.at(key)
    return shared if own.absent and not shared.absent else own


RULE = ResourceRule(
    name="restricted-pods",
    title="Pods keep to the pod security standard `restricted` with a read-only root file system",
    why="a process that breaks out of a task or a parser must find neither root nor the node behind the container",
    mend="take the securityContext of the standard: runAsNonRoot, allowPrivilegeEscalation false, drop ALL, "
    "RuntimeDefault, readOnlyRootFilesystem",
    severity=Severity.CRITICAL,
    references=(
        "Kubernetes pod security standards: restricted",
        "CIS Kubernetes 5.2",
        "NSA/CISA Kubernetes Hardening Guide: pod security",
    ),
    applies=makes_pods,
    check=check,
)
