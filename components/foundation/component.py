"""Foundation: what everything else stands on."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract.base import PlatformComponent
from components.contract.endpoints import PriorityClasses
from components.contract.names import checked
from components.foundation import manifests, network, quota
from components.foundation.args import FoundationArgs
from settings.stack import Environment

_COMPONENT = "foundation"


class Foundation(PlatformComponent):
    """Namespaces, quotas, priority classes and the network edges.

    Creates the four namespaces, one for pods of single tasks and one for a KEDA of our own where there are any, at pod security level `restricted`, in each a ResourceQuota that fits the stack's
    largest moment, a LimitRange and a default deny of all connections; four PriorityClasses; one NetworkPolicy per
    workload with nothing but the edges that the workloads declare.

    Survives: a workload that grows beyond its settings takes nothing from the other namespaces. In staging and prod
    the namespaces are protected, since deleting one deletes all that is in it.
    Does not handle: clusters whose network plugin ignores NetworkPolicies.

    Attributes:
        namespaces: name of each namespace to the created one's name; whoever uses it waits for the namespace.
        priority_classes: names of the priority classes.
    """

    TOKEN = "airflow-platform:foundation:Foundation"  # noqa: S105
    OUTPUTS = ("namespaces", "priority_classes")

    def __init__(self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        names = args.settings.namespaces
        roles = {"edge": names.edge, "airflow": names.airflow, "data": names.data, "monitoring": names.monitoring}
        if args.settings.airflow.executor.has_pods:
            roles["tasks"] = names.tasks
        if args.settings.workers.brings_keda:
            roles["keda"] = args.settings.workers.keda.namespace
        self.namespaces = {namespace: self._namespace(role, namespace) for role, namespace in roles.items()}
        ceilings = quota.quotas(args.settings)
        for role, namespace in roles.items():
            self._limits(role, namespace, ceilings[namespace])
        self._network(roles)
        self.priority_classes = PriorityClasses(
            **{priority.role: self._priority_class(priority) for priority in manifests.PRIORITIES}
        )
        self.finish()

    def _namespace(self, role: str, name: str) -> pulumi.Output[str]:
        labels = {**self._args.labels.of(name, _COMPONENT), **manifests.pod_security_labels()}
        namespace = k8s.core.v1.Namespace(
            self.child_name(f"namespace-{role}"),
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, labels=labels),
            opts=self.child_opts(protect=True if self._args.settings.environment is not Environment.DEV else None),
        )
        return _created_name(namespace.metadata)

    def _limits(self, role: str, namespace: str, ceiling: quota.Quota) -> None:
        k8s.core.v1.ResourceQuota(
            self.child_name(f"quota-{role}"),
            metadata=self._metadata("platform", namespace),
            spec=manifests.resource_quota(ceiling),
            opts=self.child_opts(),
        )
        k8s.core.v1.LimitRange(
            self.child_name(f"limits-{role}"),
            metadata=self._metadata("platform", namespace),
            spec=manifests.limit_range(),
            opts=self.child_opts(),
        )

    def _network(self, roles: dict[str, str]) -> None:
        for role, namespace in roles.items():
            k8s.networking.v1.NetworkPolicy(
                self.child_name(f"deny-{role}"),
                metadata=self._metadata("default-deny", namespace),
                spec=network.deny_all(),
                opts=self.child_opts(),
            )
        specs = network.policies(self._args.workloads, self._args.labels)
        for workload in self._args.workloads:
            if workload.brought_by_cluster:
                continue
            k8s.networking.v1.NetworkPolicy(
                self.child_name(f"allow-{workload.name}"),
                metadata=self._metadata(checked(f"allow-{workload.name}"), workload.namespace),
                spec=specs[workload.name],
                opts=self.child_opts(),
            )

    def _priority_class(self, priority: manifests.Priority) -> pulumi.Output[str]:
        # Priority classes belong to the cluster: two stacks in one must not share names.
        name = f"{self._args.settings.namespaces.airflow}-{priority.role}"
        created = k8s.scheduling.v1.PriorityClass(
            self.child_name(f"priority-{priority.role}"),
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, labels=self._args.labels.of(name, _COMPONENT)),
            value=priority.value,
            preemption_policy="PreemptLowerPriority" if priority.preempts else "Never",
            global_default=False,
            description=priority.description,
            opts=self.child_opts(),
        )
        return _created_name(created.metadata)

    def _metadata(self, name: str, namespace: str) -> k8s.meta.v1.ObjectMetaArgs:
        return k8s.meta.v1.ObjectMetaArgs(
            name=name, namespace=self.namespaces[namespace], labels=self._args.labels.of(name, _COMPONENT)
        )


def _created_name(metadata: pulumi.Output[k8s.meta.v1.outputs.ObjectMeta]) -> pulumi.Output[str]:
    return metadata.apply(lambda created: created.name or "")
