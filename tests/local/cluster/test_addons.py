from pathlib import Path
from typing import Any

import pytest
import yaml

from local.cluster.addons import DEPLOYMENTS, render
from local.cluster.archives import system_images
from local.cluster.layout import Layout


@pytest.fixture
def objects(tmp_path: Path) -> dict[tuple[str, str], Any]:
    return rendered(tmp_path, ["192.0.2.53", "192.0.2.54"])


def rendered(tmp_path: Path, servers: list[str]) -> dict[tuple[str, str], Any]:
    for name in ("pause", "coredns", "local-path-provisioner", "busybox"):
        (tmp_path / name).write_text(name)
    layout = Layout(root=Path("/c"), bin=tmp_path, registry=Path("/r"), logs=Path("/l"))
    documents = yaml.safe_load_all(render(layout, system_images(tmp_path), servers))
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def test_the_deployments_that_up_waits_for_are_rendered(objects: dict[tuple[str, str], Any]) -> None:
    for namespace, name in DEPLOYMENTS:
        assert objects["Deployment", name]["metadata"]["namespace"] == namespace


def test_dns_has_the_address_that_kubelet_tells_pods(objects: dict[tuple[str, str], Any]) -> None:
    assert objects["Service", "kube-dns"]["spec"]["clusterIP"] == "198.18.128.10"
    corefile = objects["ConfigMap", "coredns"]["data"]["Corefile"]
    assert "forward . 192.0.2.53 192.0.2.54\n" in corefile


def test_without_a_name_server_nothing_is_forwarded(tmp_path: Path) -> None:
    assert "forward ." not in rendered(tmp_path, [])["ConfigMap", "coredns"]["data"]["Corefile"]


def test_local_path_is_the_default_class_below_the_clusters_folder(
    objects: dict[tuple[str, str], Any],
) -> None:
    annotations = objects["StorageClass", "local-path"]["metadata"]["annotations"]
    assert annotations["storageclass.kubernetes.io/is-default-class"] == "true"
    config = objects["ConfigMap", "local-path-config"]["data"]
    assert '"paths": ["/c/volumes"]' in config["config.json"]
    assert '"$VOL_DIR"' in config["setup"]


def test_no_image_is_ever_pulled(objects: dict[tuple[str, str], Any]) -> None:
    for _, name in DEPLOYMENTS:
        (container,) = objects["Deployment", name]["spec"]["template"]["spec"]["containers"]
        assert container["imagePullPolicy"] == "Never"
    helper = yaml.safe_load(objects["ConfigMap", "local-path-config"]["data"]["helperPod.yaml"])
    assert helper["spec"]["containers"][0]["imagePullPolicy"] == "Never"
