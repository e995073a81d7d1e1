"""Names under which the broker is reached, accounts, and how many pods may be away by choice."""

import pulumi_kubernetes as k8s

from components.contract import names
from components.redis_ha.args import RedisHAArgs
from components.redis_ha.manifests.common import metadata


def service_account(args: RedisHAArgs, workload: str) -> k8s.core.v1.ServiceAccountInitArgs:
    """A workload's own account, without a token."""
    return k8s.core.v1.ServiceAccountInitArgs(
        metadata=metadata(args, workload, workload), automount_service_account_token=False
    )


def headless_service(args: RedisHAArgs, name: str, workload: str) -> k8s.core.v1.ServiceInitArgs:
    """What a StatefulSet asks for; with pods that are not ready, since they look for each other before they are."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, name, workload),
        spec=k8s.core.v1.ServiceSpecArgs(
            cluster_ip="None",
            publish_not_ready_addresses=True,
            selector=args.labels.selector(workload),
            ports=[_port(workload)],
        ),
    )


def client_service(args: RedisHAArgs, workload: str) -> k8s.core.v1.ServiceInitArgs:
    """The pods that are ready, under the workload's name."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, workload, workload),
        spec=k8s.core.v1.ServiceSpecArgs(
            type="ClusterIP", selector=args.labels.selector(workload), ports=[_port(workload)]
        ),
    )


def pod_service(args: RedisHAArgs, pod: str, workload: str) -> k8s.core.v1.ServiceInitArgs:
    """One pod under a name that stays while the pod is away."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, pod, workload),
        spec=k8s.core.v1.ServiceSpecArgs(
            type="ClusterIP",
            publish_not_ready_addresses=True,
            selector={**args.labels.selector(workload), "statefulset.kubernetes.io/pod-name": pod},
            ports=[_port(workload)],
        ),
    )


def disruption_budget(args: RedisHAArgs, workload: str) -> k8s.policy.v1.PodDisruptionBudgetInitArgs:
    """A drain takes one pod of the workload at a time."""
    return k8s.policy.v1.PodDisruptionBudgetInitArgs(
        metadata=metadata(args, workload, workload),
        spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(workload)),
        ),
    )


def _port(workload: str) -> k8s.core.v1.ServicePortArgs:
    name, number = ("sentinel", names.SENTINEL_PORT) if workload == names.SENTINEL else ("valkey", names.VALKEY_PORT)
    return k8s.core.v1.ServicePortArgs(name=name, port=number, target_port=name)
