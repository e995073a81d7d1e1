import stat
from pathlib import Path

import pytest
import yaml

from local.cluster import pki
from local.cluster.layout import Layout
from local.errors import LocalError

# Stands in for kubeadm: fills the folder that its arguments or its configuration name.
KUBEADM = """#!/bin/sh
config=$(echo "$*" | sed -n 's/.*--config \\([^ ]*\\).*/\\1/p')
folder=$(echo "$*" | sed -n 's/.*--kubeconfig-dir \\([^ ]*\\).*/\\1/p')
keys=$(sed -n 's/^certificatesDir: //p' "$config")
content='{clusters: [{cluster: {server: x}}], users: [{user: {token: y}}]}'
case "$*" in
  *"phase certs all"*) echo key > "$keys/ca.key"; [ ! -e "$0.broken" ] || { echo "no luck" >&2; exit 1; } ;;
  *"phase kubeconfig"*) echo "$content" > "$folder/$4.conf" ;;
  *"kubeconfig user"*) echo "$content" ;;
esac
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    kubeadm = tmp_path / "bin" / "kubeadm"
    kubeadm.parent.mkdir()
    kubeadm.write_text(KUBEADM)
    kubeadm.chmod(0o755)
    return Layout(root=tmp_path / "c", bin=kubeadm.parent, registry=tmp_path / "r", logs=tmp_path / "l")


def test_keys_and_kubeconfigs_are_made_once(layout: Layout) -> None:
    pki.ensure(layout, version="v1.36.3")
    assert (layout.pki / "ca.key").is_file()
    names = {path.name for path in layout.kubeconfigs.iterdir()}
    assert names == {
        "super-admin.conf",
        "kubelet.conf",
        "controller-manager.conf",
        "scheduler.conf",
        "kube-proxy.conf",
    }
    assert yaml.safe_load(layout.kubeconfig.read_text())["current-context"] == "airflow-platform-local"
    (layout.pki / "ca.key").write_text("kept")
    pki.ensure(layout, version="v1.36.3")
    assert (layout.pki / "ca.key").read_text() == "kept"


def test_nobody_else_may_read_them(layout: Layout) -> None:
    pki.ensure(layout, version="v1.36.3")
    for path in (layout.kubeconfig, layout.kubeconfigs / "kube-proxy.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (layout.pki, layout.kubeconfigs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_start_that_broke_off_leaves_no_half_of_it(layout: Layout) -> None:
    broken = layout.bin / "kubeadm.broken"
    broken.touch()
    with pytest.raises(LocalError, match="no luck"):
        pki.ensure(layout, version="v1.36.3")
    assert not layout.pki.exists()
    broken.unlink()
    pki.ensure(layout, version="v1.36.3")
    assert layout.pki.is_dir()
