"""What can be known before anything is begun: each fault has one message with its way out."""

import os
import platform
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from local import paths, toolchain
from local.cluster.layout import (
    API_PORT,
    CONTROLLER_MANAGER_PORT,
    ETCD_METRICS_PORT,
    ETCD_PEER_PORT,
    ETCD_PORT,
    KUBELET_HEALTH_PORT,
    KUBELET_PORT,
    LOOPBACK,
    NODE_ADDRESS,
    PROXY_HEALTH_PORT,
    PROXY_METRICS_PORT,
    REGISTRY_PORT,
    SCHEDULER_PORT,
)
from local.errors import PreflightError

GIB = 1024**3
LEAST_MEMORY = 6 * GIB
"""Memory of the machine, in bytes, below which the platform does not fit."""
ROOM_COLD = 16 * GIB
"""Free disk in bytes for a first start: building, images, pods."""
ROOM_WARM = 3 * GIB
"""Free disk in bytes for a later start: kubelet evicts pods below 1 GiB."""
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Port:
    """A port that one of the node's programs listens on."""

    owner: str
    address: str
    number: int


PORTS: tuple[Port, ...] = (
    Port("registry", LOOPBACK, REGISTRY_PORT),
    Port("etcd", LOOPBACK, ETCD_PORT),
    Port("etcd", LOOPBACK, ETCD_PEER_PORT),
    Port("etcd", LOOPBACK, ETCD_METRICS_PORT),
    Port("kube-apiserver", NODE_ADDRESS, API_PORT),
    Port("kube-controller-manager", LOOPBACK, CONTROLLER_MANAGER_PORT),
    Port("kube-scheduler", LOOPBACK, SCHEDULER_PORT),
    Port("kube-proxy", LOOPBACK, PROXY_HEALTH_PORT),
    Port("kube-proxy", LOOPBACK, PROXY_METRICS_PORT),
    Port("kubelet", NODE_ADDRESS, KUBELET_PORT),
    Port("kubelet", LOOPBACK, KUBELET_HEALTH_PORT),
)


def check(*, running: Collection[str], cold: bool) -> None:
    """Check the machine.

    Args:
        running: names of the node's programs that run already; their ports are theirs.
        cold: whether the cluster's programs are still to be built.

    Raises:
        PreflightError: naming everything that does not fit, one line each.
    """
    faults = [
        *platform_faults(platform.system(), platform.machine()),
        *user_faults(os.geteuid()),
        *memory_faults(psutil.virtual_memory().total),
        *disk_faults(free_disk(paths.cache_root()), cold=cold),
        *port_faults(port for port in PORTS if port.owner not in running),
        *(toolchain.go_faults() if cold else []),
    ]
    if faults:
        raise PreflightError("\n".join(faults))


def platform_faults(system: str, machine: str) -> list[str]:
    """The operating system and the processor."""
    if system == "Linux" and machine in _MACHINES:
        return []
    message = (
        f"The local cluster needs Linux on amd64 or arm64; this is {system} on {machine}. "
        "Use such a machine, or a cluster of your own: `make up CONTEXT=<kube context>`."
    )
    return [message]


def user_faults(uid: int) -> list[str]:
    """The user."""
    if uid == 0:
        return []
    message = (
        f"The local cluster makes network devices and mounts and has to run as root; this is user {uid}. "
        "Run it with sudo, or use a cluster of your own: `make up CONTEXT=<kube context>`."
    )
    return [message]


def memory_faults(total: int) -> list[str]:
    """The machine's memory in bytes."""
    if total >= LEAST_MEMORY:
        return []
    message = (
        f"Too little memory: {total / GIB:.1f} GiB, {LEAST_MEMORY / GIB:.0f} GiB needed. "
        "Use a larger machine, or a cluster of your own: `make up CONTEXT=<kube context>`."
    )
    return [message]


def disk_faults(free: int, *, cold: bool) -> list[str]:
    """Free disk in bytes."""
    need = ROOM_COLD if cold else ROOM_WARM
    if free >= need:
        return []
    message = (
        f"Too little disk: {free / GIB:.1f} GiB free at {paths.cache_root()}, {need / GIB:.0f} GiB needed "
        f"{'for a first start' if cold else 'to run'}. Free some, or set {paths.CACHE_VARIABLE} to a "
        "folder on a larger disk."
    )
    return [message]


def free_disk(folder: Path) -> int:
    """Free bytes where a folder is or would be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def port_faults(ports: Iterable[Port]) -> list[str]:
    """Ports that somebody else listens on."""
    faults: list[str] = []
    listening = [one for one in psutil.net_connections(kind="tcp") if one.status == psutil.CONN_LISTEN]
    for port in ports:
        holders = [one.pid for one in listening if one.laddr and _overlaps((*one.laddr,), port)]
        if holders:
            faults.append(
                f"Port {port.number} ({port.owner}) is taken by {_holder(holders[0])}. Stop that, then run this again."
            )
    return faults


def _overlaps(held: tuple[str | int, ...], port: Port) -> bool:
    """Whether a listener's (address, port) stands in the way of ours."""
    address, number = held[:2]
    return number == port.number and address in (port.address, "0.0.0.0", "::", f"::ffff:{port.address}")


def _holder(pid: int | None) -> str:
    if pid is None:
        return "a process that cannot be seen from here"
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.NoSuchProcess:
        return f"process {pid}"
