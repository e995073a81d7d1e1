"""What the pods of this component have in common."""

from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from components.autoscaling.args import AutoscalingArgs
from components.contract.labels import ALERT_TIER_LABEL, SECRETS_VERSION_ANNOTATION
from components.contract.names import checked
from components.contract.pods import dns_config, pod_security

COMPONENT = "autoscaling"


def metadata(
    args: AutoscalingArgs, name: pulumi.Input[str], workload: str, namespace: pulumi.Input[str] | None
) -> k8s.meta.v1.ObjectMetaArgs:
    """Metadata of an object; `namespace` is None for one of the whole cluster."""
    return k8s.meta.v1.ObjectMetaArgs(
        name=checked(name) if isinstance(name, str) else name,
        namespace=namespace,
        labels=args.labels.of(workload, COMPONENT),
    )


def service_account(
    args: AutoscalingArgs, workload: str, namespace: pulumi.Input[str]
) -> k8s.core.v1.ServiceAccountInitArgs:
    """A workload's own account; its pod alone asks for the token."""
    return k8s.core.v1.ServiceAccountInitArgs(
        metadata=metadata(args, workload, workload, namespace), automount_service_account_token=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """What differs between the pods.

    Attributes:
        uid: user that it runs as.
        container: the one.
        volumes: of it.
        account: at the Kubernetes API.
        annotations: beside the version of its secret.
    """

    uid: int
    container: k8s.core.v1.ContainerArgs
    volumes: list[k8s.core.v1.VolumeArgs]
    account: pulumi.Input[str]
    annotations: dict[str, str] = field(default_factory=dict[str, str])


def deployment(
    args: AutoscalingArgs, workload: str, namespace: pulumi.Input[str], pod: Pod
) -> k8s.apps.v1.DeploymentInitArgs:
    """One pod, never two at once: two would not harm each other, and would ask for everything twice."""
    return k8s.apps.v1.DeploymentInitArgs(
        metadata=metadata(args, workload, workload, namespace),
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=1,
            revision_history_limit=3,
            strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(workload)),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=args.labels.of(workload, COMPONENT, **{ALERT_TIER_LABEL: "high"}),
                    annotations={SECRETS_VERSION_ANNOTATION: args.secrets[workload].version, **pod.annotations},
                ),
                spec=k8s.core.v1.PodSpecArgs(
                    service_account_name=pod.account,
                    automount_service_account_token=True,
                    enable_service_links=False,
                    priority_class_name=args.priority_class,
                    security_context=pod_security(pod.uid),
                    dns_config=dns_config(),
                    containers=[pod.container],
                    volumes=pod.volumes,
                ),
            ),
        ),
    )


def binding(
    args: AutoscalingArgs,
    name: str,
    workload: str,
    namespace: pulumi.Input[str],
    *,
    role: pulumi.Input[str],
    account: pulumi.Input[str],
    account_namespace: pulumi.Input[str],
) -> k8s.rbac.v1.RoleBindingInitArgs:
    """Gives a Role of the same namespace to an account."""
    return k8s.rbac.v1.RoleBindingInitArgs(
        metadata=metadata(args, name, workload, namespace),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=role),
        subjects=[subject(account, account_namespace)],
    )


def cluster_binding(
    args: AutoscalingArgs,
    name: str,
    workload: str,
    *,
    role: pulumi.Input[str],
    account: k8s.rbac.v1.SubjectArgs,
) -> k8s.rbac.v1.ClusterRoleBindingInitArgs:
    """Gives a ClusterRole to an account."""
    return k8s.rbac.v1.ClusterRoleBindingInitArgs(
        metadata=metadata(args, name, workload, None),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=role),
        subjects=[account],
    )


def subject(account: pulumi.Input[str], namespace: pulumi.Input[str]) -> k8s.rbac.v1.SubjectArgs:
    """An account."""
    return k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=account, namespace=namespace)


def allow(group: str, resources: list[str], verbs: list[str], *only: str) -> k8s.rbac.v1.PolicyRuleArgs:
    """One right; `only` are names of objects."""
    return k8s.rbac.v1.PolicyRuleArgs(
        api_groups=[group], resources=resources, verbs=verbs, resource_names=list(only) or None
    )
