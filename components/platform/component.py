"""Platform: wires all components."""

from collections.abc import Mapping

import pulumi

from components.airflow_core import AirflowCore, AirflowCoreArgs, AirflowResumption, AirflowResumptionArgs
from components.autoscaling import Autoscaling, AutoscalingArgs
from components.celery_workers import CeleryWorkers, CeleryWorkersArgs
from components.contract import names
from components.contract.base import PlatformComponent
from components.contract.endpoints import (
    AirflowEndpoint,
    AutoscalingEndpoint,
    EdgeEndpoint,
    PostgresEndpoint,
    RedisEndpoint,
    TaskPodsEndpoint,
)
from components.contract.labels import PlatformLabels
from components.credentials import Credentials, CredentialsArgs
from components.foundation import Foundation, FoundationArgs
from components.images import Images, ImagesArgs
from components.ingress import Ingress, IngressArgs
from components.monitoring_stack import MonitoringStack, MonitoringStackArgs
from components.platform.args import PlatformArgs
from components.platform.declarations import consumers, workloads
from components.postgres_ha import PostgresHA, PostgresHAArgs
from components.redis_ha import RedisHA, RedisHAArgs
from components.task_pods import TaskPods, TaskPodsArgs
from settings.airflow import AuthKind
from settings.load import PROJECT


