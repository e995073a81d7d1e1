"""Configuration files of the cluster's programs, as pure functions of the layout."""

import json
from pathlib import Path
from typing import Any

import yaml

from local.cluster.layout import (
    API_PORT,
    CGROUP,
    DNS_ADDRESS,
    ETCD_PORT,
    KUBELET_HEALTH_PORT,
    KUBELET_PORT,
    LOOPBACK,
    NODE_ADDRESS,
    NODE_NAME,
    NODE_POD_RANGE,
    POD_RANGE,
    PROXY_HEALTH_PORT,
    PROXY_METRICS_PORT,
    REGISTRY_ADDRESS,
    REGISTRY_NAME,
    SERVICE_RANGE,
    Layout,
)

CERTIFICATE_VALIDITY = "87600h"
"""Ten years: nobody renews the certificates of a local cluster."""


def containerd(layout: Layout, *, runc: str, pause_image: str) -> str:
    """The container runtime's configuration, version 3."""
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    images = "plugins.'io.containerd.cri.v1.images'"
    return f"""\
version = 3
root = "{layout.containerd}"
state = "{layout.containerd_state}"
disabled_plugins = [
  "io.containerd.internal.v1.tracing",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
]

[debug]
  level = "warn"

[grpc]
  address = "{layout.containerd_socket}"

[{images}]
  snapshotter = "overlayfs"
  max_concurrent_downloads = 3
  [{images}.pinned_images]
    sandbox = "{pause_image}"
  [{images}.registry]
    config_path = "{layout.config / "hosts"}"

[{runtime}]
  # Lowering the score of the OOM killer takes a capability that containers of CI lack.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [{runtime}.cni]
    bin_dirs = ["{layout.bin}"]
    conf_dir = "{layout.config / "cni"}"
  [{runtime}.containerd]
    default_runtime_name = "runc"
    [{runtime}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [{runtime}.containerd.runtimes.runc.options]
        BinaryName = "{runc}"
        Root = "{layout.run / "runc"}"
        SystemdCgroup = false

[plugins.'io.containerd.internal.v1.opt']
  path = "{layout.root / "opt"}"

[plugins.'io.containerd.shim.v1.manager']
  socket_dir = "{layout.run / "shims"}"
"""


def registry_hosts() -> str:
    """The runtime's hosts.toml: the registry's name is served on this machine, in the clear."""
    return f"""\
server = "http://{REGISTRY_ADDRESS}"

[host."http://{REGISTRY_ADDRESS}"]
  capabilities = ["pull", "resolve"]
"""


def registry(layout: Layout) -> str:
    """The image registry's configuration."""
    return _yaml(
        {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(layout.registry)},
                "delete": {"enabled": True},
                "cache": {"blobdescriptor": "inmemory"},
            },
            "http": {"addr": REGISTRY_ADDRESS},
        }
    )


