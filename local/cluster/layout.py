"""Addresses, names and folders of the local cluster. Everything else asks here."""

from dataclasses import dataclass
from pathlib import Path

from local import paths

NODE_NAME = "airflow-platform"
CONTEXT = "airflow-platform-local"
BRIDGE = "afp0"

# 198.18.0.0/15 is set aside for testing: it is routed nowhere, and a catch-all route keeps it here.
RANGE = "198.18.0.0/15"
POD_RANGE = "198.18.0.0/17"
NODE_POD_RANGE = "198.18.0.0/24"
SERVICE_RANGE = "198.18.128.0/20"
API_SERVICE_ADDRESS = "198.18.128.1"
DNS_ADDRESS = "198.18.128.10"
NODE_ADDRESS = "198.18.255.1"
LOOPBACK = "127.0.0.1"

API_PORT = 6443
ETCD_PORT = 2379
ETCD_PEER_PORT = 2380
ETCD_METRICS_PORT = 2381
KUBELET_PORT = 10250
KUBELET_HEALTH_PORT = 10248
PROXY_METRICS_PORT = 10249
PROXY_HEALTH_PORT = 10256
CONTROLLER_MANAGER_PORT = 10257
SCHEDULER_PORT = 10259

REGISTRY_NAME = "airflow-platform.local"
REGISTRY_PORT = 5350
REGISTRY_ADDRESS = f"{LOOPBACK}:{REGISTRY_PORT}"

CGROUP = "airflow-platform"
SYSTEM_CGROUP = f"{CGROUP}/system"
PODS_CGROUP = f"{CGROUP}/kubepods"

RUN_FOLDER = Path("/run/airflow-platform")
"""Sockets and mounts: a short path (a socket's may hold 107 bytes), gone after a restart."""


@dataclass(frozen=True)
class Layout:
    """Folders of one local cluster."""

    root: Path
    bin: Path
    registry: Path
    logs: Path
    run: Path = RUN_FOLDER

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.root / "pki"

    @property
    def kubeconfigs(self) -> Path:
        """What each component logs in with."""
        return self.root / "kubeconfigs"

    @property
    def config(self) -> Path:
        """Rendered configuration files."""
        return self.root / "config"

    @property
    def pids(self) -> Path:
        """One record per process that was started."""
        return self.root / "pids"

    @property
    def etcd(self) -> Path:
        """Data of etcd."""
        return self.root / "etcd"

    @property
    def volumes(self) -> Path:
        """Content of local-path volumes."""
        return self.root / "volumes"

    @property
    def kubelet(self) -> Path:
        """Kubelet's own folder, with the mounts of pods."""
        return self.root / "kubelet"

    @property
    def containerd(self) -> Path:
        """Images and snapshots of containerd."""
        return self.root / "containerd"

    @property
    def archives(self) -> Path:
        """Images of the cluster's own pods, made from the binaries."""
        return self.root / "archives"

    @property
    def kubeconfig(self) -> Path:
        """What a user logs in with."""
        return self.root / "kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        """The socket of containerd's API and of CRI."""
        return self.run / "containerd.sock"

    @property
    def containerd_state(self) -> Path:
        """Running tasks and network namespaces."""
        return self.run / "containerd"


def layout() -> Layout:
    """The layout below the cache folder."""
    return Layout(
        root=paths.cluster(),
        bin=paths.toolchain() / "bin",
        registry=paths.registry(),
        logs=paths.logs(),
    )
