"""The real local cluster: its node, names, volumes and registry. Needs `make up` to have run."""

import hashlib
import http.client
import json
import subprocess
import tarfile
import uuid
from collections.abc import Generator
from typing import Any

import pytest

from local import cluster
from local.cluster import kubectl as kubectl_module
from local.cluster.archives import system_images, write_archive
from local.cluster.layout import REGISTRY_NAME, REGISTRY_PORT, layout

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    return kubectl_module.kubectl(layout(), *arguments, stdin=stdin, timeout=150)


@pytest.fixture
def namespace() -> Generator[str]:
    """A namespace of the test's own, gone afterwards."""
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def pod(name: str, script: str, *, image: str, policy: str = "Never", claim: str | None = None) -> str:
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsUser": 1234, "runAsGroup": 1234, "fsGroup": 1234},
        "containers": [
            {
                "name": "main",
                "image": image,
                "imagePullPolicy": policy,
                "command": ["/bin/sh", "-ec", script],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}] if claim else [],
            }
        ],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else [],
    }
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def run(namespace: str, name: str, script: str, **options: Any) -> str:
    """Run a script in a pod to its success and return what it printed."""
    kubectl("apply", "-n", namespace, "-f", "-", stdin=pod(name, script, **options))
    succeeded = "--for=jsonpath={.status.phase}=Succeeded"
    kubectl("wait", "-n", namespace, f"pod/{name}", succeeded, "--timeout=120s")
    return kubectl("logs", "-n", namespace, name)


def busybox() -> str:
    return system_images(layout().bin)["busybox"].reference()


def test_the_node_is_ready_and_everything_runs() -> None:
    state = cluster.status(window_seconds=1)
    assert state.ready
    assert [component.name for component in state.components if not component.running] == []
    assert state.total is not None
    assert state.total.memory_bytes > 0
    assert json.loads(state.to_json())["versions"]["kubernetes"].startswith("v1.")


def test_up_changes_nothing_that_is_well() -> None:
    before = [component.pid for component in cluster.status(window_seconds=0.1).components]
    assert cluster.up() == []
    assert [component.pid for component in cluster.status(window_seconds=0.1).components] == before


def test_names_and_services_work_from_a_pod(namespace: str) -> None:
    script = (
        "/bin/busybox nslookup kubernetes.default.svc.cluster.local;"
        "wget -q -O- http://kube-dns.kube-system.svc.cluster.local:9153/metrics"
    )
    printed = run(namespace, "names", script, image=busybox())
    assert "Address: 198.18.128.1\n" in printed
    assert "coredns_build_info" in printed


def test_what_a_pod_wrote_is_there_for_the_next(namespace: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}},
    }
    kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(claim))
    run(namespace, "writer", "echo kept > /data/file", image=busybox(), claim="data")
    kubectl("delete", "-n", namespace, "pod/writer")
    assert run(namespace, "reader", "cat /data/file", image=busybox(), claim="data") == "kept\n"
    assert kubectl("get", "-n", namespace, "pvc/data", "-o", "jsonpath={.spec.storageClassName}") == "local-path"


def test_an_image_pushed_to_the_local_registry_runs_by_its_digest(
    namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    digest = push_busybox("e2e-busybox", tmp_path_factory)
    image = f"{REGISTRY_NAME}/e2e-busybox@{digest}"
    assert run(namespace, "pulled", "echo from the registry", image=image, policy="Always") == "from the registry\n"
    # The same image under its imported name must still run: kubelet once asked the registry for it.
    assert run(namespace, "imported", "echo imported", image=busybox()) == "imported\n"


def test_the_registry_is_served_on_the_loopback_address_alone() -> None:
    listening = subprocess.run(["ss", "-Hltn", f"sport = :{REGISTRY_PORT}"], capture_output=True, text=True, check=True)
    assert [line.split()[3] for line in listening.stdout.splitlines()] == [f"127.0.0.1:{REGISTRY_PORT}"]


def push_busybox(name: str, folders: pytest.TempPathFactory) -> str:
    """Push the helper image with its tag, blob by blob; returns the manifest's digest."""
    archive_path = write_archive(system_images(layout().bin)["busybox"], folders.mktemp("archive"))
    with tarfile.open(archive_path) as archive:

        def read(member: str) -> bytes:
            file = archive.extractfile(member)
            assert file is not None
            return file.read()

        (listed,) = json.loads(read("manifest.json"))
        config, layer = read(listed["Config"]), read(listed["Layers"][0])
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        }
    ).encode()
    for blob in (config, layer):
        upload(name, blob)
    request("PUT", f"/v2/{name}/manifests/e2e", manifest, "application/vnd.oci.image.manifest.v1+json")
    return digest_of(manifest)


def descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def upload(name: str, blob: bytes) -> None:
    location = request("POST", f"/v2/{name}/blobs/uploads/", b"", "text/plain").removeprefix(
        f"http://127.0.0.1:{REGISTRY_PORT}"
    )
    joint = "&" if "?" in location else "?"
    request("PUT", f"{location}{joint}digest={digest_of(blob)}", blob, "application/octet-stream")


def request(method: str, path: str, body: bytes, content_type: str) -> str:
    """One call to the registry; returns the Location it answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", REGISTRY_PORT, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": content_type})
        response = connection.getresponse()
        assert response.status in (201, 202), response.read()
        return response.getheader("Location", "")
    finally:
        connection.close()