class Platform(PlatformComponent):
    """The whole platform.

    Creates every component in the order in which they need each other; what one needs of another is handed on as a
    record, so that nothing starts before what it needs is there. With `postgres.restoreFrom.follow` only the database and
    what it stands on. Failures survived: see the components.

    Attributes:
        airflow_url: of the user interface; empty in a standby stack, where Airflow does not run.
        namespaces: names of the namespaces.
        prometheus_url: inside the cluster.
        edge_service_host: of the bundled edge inside the cluster, empty for another kind.
        authority_certificate: PEM of the authority that signed the certificates, where no other is given.
        admin_user: the generated administrator, empty where people log in at a provider.
        admin_password: its password, secret.
    """

    TOKEN = "airflow-platform:platform:Platform"  # noqa: S105
    OUTPUTS = (
        "airflow_url",
        "namespaces",
        "prometheus_url",
        "edge_service_host",
        "authority_certificate",
        "admin_user",
        "admin_password",
    )

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._settings = args.settings
        self._labels = PlatformLabels(environment=args.settings.environment.value)
        self._child = self.child_opts()
        self._foundation = self._lay_foundation()
        self._spaces = self._foundation.namespaces
        self._priorities = self._foundation.priority_classes
        self._images = Images("images", ImagesArgs(settings=self._settings), self._child).references
        self._credentials = self._generate_credentials()
        self._secrets = self._credentials.secrets
        monitoring = self._monitor()
        edge = self._serve()

        self.airflow_url = edge.url if edge else ""
        self.namespaces = self._foundation.namespaces
        self.prometheus_url = monitoring.prometheus_url
        self.edge_service_host = edge.service_host if edge else ""
        self.authority_certificate = self._credentials.authority_certificate
        generated = self._settings.airflow.auth.kind is AuthKind.GENERATED
        self.admin_user = names.ADMIN_USER if generated else ""
        self.admin_password = self._credentials.admin_password or pulumi.Output.secret("")
        self.finish()

    def exports(self) -> Mapping[str, pulumi.Input[object]]:
        """What the stack exports: flat, in snake_case."""
        return {
            **{output: getattr(self, output) for output in self.OUTPUTS},
            "context": self._settings.context or "",
            "environment": self._settings.environment.value,
        }

    def _lay_foundation(self) -> Foundation:
        return Foundation(
            "foundation",
            FoundationArgs(settings=self._settings, labels=self._labels, workloads=workloads(self._settings)),
            self._child,
        )

    def _generate_credentials(self) -> Credentials:
        return Credentials(
            "credentials",
            CredentialsArgs(
                settings=self._settings,
                labels=self._labels,
                namespaces=self._foundation.namespaces,
                consumers=consumers(self._settings),
                oidc_client_secret=pulumi.Config(PROJECT).get_secret("oidcClientSecret"),
                given=pulumi.Config(PROJECT).get_object("givenValues") or {},
            ),
            self._child,
        )

    def _monitor(self) -> MonitoringStack:
        every = workloads(self._settings)
        serving = {workload.namespace for workload in every if workload.ports}
        return MonitoringStack(
            "monitoring",
            MonitoringStackArgs(
                settings=self._settings,
                labels=self._labels,
                images=self._images,
                namespace=self._spaces[self._settings.namespaces.monitoring],
                # Not that of tasks, whose pods serve nothing: who lists them reads the tokens of running tasks.
                namespaces={name: space for name, space in self._spaces.items() if name in serving},
                secrets=self._secrets,
                priority_class=self._priorities.edge,
                workloads=every,
                authority_certificate=self._credentials.authority_certificate,
            ),
            self._child,
        )

    def _serve(self) -> EdgeEndpoint | None:
        """The stores, Airflow on them and the way in; of a standby stack the database alone, which takes no writes yet."""
        postgres = self._keep_data()
        return None if self._settings.postgres.is_standby else self._open_edge(self._run_airflow(postgres))

    def _keep_data(self) -> PostgresEndpoint:
        return PostgresHA(
            "postgres",
            PostgresHAArgs(
                settings=self._settings,
                labels=self._labels,
                images=self._images,
                namespace=self._spaces[self._settings.namespaces.data],
                secrets=self._secrets,
                priority_class=self._priorities.data,
            ),
            self._child,
        ).endpoint

    def _run_airflow(self, postgres: PostgresEndpoint) -> AirflowEndpoint:
        """The broker, the control plane, and the workers of every queue; or pods for tasks; or neither, as the executor says."""
        redis = self._keep_messages() if self._settings.airflow.executor.has_workers else None
        core = AirflowCoreArgs(
            settings=self._settings,
            labels=self._labels,
            images=self._images,
            namespace=self._spaces[self._settings.namespaces.airflow],
            secrets=self._secrets,
            priority_class=self._priorities.control,
            postgres=postgres,
            redis=redis,
            task_pods=self._prepare_pods() if self._settings.airflow.executor.has_pods else None,
        )
        airflow = AirflowCore("airflow", core, self._child).endpoint
        workers = self._employ_all(redis, airflow) if redis else []
        after = pulumi.Output.all(airflow.rolled, *workers).apply(", ".join)
        AirflowResumption("resumption", AirflowResumptionArgs(core=core, after=after), self._child)
        return airflow

    def _keep_messages(self) -> RedisEndpoint:
        return RedisHA(
            "redis",
            RedisHAArgs(
                settings=self._settings,
                labels=self._labels,
                images=self._images,
                namespace=self._spaces[self._settings.namespaces.data],
                secrets=self._secrets,
                priority_class=self._priorities.data,
            ),
            self._child,
        ).endpoint

    def _prepare_pods(self) -> TaskPodsEndpoint:
        return TaskPods(
            "task-pods",
            TaskPodsArgs(
                settings=self._settings,
                labels=self._labels,
                images=self._images,
                namespace=self._spaces[self._settings.namespaces.tasks],
                secrets=self._secrets,
                priority_class=self._priorities.workers,
            ),
            self._child,
        ).endpoint

    def _employ_all(self, redis: RedisEndpoint, airflow: AirflowEndpoint) -> list[pulumi.Output[str]]:
        autoscaling = self._scale() if self._settings.workers.scaled_queues else None
        queues = sorted(self._settings.workers.queues)
        return [self._employ_workers(queue, redis, airflow, autoscaling) for queue in queues]

    def _scale(self) -> AutoscalingEndpoint:
        keda = self._settings.workers.keda.namespace
        return Autoscaling(
            "autoscaling",
            AutoscalingArgs(
                settings=self._settings,
                labels=self._labels,
                images=self._images,
                namespace=self._spaces[self._settings.namespaces.airflow],
                keda_namespace=self._spaces.get(keda, keda),
                secrets=self._secrets,
                priority_class=self._priorities.control,
                authority_certificate=self._credentials.authority_certificate,
            ),
            self._child,
        ).endpoint

    def _employ_workers(
        self, queue: str, redis: RedisEndpoint, airflow: AirflowEndpoint, autoscaling: AutoscalingEndpoint | None
    ) -> pulumi.Output[str]:
        """The workers of a queue; the name of their Deployment once all are those of now."""
        scaled = self._settings.workers.queues[queue].is_scaled
        return CeleryWorkers(
            f"workers-{queue}",
            CeleryWorkersArgs(
                settings=self._settings,
                labels=self._labels,
                images=self._images,
                namespace=self._spaces[self._settings.namespaces.airflow],
                secrets=self._secrets,
                priority_class=self._priorities.workers,
                queue=queue,
                redis=redis,
                airflow=airflow,
                autoscaling=autoscaling if scaled else None,
            ),
            self._child,
        ).deployment_name

    def _open_edge(self, airflow: AirflowEndpoint) -> EdgeEndpoint:
        return Ingress(
            "ingress",
            IngressArgs(
                settings=self._settings,
                labels=self._labels,
                images=self._images,
                namespace=self._spaces[self._settings.namespaces.edge],
                airflow_namespace=self._spaces[self._settings.namespaces.airflow],
                secrets=self._secrets,
                priority_class=self._priorities.edge,
                airflow=airflow,
                authority_certificate=self._credentials.authority_certificate,
            ),
            self._child,
        ).endpoint
