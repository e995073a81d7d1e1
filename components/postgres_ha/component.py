"""PostgresHA: PostgreSQL 17 under Patroni, PgBouncer in front."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names, object_store, preflights
from components.contract.base import PlatformComponent
from components.contract.endpoints import PostgresEndpoint
from components.contract.external_database import external_database, primary_host
from components.postgres_ha import external
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.backup import is_backed_up
from components.postgres_ha.manifests import (
    access,
    backup,
    configure,
    database,
    drill,
    exporter,
    pooler,
    services,
)
from components.postgres_ha.manifests.store import backup_store
from components.postgres_ha.names import BACKUP, EXPORTER, RESTORE_DRILL
from settings.external import ExternalPostgresSettings
from settings.stack import Environment


class PostgresHA(PlatformComponent):
    """The metadata database and its pooler.

    Creates one or three PostgreSQL instances under Patroni, which keeps its state in ConfigMaps of the namespace;
    Services for the primary (`postgres-rw`), for reading (`postgres-ro`) and for the instances' own names; PgBouncer in
    transaction mode; a Job that brings the cluster's agreed configuration, its roles, passwords and database up to
    date; exporters beside both. With mode `external` a Job that looks whether somebody else's database can be used,
    says all that keeps it from that, and makes the platform's roles in it; the pooler; an exporter for each.

    Survives, with three instances: the loss of any one instance without losing an acknowledged commit (durability
    `quorum` and `strict`), a node that hangs or is cut off (a standby leads after about 20 s), an API server that is
    away (writes go on), rollouts and drains (the lead is handed over before its instance stops). With one instance:
    the loss of the process or pod; data stays on the volume. With `restoreFrom` the cluster begins as what an archive
    holds, and nothing uses it before the stack has the keys of what it was made from; with `follow` it goes on
    replaying that archive, without a pooler and without backups of its own, until it is promoted.
    Passwords are rotated without a failed login: each login is two that take turns, and the Job lets the new one in
    before anybody uses it.
    With mode `external`: what the service survives.
    Does not handle: upgrades to another major version.

    Attributes:
        endpoint: where the database is reached; whoever uses it waits until it answers and is configured.
    """

    TOKEN = "airflow-platform:data:PostgresHA"  # noqa: S105 - a type token
    OUTPUTS = ("endpoint",)

    def __init__(self, name: str, args: PostgresHAArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        found = external_database(args.settings)
        configured = self._external(found) if found else self._own()
        # A standby has nothing to pool: it takes no writes.
        pooled = configured if args.settings.postgres.is_standby else self._pooler(configured)
        data = args.settings.namespaces.data
        self.endpoint = PostgresEndpoint(
            pooler_host=pooled.apply(lambda _: names.service_host(names.POSTGRES_POOLER, data)),
            primary_host=configured.apply(lambda _: primary_host(args.settings)),
            port=names.POSTGRES_PORT,
            database=names.DATABASE,
        )
        self.finish()

    def _own(self) -> pulumi.Output[str]:
        """Our own, with its backups; the result is there once it is configured."""
        self._backup_volume()
        self._backup_store()
        configured = self._database()
        # A standby takes no writes, so that it cannot even be asked for a backup.
        if not self._args.settings.postgres.is_standby:
            self._backups()
        return configured

    def _external(self, database: ExternalPostgresSettings) -> pulumi.Output[str]:
        """Somebody else's; the result is there once it was found fit and has the platform's roles."""
        # Named as with our own, whose object has the same name: a stack that changes over changes it.
        passed = preflights.run(self, "configure", external.configure(self._args, database), files="scripts")
        account = k8s.core.v1.ServiceAccount(
            self.child_name("exporter-account"), access.service_account(self._args, EXPORTER), self.child_opts()
        )
        k8s.apps.v1.Deployment(
            self.child_name("exporter"),
            exporter.deployment(self._args, database, passed),
            self.child_opts(depends_on=[account]),
        )
        return passed

    def _database(self) -> pulumi.Output[str]:
        """The instances and all they need; the result is there once they are configured."""
        args = self._args
        account = k8s.core.v1.ServiceAccount(
            self.child_name("account"), access.service_account(args, names.POSTGRES), self.child_opts()
        )
        role = k8s.rbac.v1.Role(self.child_name("role"), access.role(args), self.child_opts())
        binding = k8s.rbac.v1.RoleBinding(self.child_name("role-binding"), access.role_binding(args), self.child_opts())
        config = k8s.core.v1.ConfigMap(self.child_name("config"), database.config_map(args), self.child_opts())
        scripts = k8s.core.v1.ConfigMap(self.child_name("scripts"), database.scripts_map(args), self.child_opts())
        nodes = k8s.core.v1.Service(self.child_name("nodes"), services.nodes_service(args), self.child_opts())
        stateful_set = k8s.apps.v1.StatefulSet(
            self.child_name("instances"),
            database.stateful_set(args),
            self.child_opts(
                protect=self._protected,
                # Without its rights Patroni does not start, and it is to find them in place, not to wait for them.
                depends_on=[account, role, binding, config, scripts, nodes],
            ),
        )
        created = _name(stateful_set.metadata)
        primary = k8s.core.v1.Service(self.child_name("primary"), services.primary_service(args), self.child_opts())
        k8s.core.v1.Service(self.child_name("replicas"), services.replica_service(args), self.child_opts())
        if args.settings.postgres.instances > 1:
            self._disruption_budget(names.POSTGRES, "instances")
        run = k8s.core.v1.ConfigMap(self.child_name("configure-scripts"), configure.config_map(args), self.child_opts())
        job = k8s.batch.v1.Job(
            self.child_name("configure"), configure.job(args, created), self.child_opts(depends_on=[run])
        )
        return pulumi.Output.all(_name(primary.metadata), _name(job.metadata)).apply(lambda found: found[0])

    def _backup_volume(self) -> None:
        """The volume that the instances archive to, where that is one."""
        args = self._args
        claim = backup.volume_claim(args)
        if claim is not None:
            k8s.core.v1.PersistentVolumeClaim(
                self.child_name("backups"), claim, self.child_opts(protect=self._protected)
            )

    def _backup_store(self) -> None:
        """The stack's own store, where it has one."""
        store = backup_store(self._args)
        if store is not None:
            object_store.create(self, "backup-store", store, protect=self._protected)

    def _backups(self) -> None:
        """What asks for backups, by the clock."""
        args = self._args
        if not is_backed_up(args.settings.postgres):
            return
        account, drill_account = self._account(BACKUP), self._account(RESTORE_DRILL)
        files = k8s.core.v1.ConfigMap(self.child_name("backup-scripts"), backup.job_files(args), self.child_opts())
        for kind, cron_job in backup.schedules(args):
            k8s.batch.v1.CronJob(
                self.child_name(f"backup-{kind}"), cron_job, self.child_opts(depends_on=[account, files])
            )
        k8s.batch.v1.CronJob(
            self.child_name("restore-drill"), drill.cron_job(args), self.child_opts(depends_on=[drill_account, files])
        )

    def _account(self, workload: str) -> k8s.core.v1.ServiceAccount:
        return k8s.core.v1.ServiceAccount(
            self.child_name(f"{workload.removeprefix('postgres-')}-account"),
            access.service_account(self._args, workload),
            self.child_opts(),
        )

    @property
    def _protected(self) -> bool | None:
        """What holds data is not deleted by mistake, but in dev."""
        return True if self._args.settings.environment is not Environment.DEV else None

    def _pooler(self, configured: pulumi.Output[str]) -> pulumi.Output[str]:
        """PgBouncer; the result is there once it accepts connections and lets in whom the database lets in."""
        args = self._args
        account = k8s.core.v1.ServiceAccount(
            self.child_name("pooler-account"),
            access.service_account(args, names.POSTGRES_POOLER),
            self.child_opts(),
        )
        config = k8s.core.v1.ConfigMap(self.child_name("pooler-config"), pooler.config_map(args), self.child_opts())
        deployment = k8s.apps.v1.Deployment(
            self.child_name("pooler"),
            pooler.deployment(args, configured),
            self.child_opts(depends_on=[account, config]),
        )
        # Not before its pods: where those never come, nothing waits for them to be reached.
        service = k8s.core.v1.Service(
            self.child_name("pooler-service"), services.pooler_service(args), self.child_opts(depends_on=[deployment])
        )
        if args.settings.postgres.pooler.replicas > 1:
            self._disruption_budget(names.POSTGRES_POOLER, "pooler")
        return pulumi.Output.all(_name(service.metadata), _name(deployment.metadata)).apply(lambda found: found[0])

    def _disruption_budget(self, workload: str, role: str) -> None:
        k8s.policy.v1.PodDisruptionBudget(
            self.child_name(f"{role}-disruption-budget"),
            services.disruption_budget(self._args, workload),
            self.child_opts(),
        )


def _name(metadata: pulumi.Output[k8s.meta.v1.outputs.ObjectMeta]) -> pulumi.Output[str]:
    """The name of a created object: whoever uses it waits for the object."""
    return metadata.apply(lambda found: found.name or "")
