"""AirflowCore: Airflow's own processes."""

import pulumi
import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.manifests import autoscaler, cleaning, declared, migration, processes, schedule, services
from components.contract import airflow, names
from components.contract.airflow_pods import Process, config_map, deployment, disruption_budget, service_account
from components.contract.base import PlatformComponent
from components.contract.endpoints import AirflowEndpoint
from components.contract.preflights import REFUSED


class AirflowCore(PlatformComponent):
    """Schedulers, dag-processors, triggerers and the two api-server roles.

    Creates a Job that migrates the database and sees to the administrator, then one Deployment per role, each with a
    ConfigMap and a Secret of only what that role reads, and a Service for each api-server role. Where the settings let an
    api-server role grow, a HorizontalPodAutoscaler decides on its number of pods, and the Deployment says nothing of it. When a Fernet key is
    retired, a Job encrypts the database anew once every process reads and writes with the new key. A CronJob removes old
    rows where the settings say so. What the stack declares inside Airflow a Job brings there through the public API, and a
    CronJob looks whether it stays.

    Survives, with two replicas of a role: the loss of any pod or node. With any number: a restart of the database or
    of the pooler (scheduler, dag-processor and triggerer end and are restarted), of the broker, and of the api-servers
    for some minutes without a task failing.
    Does not handle: upgrades with a backup before and a way back, log storage beyond the life of a worker's pod, DAGs
    from elsewhere than the image.

    Attributes:
        endpoint: where the two api-server roles are reached.
    """

    TOKEN = "airflow-platform:airflow:AirflowCore"  # noqa: S105 - a type token
    OUTPUTS = ("endpoint",)

    def __init__(self, name: str, args: AirflowCoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._around = processes.surroundings(args)
        migrated = self._migration()
        core, execution = processes.api_core(args), processes.api_execution(args)
        rolled = {process.name: self._process(process, migrated) for process in processes.processes(args)}
        if names.KEY_ROTATION in args.secrets:
            self._job(migration.key_rotation(args), pulumi.Output.all(*rolled.values()).apply(", ".join))
        self._clean(migrated)
        self._declare(rolled[names.API_CORE])
        self.endpoint = AirflowEndpoint(
            core_host=self._service(core).apply(
                lambda _: names.service_host(names.API_CORE, args.settings.namespaces.airflow)
            ),
            core_port=names.API_PORT,
            execution_url=self._service(execution).apply(lambda _: airflow.execution_url(args.settings)),
        )
        self.finish()

    def _migration(self) -> pulumi.Output[str]:
        """The Job; the result is there once the database is at the image's version."""
        return self._job(migration.migration(self._args), self._args.postgres.primary_host)

    def _job(
        self, process: Process, waits_for: pulumi.Output[str], *, refused: int | None = None
    ) -> pulumi.Output[str]:
        config = self._belongings(process)
        # A pod that starts before its configuration is written would run with the one of before, and not again.
        ready = pulumi.Output.all(waits_for, config).apply(lambda found: str(found[0]))
        spec = migration.job(self._args, process, ready, refused=refused)
        return _name(k8s.batch.v1.Job(self.child_name(process.name), spec, self.child_opts()).metadata)

    def _clean(self, migrated: pulumi.Output[str]) -> None:
        settings = self._args.settings.airflow.cleaning
        if settings is None:
            return
        process = cleaning.cleaning(self._args, settings)
        self._belongings(process)
        self._cron_job(
            process,
            schedule.cron_job(
                process,
                self._around,
                migrated,
                schedule=settings.schedule,
                deadline_seconds=settings.timeout_seconds,
                start_within_seconds=cleaning.START_WITHIN_SECONDS,
            ),
        )

    def _declare(self, api_core: pulumi.Output[str]) -> None:
        settings = self._args.settings.airflow.declared
        if settings is None:
            return
        process = declared.looking(self._args, settings)
        applied = self._job(declared.applying(self._args, settings), api_core, refused=REFUSED)
        self._cron_job(
            process,
            schedule.cron_job(
                process,
                self._around,
                applied,
                schedule=settings.schedule,
                deadline_seconds=declared.DEADLINE_SECONDS,
                start_within_seconds=declared.START_WITHIN_SECONDS,
            ),
        )

    def _cron_job(self, process: Process, spec: k8s.batch.v1.CronJobInitArgs) -> None:
        k8s.batch.v1.CronJob(self.child_name(process.name), spec, self.child_opts())

    def _process(self, process: Process, migrated: pulumi.Output[str]) -> pulumi.Output[str]:
        """A Deployment; the result is there once all its pods are those of now."""
        self._belongings(process)
        # The pooler lets a new login in before anybody uses it, and so does the broker.
        needs = [migrated, self._args.postgres.pooler_host]
        if process.name == names.SCHEDULER:
            needs.append(self._args.redis.ready)
        waits_for = pulumi.Output.all(*needs).apply(lambda found: str(found[0]))
        workload = k8s.apps.v1.Deployment(
            self.child_name(process.name), deployment(process, self._around, waits_for), self.child_opts()
        )
        if process.is_many:
            k8s.policy.v1.PodDisruptionBudget(
                self.child_name(f"{process.name}-disruption-budget"),
                disruption_budget(process, self._around),
                self.child_opts(),
            )
        api = autoscaler.scaled(self._args.settings).get(process.name)
        if api is not None and api.scaling is not None:
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                self.child_name(f"{process.name}-autoscaler"),
                autoscaler.autoscaler(process, api.replicas, api.scaling, self._around, _name(workload.metadata)),
                self.child_opts(),
            )
        return _name(workload.metadata)

    def _belongings(self, process: Process) -> pulumi.Output[str]:
        """Account and configuration; the result is there once the configuration is."""
        k8s.core.v1.ServiceAccount(
            self.child_name(f"{process.name}-account"), service_account(process, self._around), self.child_opts()
        )
        config = k8s.core.v1.ConfigMap(
            self.child_name(f"{process.name}-config"), config_map(process, self._around), self.child_opts()
        )
        return _name(config.metadata)

    def _service(self, process: Process) -> pulumi.Output[str]:
        service = k8s.core.v1.Service(
            self.child_name(f"{process.name}-service"), services.service(process, self._around), self.child_opts()
        )
        return _name(service.metadata)


def _name(metadata: pulumi.Output[k8s.meta.v1.outputs.ObjectMeta]) -> pulumi.Output[str]:
    """The name of a created object: whoever uses it waits for the object."""
    return metadata.apply(lambda found: found.name or "")
