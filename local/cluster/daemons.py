"""The programs that make up the node, with their command lines."""

import shutil

from local.cluster import render
from local.cluster.layout import (
    API_PORT,
    CONTROLLER_MANAGER_PORT,
    ETCD_METRICS_PORT,
    ETCD_PEER_PORT,
    LOOPBACK,
    NODE_ADDRESS,
    NODE_NAME,
    POD_RANGE,
    SCHEDULER_PORT,
    SERVICE_RANGE,
    Layout,
)
from local.cluster.processes import Daemon

ORDER = (
    "registry",
    "containerd",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
)
"""The order of starting; stopping goes the other way. kube-proxy is well only once it has seen its node."""


def daemons(layout: Layout) -> dict[str, Daemon]:
    """Every program of the node by name, in the order of starting."""
    made = (
        registry(layout),
        containerd(layout),
        etcd(layout),
        apiserver(layout),
        controller_manager(layout),
        scheduler(layout),
        kubelet(layout),
        kube_proxy(layout),
    )
    return {daemon.name: daemon for daemon in made}


def registry(layout: Layout) -> Daemon:
    """The image registry, on the loopback address alone."""
    config = layout.config / "registry.yaml"
    return Daemon(
        name="registry",
        command=(str(layout.bin / "registry"), "serve", str(config)),
        log=layout.logs / "registry.log",
        reads=(config,),
        environment={"OTEL_TRACES_EXPORTER": "none"},
    )


def containerd(layout: Layout) -> Daemon:
    """The container runtime."""
    config = layout.config / "containerd.toml"
    return Daemon(
        name="containerd",
        command=(str(layout.bin / "containerd"), "--config", str(config)),
        log=layout.logs / "containerd.log",
        reads=(config,),
        # The shim is found through PATH.
        environment={"PATH": f"{layout.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    )


def etcd(layout: Layout) -> Daemon:
    """The store of the API server."""
    pki = layout.pki / "etcd"
    peer = f"https://{LOOPBACK}:{ETCD_PEER_PORT}"
    flags = {
        "name": NODE_NAME,
        "data-dir": str(layout.etcd),
        "listen-client-urls": render.etcd_endpoint(),
        "advertise-client-urls": render.etcd_endpoint(),
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"{NODE_NAME}={peer}",
        "listen-metrics-urls": f"http://{LOOPBACK}:{ETCD_METRICS_PORT}",
        "client-cert-auth": "true",
        "trusted-ca-file": str(pki / "ca.crt"),
        "cert-file": str(pki / "server.crt"),
        "key-file": str(pki / "server.key"),
        "peer-client-cert-auth": "true",
        "peer-trusted-ca-file": str(pki / "ca.crt"),
        "peer-cert-file": str(pki / "peer.crt"),
        "peer-key-file": str(pki / "peer.key"),
        # One member has nobody to hear from: a slow beat costs nothing and rests the processor.
        "heartbeat-interval": "300",
        "election-timeout": "1500",
        "auto-compaction-retention": "1h",
        "quota-backend-bytes": str(2 * 1024**3),
        "log-level": "warn",
    }
    return _daemon(layout, "etcd", flags)


def apiserver(layout: Layout) -> Daemon:
    """The API server, on the node's own address alone."""
    pki = layout.pki
    flags = {
        "advertise-address": NODE_ADDRESS,
        "bind-address": NODE_ADDRESS,
        "secure-port": str(API_PORT),
        "allow-privileged": "true",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "client-ca-file": str(pki / "ca.crt"),
        "etcd-servers": render.etcd_endpoint(),
        "etcd-cafile": str(pki / "etcd" / "ca.crt"),
        "etcd-certfile": str(pki / "apiserver-etcd-client.crt"),
        "etcd-keyfile": str(pki / "apiserver-etcd-client.key"),
        "kubelet-client-certificate": str(pki / "apiserver-kubelet-client.crt"),
        "kubelet-client-key": str(pki / "apiserver-kubelet-client.key"),
        "kubelet-preferred-address-types": "InternalIP",
        "proxy-client-cert-file": str(pki / "front-proxy-client.crt"),
        "proxy-client-key-file": str(pki / "front-proxy-client.key"),
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-client-ca-file": str(pki / "front-proxy-ca.crt"),
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": str(pki / "sa.pub"),
        "service-account-signing-key-file": str(pki / "sa.key"),
        "service-cluster-ip-range": SERVICE_RANGE,
        "tls-cert-file": str(pki / "apiserver.crt"),
        "tls-private-key-file": str(pki / "apiserver.key"),
        "etcd-compaction-interval": "0",
        "profiling": "false",
        "v": "1",
    }
    return _daemon(layout, "kube-apiserver", flags)


def controller_manager(layout: Layout) -> Daemon:
    """The controllers, alone and therefore without an election."""
    kubeconfig = str(layout.kubeconfigs / "controller-manager.conf")
    flags = {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": LOOPBACK,
        "secure-port": str(CONTROLLER_MANAGER_PORT),
        "allocate-node-cidrs": "true",
        "cluster-cidr": POD_RANGE,
        "service-cluster-ip-range": SERVICE_RANGE,
        "cluster-name": NODE_NAME,
        "client-ca-file": str(layout.pki / "ca.crt"),
        "cluster-signing-cert-file": str(layout.pki / "ca.crt"),
        "cluster-signing-key-file": str(layout.pki / "ca.key"),
        "root-ca-file": str(layout.pki / "ca.crt"),
        "service-account-private-key-file": str(layout.pki / "sa.key"),
        "use-service-account-credentials": "true",
        "flex-volume-plugin-dir": str(layout.kubelet / "volume-plugins"),
        "leader-elect": "false",
        "profiling": "false",
        "v": "1",
    }
    return _daemon(layout, "kube-controller-manager", flags)


def scheduler(layout: Layout) -> Daemon:
    """The scheduler, alone and therefore without an election."""
    kubeconfig = str(layout.kubeconfigs / "scheduler.conf")
    flags = {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": LOOPBACK,
        "secure-port": str(SCHEDULER_PORT),
        "leader-elect": "false",
        "profiling": "false",
        "v": "1",
    }
    return _daemon(layout, "kube-scheduler", flags)


def kube_proxy(layout: Layout) -> Daemon:
    """The addresses of Services, as nftables rules."""
    config = layout.config / "kube-proxy.yaml"
    return _daemon(layout, "kube-proxy", {"config": str(config), "v": "1"}, reads=("kube-proxy.yaml",))


def kubelet(layout: Layout) -> Daemon:
    """The agent that runs pods."""
    flags = {
        "config": str(layout.config / "kubelet.yaml"),
        "kubeconfig": str(layout.kubeconfigs / "kubelet.conf"),
        "root-dir": str(layout.kubelet),
        "cert-dir": str(layout.kubelet / "pki"),
        "hostname-override": NODE_NAME,
        "node-ip": NODE_ADDRESS,
        "housekeeping-interval": "20s",
        "v": "1",
    }
    return _daemon(layout, "kubelet", flags, reads=("kubelet.yaml", "resolv.conf"))


def runc() -> str:
    """The path of runc."""
    return shutil.which("runc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "runc"


def _daemon(layout: Layout, name: str, flags: dict[str, str], *, reads: tuple[str, ...] = ()) -> Daemon:
    command = (str(layout.bin / name), *(f"--{flag}={value}" for flag, value in flags.items()))
    return Daemon(
        name=name,
        command=command,
        log=layout.logs / f"{name}.log",
        reads=tuple(layout.config / read for read in reads),
    )
