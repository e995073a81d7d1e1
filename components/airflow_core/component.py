"""AirflowCore: Airflow's own processes."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.manifests import (
    autoscaler,
    cleaning,
    declared,
    jobs,
    logs,
    migration,
    processes,
    schedule,
    services,
)
from components.contract import airflow, names, object_store
from components.contract.airflow_pods import (
    Process,
    config_map,
    deployment,
    disruption_budget,
    service_account,
    surroundings,
)
from components.contract.base import PlatformComponent
from components.contract.endpoints import AirflowEndpoint
from settings.stack import Environment


class AirflowCore(PlatformComponent):
    """Schedulers, dag-processors, triggerers and the two api-server roles.

    Creates a Job that migrates the database and sees to the administrator, then one Deployment per role, each with a
    ConfigMap and a Secret of only what that role reads, and a Service for each api-server role. Where the settings let an
    api-server role grow, a HorizontalPodAutoscaler decides on its number of pods, and the Deployment says nothing of it. When a Fernet key is
    retired, a Job encrypts the database anew once every process reads and writes with the new key. A CronJob removes old
    rows where the settings say so. DAGs from Git have Deployments of dag-processors of their own, one per bundle. What the stack declares inside Airflow a Job brings there through the public API, and a
    CronJob looks whether it stays. With executor `local` tasks run in the scheduler's pod, which then ends after the last of them;
    with `kubernetes` and `hybrid` the scheduler makes pods for tasks in a namespace of theirs.

    Survives, with two replicas of a role: the loss of any pod or node. With any number: a restart of the database or
    of the pooler (scheduler, dag-processor and triggerer end and are restarted), of the broker, and of the api-servers
    for some minutes without a task failing.
    A change of Airflow's version that changes tables: looked at before, after a backup, with who reads and writes the
    tables by itself stopped and everything brought back where it fails; with the stated downgrade also the way back.
    With executor `local`: a stop, rollout or drain with tasks running (they end); of a scheduler that is killed, another starts
    them anew. Where the settings say so, a store of its own for task logs, and a CronJob that removes old ones from it.
    Does not handle: DAGs from elsewhere than the image and Git.

    Attributes:
        endpoint: where the two api-server roles are reached.
    """

    TOKEN = "airflow-platform:airflow:AirflowCore"  # noqa: S105 - a type token
    OUTPUTS = ("endpoint",)

    def __init__(self, name: str, args: AirflowCoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._around = surroundings(args, processes.COMPONENT)
        migrated = self._migration()
        core, execution = processes.api_core(args), processes.api_execution(args)
        rolled: dict[str, pulumi.Output[str]] = {}
        for process in processes.processes(args):
            rolled[process.name] = self._process(self._after_execution(process, rolled), migrated, rolled)
        all_rolled = pulumi.Output.all(*rolled.values()).apply(", ".join)
        if names.KEY_ROTATION in args.secrets:
            self._job(jobs.key_rotation(args), all_rolled)
        self._clean(migrated)
        self._keep_logs()
        self._declare(rolled[names.API_CORE])
        self.endpoint = AirflowEndpoint(
            core_host=self._service(core).apply(
                lambda _: names.service_host(names.API_CORE, args.settings.namespaces.airflow)
            ),
            core_port=names.API_PORT,
            # A worker talks to an execution API of its own version or a newer one, never to an older one.
            execution_url=pulumi.Output.all(self._service(execution), rolled[execution.name]).apply(
                lambda _: airflow.execution_url(args.settings)
            ),
            rolled=all_rolled,
        )
        self.finish()

    def _migration(self) -> pulumi.Output[str]:
        """The Jobs; the result is there once the database is at the image's version."""
        settings, ready = self._args.settings.airflow.migration, self._args.postgres.primary_host
        if settings.downgrade is not None:
            back = migration.downgrade(self._args, settings.downgrade)
            ready = self._changing_job(back, ready, image=settings.downgrade.image)
        return self._changing_job(migration.migration(self._args), ready)

    def _changing_job(
        self, process: Process, waits_for: pulumi.Output[str], *, image: str | None = None
    ) -> pulumi.Output[str]:
        """A Job that changes tables, with the right to stop whoever uses them."""
        role = k8s.rbac.v1.Role(
            self.child_name(f"{process.name}-role"), migration.role(self._args, process), self.child_opts()
        )
        bound = k8s.rbac.v1.RoleBinding(
            self.child_name(f"{process.name}-binding"),
            migration.role_binding(self._args, process, _name(role.metadata)),
            self.child_opts(),
        )
        ready = pulumi.Output.all(waits_for, bound.metadata).apply(lambda found: str(found[0]))
        return self._job(
            process, ready, image=image, deadline_seconds=self._args.settings.airflow.migration.timeout_seconds
        )

    def _job(
        self,
        process: Process,
        waits_for: pulumi.Output[str],
        *,
        image: str | None = None,
        deadline_seconds: int = jobs.DEADLINE_SECONDS,
    ) -> pulumi.Output[str]:
        config = self._belongings(process)
        # A pod that starts before its configuration is written would run with the one of before, and not again.
        ready = pulumi.Output.all(waits_for, config).apply(lambda found: str(found[0]))
        spec = jobs.job(self._args, process, ready, image=image, deadline_seconds=deadline_seconds)
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

    def _keep_logs(self) -> None:
        """The stack's own store of task logs, and what removes old ones from it."""
        settings = self._args.settings.airflow.logs
        if settings is None or settings.bundled is None:
            return
        protect = True if self._args.settings.environment is not Environment.DEV else None
        ready = object_store.create(self, names.LOG_STORE, logs.store(self._args, settings.bundled), protect=protect)
        process = logs.cleaning(self._args, settings.bundled)
        self._belongings(process)
        self._cron_job(
            process,
            schedule.cron_job(
                process,
                self._around,
                ready,
                schedule=settings.bundled.clean_schedule,
                deadline_seconds=logs.DEADLINE_SECONDS,
                start_within_seconds=logs.START_WITHIN_SECONDS,
            ),
        )

    def _declare(self, api_core: pulumi.Output[str]) -> None:
        settings = self._args.settings.airflow.declared
        if settings is None:
            return
        process = declared.looking(self._args, settings)
        applied = self._job(declared.applying(self._args, settings), api_core)
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

    def _process(
        self, process: Process, migrated: pulumi.Output[str], rolled: Mapping[str, pulumi.Output[str]]
    ) -> pulumi.Output[str]:
        """A Deployment; the result is there once all its pods are those of now. `rolled` are those before it."""
        self._belongings(process)
        # The pooler lets a new login in before anybody uses it, and so does the broker.
        needs = [migrated, self._args.postgres.pooler_host]
        if process.name == names.SCHEDULER:
            # Who runs tasks itself, or in pods that it makes, talks to an execution API of its own version or a newer one, as a worker does.
            if self._args.redis:
                needs.append(self._args.redis.ready)
            if names.API_EXECUTION in rolled:
                needs.append(rolled[names.API_EXECUTION])
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

    def _after_execution(self, process: Process, rolled: Mapping[str, pulumi.Output[str]]) -> Process:
        """The same with a template of pods that is seen once they find an execution API of their version or a newer one."""
        later = {
            file: pulumi.Output.all(text, rolled[names.API_EXECUTION]).apply(lambda found: str(found[0]))
            for file, text in process.rendered.items()
        }
        return replace(process, rendered=later)

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
