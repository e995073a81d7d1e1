"""What the machine itself has to have: folders, configuration files, keys, groups, a network."""

import shutil
from contextlib import suppress
from pathlib import Path

from local import toolchain
from local.cluster import cgroups, network, pki, render
from local.cluster.daemons import runc
from local.cluster.layout import NODE_NAME, Layout

_CNI_RECORDS = Path("/var/lib/cni/results")
_DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")
"""Folders that the CNI library and kubelet use whatever they are told."""


def prepare(layout: Layout, *, pause_image: str, nameservers: list[str]) -> None:
    """Folders, configuration files, keys, control groups and the network."""
    for folder in (layout.kubelet, layout.volumes, layout.run, layout.registry, layout.logs):
        folder.mkdir(parents=True, exist_ok=True)
    layout.root.chmod(0o755)
    layout.etcd.mkdir(mode=0o700, exist_ok=True)
    files = {
        "containerd.toml": render.containerd(layout, runc=runc(), pause_image=pause_image),
        f"hosts/{render.hosts_path()}": render.registry_hosts(),
        "registry.yaml": render.registry(layout),
        "cni/10-airflow-platform.conflist": render.cni(layout),
        "kubelet.yaml": render.kubelet(layout),
        "kube-proxy.yaml": render.kube_proxy(layout),
        "resolv.conf": render.resolv_conf(nameservers),
    }
    for name, content in files.items():
        _write(layout.config / name, content)
    pki.ensure(layout, version=toolchain.tool_version(toolchain.tool("kubernetes")))
    network.raise_settings(layout.root / "settings.json")
    network.ensure_bridge()
    network.open_forwarding()
    cgroups.ensure()


def clear(layout: Layout) -> None:
    """Take back what `prepare` did, files in the cache folder excepted."""
    cgroups.remove()
    network.remove_pod_links()
    network.remove_bridge()
    network.close_forwarding()
    network.remove_tables()
    network.restore_settings(layout.root / "settings.json")
    shutil.rmtree(layout.run, ignore_errors=True)
    for record in (*_CNI_RECORDS.glob(f"{NODE_NAME}-*"), *_DEVICE_PLUGINS.glob("*")):
        record.unlink(missing_ok=True)
    for folder in (_CNI_RECORDS, _CNI_RECORDS.parent, _DEVICE_PLUGINS, _DEVICE_PLUGINS.parent):
        # Another cluster's things stay, and with them the folder.
        with suppress(OSError):
            folder.rmdir()


def nameservers() -> list[str]:
    """The host's name servers; those behind systemd's local stub when there is nothing but the stub."""
    for path in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        if path.is_file() and (found := render.nameservers(path.read_text())):
            return found
    return []


def _write(path: Path, content: str) -> None:
    """Write a file unless it says so already; never half of it."""
    if path.is_file() and path.read_text() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(content)
    fresh.replace(path)
