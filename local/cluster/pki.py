"""Certificates and kubeconfigs, made by kubeadm once and kept."""

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


def ensure(layout: Layout) -> None:
    """Make the certificates, keys and kubeconfigs that are missing.

    kubeadm leaves valid ones as they are, so that this may run at every start.

    Raises:
        LocalError: kubeadm refused; certificates from another layout, for example.
    """
    wanted = [layout.kubeconfigs / name for name in (*_USERS.values(), "kube-proxy.conf")]
    done = layout.pki / ".complete"
    if not (done.is_file() and layout.kubeconfig.is_file() and all(path.is_file() for path in wanted)):
        _make(layout)
        done.touch()


def _make(layout: Layout) -> None:
    config = str(layout.config / "kubeadm.yaml")
    layout.kubeconfigs.mkdir(parents=True, exist_ok=True)
    _kubeadm(layout, "init", "phase", "certs", "all", "--config", config)
    folder = ["--kubeconfig-dir", str(layout.kubeconfigs)]
    for user in _USERS:
        _kubeadm(layout, "init", "phase", "kubeconfig", user, "--config", config, *folder)
    proxy = _kubeadm(layout, "kubeconfig", "user", "--client-name", "system:kube-proxy", "--config", config)
    _write_private(layout.kubeconfigs / "kube-proxy.conf", proxy)
    admin = (layout.kubeconfigs / "super-admin.conf").read_text()
    _write_private(layout.kubeconfig, render.user_kubeconfig(admin, context=CONTEXT))


def _write_private(path: Path, content: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(content)
    fresh.replace(path)


def _kubeadm(layout: Layout, *arguments: str) -> str:
    command = [str(layout.bin / "kubeadm"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise LocalError(
            f"`kubeadm {' '.join(arguments[:4])}` failed:\n{result.stderr.strip()}\n"
            f"If {layout.pki} holds keys of another cluster, `make down` removes them."
        )
    return result.stdout