def cni(layout: Layout) -> str:
    """The pod network.

    Pods are joined point to point, not by a bridge: then everything between two pods is routed by
    the host, so that services work without bridge netfilter, and rules can see it.
    """
    return json.dumps(
        {
            "cniVersion": "1.0.0",
            "name": NODE_NAME,
            "plugins": [
                {
                    "type": "ptp",
                    "ipMasq": True,
                    "ipMasqBackend": "nftables",
                    "ipam": {
                        "type": "host-local",
                        "dataDir": str(layout.run / "addresses"),
                        "ranges": [[{"subnet": NODE_POD_RANGE}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                },
                {
                    "type": "portmap",
                    "backend": "nftables",
                    "capabilities": {"portMappings": True},
                    "snat": True,
                },
            ],
        },
        indent=2,
    )


def kubelet(layout: Layout) -> str:
    """Kubelet's configuration. Its housekeeping is slower than the default, to be quiet at rest."""
    return _yaml(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": NODE_ADDRESS,
            "port": KUBELET_PORT,
            "healthzBindAddress": LOOPBACK,
            "healthzPort": KUBELET_HEALTH_PORT,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{CGROUP}",
            "clusterDNS": [DNS_ADDRESS],
            "clusterDomain": "cluster.local",
            "containerLogMaxFiles": 3,
            "containerLogMaxSize": "10Mi",
            "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
            # A pod that lost its database waits half a minute at most before it tries again.
            "crashLoopBackOff": {"maxContainerRestartPeriod": "30s"},
            # Absolute: shares of a large, well-filled disk would drain the node with room to spare.
            "evictionHard": {
                "memory.available": "200Mi",
                "nodefs.available": "1Gi",
                "imagefs.available": "1Gi",
            },
            "evictionPressureTransitionPeriod": "30s",
            "failCgroupV1": False,
            "failSwapOn": False,
            # Every image comes from this machine, without credentials. The default would ask the registry
            # again for an imported image as soon as the same image was pulled under another name.
            "imagePullCredentialsVerificationPolicy": "NeverVerify",
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "imageMaximumGCAge": "168h",
            "logging": {"verbosity": 1},
            # kube-proxy guards the loopback address itself, and nothing else here uses iptables.
            "makeIPTablesUtilChains": False,
            "maxParallelImagePulls": 3,
            "maxPods": 110,
            "nodeStatusUpdateFrequency": "10s",
            "resolvConf": str(layout.config / "resolv.conf"),
            "rotateCertificates": False,
            "serializeImagePulls": False,
            "syncFrequency": "2m",
            "volumePluginDir": str(layout.kubelet / "volume-plugins"),
            "volumeStatsAggPeriod": "5m",
        }
    )


def kubeadm(layout: Layout, *, keys: Path, version: str) -> str:
    """The configuration of kubeadm, which makes the certificates and the kubeconfigs, nothing else."""
    init: dict[str, Any] = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "InitConfiguration",
        "localAPIEndpoint": {"advertiseAddress": NODE_ADDRESS, "bindPort": API_PORT},
        "nodeRegistration": {
            "name": NODE_NAME,
            "criSocket": f"unix://{layout.containerd_socket}",
        },
    }
    cluster: dict[str, Any] = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "ClusterConfiguration",
        "kubernetesVersion": version,
        "clusterName": NODE_NAME,
        "certificatesDir": str(keys),
        "controlPlaneEndpoint": f"{NODE_ADDRESS}:{API_PORT}",
        "certificateValidityPeriod": CERTIFICATE_VALIDITY,
        "caCertificateValidityPeriod": CERTIFICATE_VALIDITY,
        "networking": {
            "podSubnet": POD_RANGE,
            "serviceSubnet": SERVICE_RANGE,
            "dnsDomain": "cluster.local",
        },
        "apiServer": {"certSANs": [LOOPBACK, "localhost"]},
    }
    return f"{_yaml(init)}---\n{_yaml(cluster)}"


def kube_proxy(layout: Layout) -> str:
    """kube-proxy's configuration."""
    return _yaml(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "bindAddress": NODE_ADDRESS,
            "clientConnection": {"kubeconfig": str(layout.kubeconfigs / "kube-proxy.conf")},
            "clusterCIDR": POD_RANGE,
            # The kernel's own limits stay: writing them is not allowed inside containers of CI.
            "conntrack": {"maxPerCore": 0, "min": 0},
            "healthzBindAddress": f"{LOOPBACK}:{PROXY_HEALTH_PORT}",
            "hostnameOverride": NODE_NAME,
            "metricsBindAddress": f"{LOOPBACK}:{PROXY_METRICS_PORT}",
            "mode": "nftables",
            "nodePortAddresses": ["primary"],
        }
    )


def user_kubeconfig(admin: str, *, context: str) -> str:
    """The administrator's kubeconfig of kubeadm, under this cluster's own names.

    Raises:
        ValueError: it is not a kubeconfig with one cluster and one user.
    """
    loaded: Any = yaml.safe_load(admin)
    try:
        cluster, user = loaded["clusters"][0]["cluster"], loaded["users"][0]["user"]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("not a kubeconfig with a cluster and a user") from error
    return _yaml(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": context, "cluster": cluster}],
            "users": [{"name": context, "user": user}],
            "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
            "current-context": context,
        }
    )


def nameservers(resolv_conf: str) -> list[str]:
    """The name servers that a pod can reach too: those that are not on the host's loopback."""
    found = [
        words[1] for line in resolv_conf.splitlines() if len(words := line.split()) > 1 and words[0] == "nameserver"
    ]
    return [server for server in found if not server.startswith("127.") and server != "::1"]


def resolv_conf(servers: list[str]) -> str:
    """What pods with the host's own name resolution get."""
    return "".join(f"nameserver {server}\n" for server in servers)


def etcd_endpoint() -> str:
    """Where the API server finds etcd."""
    return f"https://{LOOPBACK}:{ETCD_PORT}"


def hosts_path() -> str:
    """The file below the hosts folder that maps the registry's name."""
    return f"{REGISTRY_NAME}/hosts.toml"


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False)
