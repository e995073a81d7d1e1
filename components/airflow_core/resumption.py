"""AirflowResumption: the end of a change of Airflow's version."""

import pulumi
import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowResumptionArgs
from components.airflow_core.manifests import jobs, migration, processes
from components.contract.airflow_pods import config_map, service_account, surroundings
from components.contract.base import PlatformComponent


class AirflowResumption(PlatformComponent):
    """What comes after every pod is one of the new version.

    Creates a Job that, where AirflowCore's migration changed tables, runs the DAG `platform_smoke` on the new version and
    then lets all other DAGs go on. Where nothing changed it does nothing.

    Survives: being cut off at any point; it goes on when it runs again.
    Does not handle: a canary that fails. The other DAGs wait until a person decides.
    """

    TOKEN = "airflow-platform:airflow:AirflowResumption"  # noqa: S105 - a type token

    OUTPUTS = ()

    def __init__(self, name: str, args: AirflowResumptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        process, around = migration.resumption(args.core), surroundings(args.core, processes.COMPONENT)
        k8s.core.v1.ServiceAccount(self.child_name("account"), service_account(process, around), self.child_opts())
        config = k8s.core.v1.ConfigMap(self.child_name("config"), config_map(process, around), self.child_opts())
        after = pulumi.Output.all(args.after, config.metadata).apply(lambda found: str(found[0]))
        spec = jobs.job(args.core, process, after, deadline_seconds=migration.RESUMPTION_SECONDS)
        k8s.batch.v1.Job(self.child_name("job"), spec, self.child_opts())
        self.finish()
