"""Which Kubernetes kind a resource type names, and which types this engine refuses."""

from dataclasses import dataclass

from local.engine.providers.base import ProviderError

_REFUSED_MODULES = {
    "helm.sh": "Helm charts and releases",
    "kustomize": "kustomize directories",
    "yaml": "YAML files",
}
_BUILT_IN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
_CLUSTER_SCOPED = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("cert-manager.io", "ClusterIssuer"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("networking.k8s.io", "IngressClass"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object in one version of its API group."""

    api_version: str
    name: str

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def is_built_in(self) -> bool:
        """True for kinds that Kubernetes itself serves."""
        return self.group in _BUILT_IN_GROUPS

    @property
    def seems_namespaced(self) -> bool:
        """Whether objects live in a namespace, as far as it can be told without a cluster."""
        return (self.group, self.name) not in _CLUSTER_SCOPED


@dataclass(frozen=True, slots=True)
class Ref:
    """One object, by its address."""

    kind: Kind
    namespace: str
    name: str

    @property
    def id(self) -> str:
        """As Pulumi records it: `namespace/name`, or `name` without a namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind.name} {self.id}"


def parse_type(token: str) -> Kind:
    """The kind behind a type token such as `kubernetes:apps/v1:Deployment`.

    Raises:
        ProviderError: the token names something that the embedded engine does not do.
    """
    parts = token.split(":")
    if len(parts) != 3 or parts[0] != "kubernetes" or not parts[1] or not parts[2]:
        raise ProviderError(f"{token}: not a Kubernetes type (expected kubernetes:<group/version>:<Kind>).")
    _, module, name = parts
    for prefix, what in _REFUSED_MODULES.items():
        if module.split("/")[0] == prefix:
            raise ProviderError(
                f"{token}: the embedded engine does not do {what}. "
                "Declare the objects as typed resources, or run this stack with the Pulumi CLI."
            )
    kind = Kind(module.removeprefix("core/") if module.startswith("core/") else module, name)
    if kind.is_built_in and name.endswith("List"):
        raise ProviderError(f"{token}: a list cannot be created. Declare each of its objects by itself.")
    if kind.is_built_in and name.endswith("Patch"):
        raise ProviderError(
            f"{token}: the embedded engine does not patch objects that it does not own. "
            f"Declare the whole {name.removesuffix('Patch')}, or run this stack with the Pulumi CLI."
        )
    return kind
