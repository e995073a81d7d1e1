"""Which fields of an object the API server never changes in place.

The Pulumi provider's own list, completed by what the API server of Kubernetes 1.36 refuses.
"""

from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.objects import Obj, Path

_VOLUME_SOURCES = (
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
    "nodeAffinity",
    "volumeMode",
)
_SPEC_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "PersistentVolume"): _VOLUME_SOURCES,
    ("", "ReplicationController"): ("selector",),
    ("", "ResourceQuota"): ("scopes", "scopeSelector"),
    ("", "Service"): ("clusterIP", "clusterIPs", "healthCheckNodePort", "loadBalancerClass"),
    ("apps", "DaemonSet"): ("selector",),
    ("apps", "Deployment"): ("selector",),
    ("apps", "ReplicaSet"): ("selector",),
    ("batch", "Job"): (
        "backoffLimitPerIndex",
        "completionMode",
        "completions",
        "managedBy",
        "manualSelector",
        "parallelism",
        "podFailurePolicy",
        "podReplacementPolicy",
        "selector",
        "successPolicy",
        "template",
    ),
    ("networking.k8s.io", "IngressClass"): ("controller",),
}
# For these kinds the short list is of what may change: everything else of the spec may not.
_MUTABLE_SPEC: dict[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("", "PersistentVolumeClaim"): (("resources", "requests"), ("volumeAttributesClassName",)),
    ("", "Pod"): (("activeDeadlineSeconds",), ("tolerations",)),
    ("apps", "StatefulSet"): (
        ("minReadySeconds",),
        ("ordinals",),
        ("persistentVolumeClaimRetentionPolicy",),
        ("replicas",),
        ("template",),
        ("updateStrategy",),
    ),
}
_TOP_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Secret"): ("type",),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
}
_CONTENT = ("data", "binaryData", "stringData")


def forces_replacement(kind: Kind, path: Path, *, content_is_fixed: bool) -> bool:
    """Whether a change at this path needs a new object.

    Args:
        kind: of the object.
        path: what changed; a whole subtree that comes or goes is named by its root.
        content_is_fixed: the data of a Secret or ConfigMap may not change in place.
    """
    if path == ("metadata",) or path[:2] in {("metadata", "name"), ("metadata", "namespace")}:
        return True
    if path == ("kind",):
        return True
    key = (kind.group, kind.name)
    if path[0] in _TOP_FIELDS.get(key, ()):
        return True
    if key in {("", "Secret"), ("", "ConfigMap")}:
        return content_is_fixed and path[0] in _CONTENT
    if path[0] != "spec":
        return False
    return _spec_is_fixed(key, path[1:])


def _spec_is_fixed(key: tuple[str, str], path: Path) -> bool:
    mutable = _MUTABLE_SPEC.get(key)
    if mutable is not None:
        return not any(path[: len(free)] == free for free in mutable)
    fixed = _SPEC_FIELDS.get(key, ())
    return bool(fixed) and (not path or path[0] in fixed)


def content_is_fixed(kind: Kind, recorded: Obj, *, secrets_mutable: bool, config_maps_mutable: bool) -> bool:
    """Whether a new content means a new object: marked `immutable`, or the provider's default.

    Without `enableSecretMutable` and `enableConfigMapMutable` the Pulumi provider replaces Secrets and ConfigMaps
    whose content changes, so that pods that name a generated name restart.
    """
    if recorded.get("immutable") is True:
        return True
    return not (secrets_mutable if kind.name == "Secret" else config_maps_mutable)
