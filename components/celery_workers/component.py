"""CeleryWorkers: the workers of one queue."""

import pulumi
import pulumi_kubernetes as k8s

from components.celery_workers import manifests, scaled_object
from components.celery_workers.args import CeleryWorkersArgs
from components.contract.airflow_pods import (
    config_map,
    deployment,
    disruption_budget,
    metadata,
    service_account,
    surroundings,
)
from components.contract.base import PlatformComponent


class CeleryWorkers(PlatformComponent):
    """The workers of one queue.

    Creates a Deployment with a ConfigMap and a Secret: the broker's password and the key of the log server, and
    nothing of the control plane. Where the load decides on the number of pods, a ScaledObject of KEDA's beside it; the
    Deployment then says nothing about that number, so that no update resets it.

    Survives: the loss of a pod or node (its tasks are noticed by their missing heartbeat and retried), a stop, scale-in
    or rollout with tasks running (they finish), the loss of messages by the broker (tasks are sent again), the absence
    of whatever the scaler asks (the number of pods stays).
    Does not handle: tasks longer than stated; without `airflow.logs` the logs of its tasks go with the pod.

    Attributes:
        deployment_name: of the Deployment, once it is there.
    """

    TOKEN = "airflow-platform:airflow:CeleryWorkers"  # noqa: S105 - a type token
    OUTPUTS = ("deployment_name",)

    def __init__(self, name: str, args: CeleryWorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        process, around = manifests.workers(args), surroundings(args, manifests.COMPONENT)
        k8s.core.v1.ServiceAccount(self.child_name("account"), service_account(process, around), self.child_opts())
        k8s.core.v1.ConfigMap(self.child_name("config"), config_map(process, around), self.child_opts())
        waits_for = pulumi.Output.all(args.airflow.execution_url, args.redis.ready).apply(lambda found: str(found[0]))
        workload = k8s.apps.v1.Deployment(
            self.child_name("workers"), deployment(process, around, waits_for), self.child_opts()
        )
        if process.is_many:
            k8s.policy.v1.PodDisruptionBudget(
                self.child_name("disruption-budget"), disruption_budget(process, around), self.child_opts()
            )
        if args.autoscaling is not None:
            k8s.apiextensions.CustomResource(
                self.child_name("scaler"),
                api_version=scaled_object.API_VERSION,
                kind=scaled_object.KIND,
                metadata=metadata(process, around, process.name),
                spec=scaled_object.spec(args.settings, args.queue, args.autoscaling, workload.metadata),
                opts=self.child_opts(),
            )
        self.deployment_name: pulumi.Output[str] = workload.metadata.apply(lambda found: found.name or "")
        self.finish()
