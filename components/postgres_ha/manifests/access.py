"""What the instances may do at the Kubernetes API: keep Patroni's state there, nothing else."""

import pulumi_kubernetes as k8s

from components.contract import names
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.manifests.common import metadata


def service_account(args: PostgresHAArgs, workload: str) -> k8s.core.v1.ServiceAccountInitArgs:
    """A workload's own account, without a token unless a pod asks for one."""
    return k8s.core.v1.ServiceAccountInitArgs(
        metadata=metadata(args, workload, workload), automount_service_account_token=False
    )


def role(args: PostgresHAArgs) -> k8s.rbac.v1.RoleInitArgs:
    """The least that Patroni needs with ConfigMaps as its store.

    Never replace this Role or its binding on a living cluster: without them the primary steps down at once.
    """
    return k8s.rbac.v1.RoleInitArgs(
        metadata=metadata(args, names.POSTGRES, names.POSTGRES),
        rules=[
            k8s.rbac.v1.PolicyRuleArgs(
                api_groups=[""], resources=["configmaps"], verbs=["get", "list", "watch", "create", "patch"]
            ),
            k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["get", "list", "watch", "patch"]),
        ],
    )


def role_binding(args: PostgresHAArgs) -> k8s.rbac.v1.RoleBindingInitArgs:
    """The Role for the instances' account."""
    return k8s.rbac.v1.RoleBindingInitArgs(
        metadata=metadata(args, names.POSTGRES, names.POSTGRES),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=names.POSTGRES),
        subjects=[
            k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=names.POSTGRES, namespace=args.namespace),
        ],
    )
