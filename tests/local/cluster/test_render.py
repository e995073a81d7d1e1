import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.cluster import render
from local.cluster.layout import RUN_FOLDER, Layout

ROOT = Path("/somewhere/cluster")


@pytest.fixture
def layout() -> Layout:
    return Layout(root=ROOT, bin=Path("/tools/bin"), registry=Path("/blobs"), logs=Path("/logs"))


def test_containerd_keeps_to_its_own_folders_and_network(layout: Layout) -> None:
    config = tomllib.loads(render.containerd(layout, runc="/usr/sbin/runc", pause_image="x/pause:1"))
    runtime = config["plugins"]["io.containerd.cri.v1.runtime"]
    images = config["plugins"]["io.containerd.cri.v1.images"]
    assert config["version"] == 3
    assert config["root"] == "/somewhere/cluster/containerd"
    assert config["state"] == "/run/airflow-platform/containerd"
    assert config["grpc"]["address"] == "/run/airflow-platform/containerd.sock"
    assert runtime["cni"] == {"bin_dirs": ["/tools/bin"], "conf_dir": "/somewhere/cluster/config/cni"}
    assert runtime["restrict_oom_score_adj"] is True
    assert runtime["netns_mounts_under_state_dir"] is True
    options = runtime["containerd"]["runtimes"]["runc"]["options"]
    assert options == {
        "BinaryName": "/usr/sbin/runc",
        "Root": "/run/airflow-platform/runc",
        "SystemdCgroup": False,
    }
    assert config["plugins"]["io.containerd.internal.v1.opt"]["path"] == "/somewhere/cluster/opt"
    sockets = config["plugins"]["io.containerd.shim.v1.manager"]["socket_dir"]
    assert sockets == "/run/airflow-platform/shims"
    assert len(f"{sockets}/{'0' * 64}") <= 107
    assert images["pinned_images"] == {"sandbox": "x/pause:1"}
    assert images["registry"]["config_path"] == "/somewhere/cluster/config/hosts"


def test_the_registrys_name_is_served_on_this_machine() -> None:
    hosts = tomllib.loads(render.registry_hosts())
    assert hosts["server"] == "http://127.0.0.1:5350"
    assert hosts["host"]["http://127.0.0.1:5350"]["capabilities"] == ["pull", "resolve"]
    assert render.hosts_path() == "airflow-platform.local/hosts.toml"


def test_the_registry_listens_to_nobody_else(layout: Layout) -> None:
    config = yaml.safe_load(render.registry(layout))
    assert config["http"]["addr"] == "127.0.0.1:5350"
    assert config["storage"]["filesystem"]["rootdirectory"] == "/blobs"
    assert config["storage"]["delete"]["enabled"] is True


def test_pods_are_joined_point_to_point_with_nftables_alone(layout: Layout) -> None:
    config = json.loads(render.cni(layout))
    ptp, portmap = config["plugins"]
    assert (ptp["type"], ptp["ipMasq"], ptp["ipMasqBackend"]) == ("ptp", True, "nftables")
    assert ptp["ipam"]["ranges"] == [[{"subnet": "198.18.0.0/24"}]]
    assert (portmap["type"], portmap["backend"]) == ("portmap", "nftables")


def test_kubelet_evicts_by_absolute_sizes_in_its_own_group(layout: Layout) -> None:
    config = yaml.safe_load(render.kubelet(layout))
    assert set(config["evictionHard"]) == {"memory.available", "nodefs.available", "imagefs.available"}
    assert not any("%" in threshold for threshold in config["evictionHard"].values())
    assert config["cgroupDriver"] == "cgroupfs"
    assert config["cgroupRoot"] == "/airflow-platform"
    assert config["failCgroupV1"] is False
    assert config["failSwapOn"] is False
    assert config["clusterDNS"] == ["198.18.128.10"]
    assert config["containerRuntimeEndpoint"] == "unix:///run/airflow-platform/containerd.sock"
    assert config["authentication"]["anonymous"]["enabled"] is False
    assert config["authorization"]["mode"] == "Webhook"
    assert config["imagePullCredentialsVerificationPolicy"] == "NeverVerify"


def test_kubeadm_makes_long_lived_keys_for_the_nodes_address(layout: Layout) -> None:
    documents: list[Any] = list(yaml.safe_load_all(render.kubeadm(layout, keys=layout.pki, version="v1.36.3")))
    init, cluster = documents
    assert init["localAPIEndpoint"] == {"advertiseAddress": "198.18.255.1", "bindPort": 6443}
    assert cluster["kubernetesVersion"] == "v1.36.3"
    assert cluster["certificatesDir"] == "/somewhere/cluster/pki"
    assert cluster["certificateValidityPeriod"] == "87600h"
    assert cluster["networking"]["podSubnet"] == "198.18.0.0/17"
    assert cluster["networking"]["serviceSubnet"] == "198.18.128.0/20"


def test_kube_proxy_writes_nftables_and_leaves_conntrack_limits(layout: Layout) -> None:
    config = yaml.safe_load(render.kube_proxy(layout))
    assert config["mode"] == "nftables"
    assert config["conntrack"] == {"maxPerCore": 0, "min": 0}
    assert config["metricsBindAddress"].startswith("127.0.0.1:")


def test_the_users_kubeconfig_has_the_contexts_name() -> None:
    admin = yaml.safe_dump(
        {
            "clusters": [{"name": "kubernetes", "cluster": {"server": "https://198.18.255.1:6443"}}],
            "users": [{"name": "kubernetes-super-admin", "user": {"client-key-data": "a2V5"}}],
        }
    )
    made = yaml.safe_load(render.user_kubeconfig(admin, context="airflow-platform-local"))
    assert made["current-context"] == "airflow-platform-local"
    assert made["contexts"] == [
        {
            "name": "airflow-platform-local",
            "context": {"cluster": "airflow-platform-local", "user": "airflow-platform-local"},
        }
    ]
    assert made["clusters"][0]["cluster"]["server"] == "https://198.18.255.1:6443"
    assert made["users"][0]["user"] == {"client-key-data": "a2V5"}


@pytest.mark.parametrize("text", ["", "clusters: []", "clusters: [{}]"])
def test_what_is_no_kubeconfig_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a kubeconfig"):
        render.user_kubeconfig(text, context="x")


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("nameserver 192.0.2.53\nsearch example\n", ["192.0.2.53"]),
        ("nameserver 127.0.0.53\noptions edns0\n", []),
        ("# nameserver 192.0.2.1\nnameserver ::1\nnameserver 192.0.2.2\nnameserver\n", ["192.0.2.2"]),
    ],
)
def test_a_stub_on_the_hosts_loopback_is_no_name_server_for_pods(text: str, servers: list[str]) -> None:
    assert render.nameservers(text) == servers


def test_the_socket_fits_into_107_bytes_wherever_the_cache_lies() -> None:
    far = Layout(root=Path("/x" * 100), bin=Path("/b"), registry=Path("/r"), logs=Path("/l"))
    assert far.run == RUN_FOLDER
    assert len(str(far.containerd_socket)) <= 107
