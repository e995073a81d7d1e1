"""The pod of a task, and who may do what with such pods."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract import bundles, names, task_logs, tasks
from components.contract.airflow_pods import Process, metadata, surroundings
from components.task_pods.args import TaskPodsArgs
from components.task_pods.configuration import config_files

COMPONENT = "task-pods"

_CONTAINER = "base"
"""As the KubernetesExecutor knows it."""

_MAKING = ("create", "delete", "get", "list", "patch", "watch")
"""What the KubernetesExecutor does with pods: makes, watches and removes them, and takes over those of a scheduler that is gone."""


def task(args: TaskPodsArgs) -> Process:
    """The pod of a task that asks for nothing else; the executor adds the command.

    A pod that is told to stop, as when its node is drained, goes on until its task has ended: the command before the stop
    signal ends with the pod's main process, or with the time that the pod is given.
    """
    own, clones = args.settings.airflow.task_pods, args.settings.airflow.bundles
    grace = tasks.grace_seconds(own.longest_task_seconds)
    return Process(
        name=names.TASK,
        command=(),
        config=config_files(args.settings),
        secret=args.secrets[names.TASK],
        replicas=None,
        resources=own.resources,
        grace_seconds=grace,
        environment=bundles.ENVIRONMENT if clones else {},
        bundle_size=bundles.storage(clones),
        pod_annotations=tasks.pod_annotations(own.longest_task_seconds),
        before_stop=("sleep", str(grace)),
        log_size="1Gi",
        account_annotations=task_logs.account_annotations(args.settings),
        container=_CONTAINER,
    )


def rights(args: TaskPodsArgs) -> dict[str, k8s.rbac.v1.RoleInitArgs]:
    """Role by name: the scheduler makes pods, the api-server shows what they say. Neither may read a Secret."""
    making = k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=list(_MAKING))
    finding = k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["list"])
    reading = k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods/log"], verbs=["get"])
    roles = {names.SCHEDULER: [making], names.TASK_LOG_READER: [finding, reading]}
    return {
        name: k8s.rbac.v1.RoleInitArgs(metadata=_described(args, name), rules=rules) for name, rules in roles.items()
    }


def binding(args: TaskPodsArgs, role: str, created: pulumi.Input[str]) -> k8s.rbac.v1.RoleBindingInitArgs:
    """The Role of that name for whom it is: an account in Airflow's own namespace."""
    who = {names.SCHEDULER: names.SCHEDULER, names.TASK_LOG_READER: names.API_CORE}[role]
    namespace = args.settings.namespaces.airflow
    return k8s.rbac.v1.RoleBindingInitArgs(
        metadata=_described(args, role),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=created),
        subjects=[k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=who, namespace=namespace)],
    )


def _described(args: TaskPodsArgs, name: str) -> k8s.meta.v1.ObjectMetaArgs:
    return metadata(task(args), surroundings(args, COMPONENT), name)
