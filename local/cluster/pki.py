"""Certificates and kubeconfigs, made by kubeadm once and kept."""

import shutil
import subprocess
from pathlib import Path

from local.cluster import render
from local.cluster.layout import CONTEXT, Layout
from local.errors import LocalError

_USERS = {
    "super-admin": "super-admin.conf",
    "kubelet": "kubelet.conf",
    "controller-manager": "controller-manager.conf",
    "scheduler": "scheduler.conf",
}


def ensure(layout: Layout, *, version: str) -> None:
    """Make the keys, certificates and kubeconfigs unless they are there.

    Each of the two folders is made aside and then moved into place, so that one that is there is whole.

    Raises:
        LocalError: kubeadm refused.
    """
    if not layout.pki.is_dir():
        fresh = _empty(layout.root / "pki.new")
        config = _config(layout, fresh, version)
        _kubeadm(layout, "init", "phase", "certs", "all", "--config", config)
        fresh.rename(layout.pki)
    if not layout.kubeconfigs.is_dir():
        fresh = _empty(layout.root / "kubeconfigs.new")
        config = _config(layout, layout.pki, version)
        for user in _USERS:
            folder = ["--kubeconfig-dir", str(fresh)]
            _kubeadm(layout, "init", "phase", "kubeconfig", user, "--config", config, *folder)
        proxy = _kubeadm(layout, "kubeconfig", "user", "--client-name", "system:kube-proxy", "--config", config)
        _write_private(fresh / "kube-proxy.conf", proxy)
        fresh.rename(layout.kubeconfigs)
    if not layout.kubeconfig.is_file():
        admin = (layout.kubeconfigs / "super-admin.conf").read_text()
        _write_private(layout.kubeconfig, render.user_kubeconfig(admin, context=CONTEXT))


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _config(layout: Layout, keys: Path, version: str) -> str:
    path = layout.config / "kubeadm.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render.kubeadm(layout, keys=keys, version=version))
    return str(path)


def _write_private(path: Path, content: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(content)
    fresh.replace(path)


def _kubeadm(layout: Layout, *arguments: str) -> str:
    command = [str(layout.bin / "kubeadm"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise LocalError(f"`kubeadm {' '.join(arguments[:4])}` failed:\n{result.stderr.strip()}")
    return result.stdout
