"""Whether the node's programs answer, asked at their own addresses."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable

from local.cluster import kubectl
from local.cluster.addons import DEPLOYMENTS
from local.cluster.layout import (
    API_PORT,
    CONTROLLER_MANAGER_PORT,
    ETCD_METRICS_PORT,
    KUBELET_HEALTH_PORT,
    LOOPBACK,
    NODE_ADDRESS,
    NODE_NAME,
    PROXY_HEALTH_PORT,
    REGISTRY_PORT,
    SCHEDULER_PORT,
    Layout,
)
from local.errors import LocalError

ENDPOINTS = {
    "registry": (LOOPBACK, REGISTRY_PORT, False, "/v2/"),
    "etcd": (LOOPBACK, ETCD_METRICS_PORT, False, "/health"),
    "kube-apiserver": (NODE_ADDRESS, API_PORT, True, "/readyz"),
    "kube-controller-manager": (LOOPBACK, CONTROLLER_MANAGER_PORT, True, "/healthz"),
    "kube-scheduler": (LOOPBACK, SCHEDULER_PORT, True, "/healthz"),
    "kube-proxy": (LOOPBACK, PROXY_HEALTH_PORT, False, "/healthz"),
    "kubelet": (LOOPBACK, KUBELET_HEALTH_PORT, False, "/healthz"),
}


def answers(layout: Layout, name: str) -> bool:
    """Whether one of the node's programs says that it is well."""
    if name == "containerd":
        return _accepts(str(layout.containerd_socket))
    address, port, encrypted, path = ENDPOINTS[name]
    connection = _connection(layout, address, port, encrypted=encrypted, trusted=name == "kube-apiserver")
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def node_ready(layout: Layout) -> bool:
    """Whether the API server calls the node Ready."""
    try:
        node = kubectl.get(layout, "node", NODE_NAME)
    except LocalError:
        return False
    conditions = node.get("status", {}).get("conditions", [])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def unavailable_addons(layout: Layout) -> list[str]:
    """The add-ons that are not fully available yet, as `namespace/name`."""
    missing: list[str] = []
    for namespace, name in DEPLOYMENTS:
        try:
            found = kubectl.get(layout, "deployment", "-n", namespace, name)
        except LocalError:
            missing.append(f"{namespace}/{name}")
            continue
        state = found.get("status", {})
        current = state.get("observedGeneration") == found["metadata"]["generation"]
        if not (current and state.get("availableReplicas", 0) >= found["spec"]["replicas"]):
            missing.append(f"{namespace}/{name}")
    return missing


def wait(check: Callable[[], bool], *, seconds: float, pause: float = 0.2) -> bool:
    """Ask until the answer is yes. Returns whether it was, within the time."""
    deadline = time.monotonic() + seconds
    while True:
        if check():
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)


def _connection(
    layout: Layout, address: str, port: int, *, encrypted: bool, trusted: bool
) -> http.client.HTTPConnection:
    # Plain connections on purpose: a proxy of the environment must not be asked for these.
    if not encrypted:
        return http.client.HTTPConnection(address, port, timeout=3)
    if trusted:
        context = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
    else:
        # Their certificates are made at start and known to nobody; the port is on the loopback address.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address, port, timeout=3, context=context)


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(3)
        try:
            client.connect(path)
        except OSError:
            return False
        return True
