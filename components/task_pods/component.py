"""TaskPods: where tasks get pods of their own."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract.airflow_pods import config_map, pod_template, service_account, surroundings
from components.contract.base import PlatformComponent
from components.contract.endpoints import TaskPodsEndpoint
from components.task_pods import manifests
from components.task_pods.args import TaskPodsArgs
from components.task_pods.template import template


class TaskPods(PlatformComponent):
    """What the pod of a single task stands on.

    Creates, in a namespace that holds nothing else, the configuration of such pods, an account without rights and without a
    token, and two Roles: for the scheduler, which makes the pods, and for the api-server, which reads what they say. The pods
    themselves are made by Airflow's KubernetesExecutor from the template that is handed on.

    Survives: the loss of the scheduler that made a pod (another one takes the pod over, and its task goes on), a rollout of
    anything else, the drain of a node (the task ends first), a full namespace (tasks wait), an absence of the Kubernetes API
    (pods are asked for again).
    Does not handle: a pod or node that is lost with its task (it fails, and is tried again as often as it says); tasks longer
    than stated, on a node that is drained.

    Attributes:
        endpoint: the template, and what must restart with it.
    """

    TOKEN = "airflow-platform:airflow:TaskPods"  # noqa: S105 - a type token
    OUTPUTS = ("endpoint",)

    def __init__(self, name: str, args: TaskPodsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        process, around = manifests.task(args), surroundings(args, manifests.COMPONENT)
        needed = [
            k8s.core.v1.ServiceAccount(
                self.child_name("account"), service_account(process, around), self.child_opts()
            ).metadata,
            k8s.core.v1.ConfigMap(self.child_name("config"), config_map(process, around), self.child_opts()).metadata,
            *(self._right(args, role, rules) for role, rules in manifests.rights(args).items()),
        ]
        rendered = template(pod_template(process, around, restart_policy="Never"))
        self.endpoint = TaskPodsEndpoint(
            template=pulumi.Output.all(rendered, *needed).apply(lambda found: str(found[0])),
            secrets_version=process.secret.version,
        )
        self.finish()

    def _right(
        self, args: TaskPodsArgs, role: str, rules: k8s.rbac.v1.RoleInitArgs
    ) -> pulumi.Output[k8s.meta.v1.outputs.ObjectMeta]:
        created = k8s.rbac.v1.Role(self.child_name(f"{role}-role"), rules, self.child_opts())
        name = created.metadata.apply(lambda found: found.name or "")
        bound = manifests.binding(args, role, name)
        return k8s.rbac.v1.RoleBinding(self.child_name(f"{role}-binding"), bound, self.child_opts()).metadata
