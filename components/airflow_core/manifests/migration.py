"""The Jobs that bring the database to the image's version, or back to an older one, and the end of such a change."""

import json

import pulumi
import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import (
    BOOTSTRAP_SCRIPT,
    MIGRATE_SCRIPT,
    RESUME_SCRIPT,
    config_files,
    written_keys,
)
from components.airflow_core.manifests.processes import COMPONENT, taken_away
from components.contract import airflow, names
from components.contract.airflow_pods import Process, metadata, surroundings
from settings.backup import BackupTarget
from settings.base import ResourceList, Resources
from settings.migration import DowngradeSettings
from settings.platform_settings import PlatformSettings

CANARY_SECONDS = 900
"""For the new version to parse its DAGs, for the canary to end, and for the other DAGs to be parsed, each."""
RESUMPTION_SECONDS = 3600
_TASK_MARGIN_SECONDS = 300
_RESOURCES = Resources(
    requests=ResourceList(cpu="100m", memory="384Mi"),
    limits=ResourceList(memory="1Gi"),
)


def migration(args: AirflowCoreArgs) -> Process:
    """Migrates, then sees to the default pool and the first administrator; may run any number of times."""
    command = f'python {_script(MIGRATE_SCRIPT)} "$1"\nshift\npython {_script(BOOTSTRAP_SCRIPT)} "$@"'
    told = (json.dumps(stated(args.settings)), *sorted(args.settings.airflow.bundles))
    return _changing(args, names.MIGRATION, ("sh", "-ec", command, "migration", *told))


def downgrade(args: AirflowCoreArgs, settings: DowngradeSettings) -> Process:
    """Takes back what the newer version changed; nothing where the database is no newer."""
    told = {
        **stated(args.settings),
        "version": settings.from_version,
        "downgrade_to": args.settings.airflow.version,
        "task_seconds": args.settings.longest_task_seconds + _TASK_MARGIN_SECONDS,
    }
    return _changing(args, names.DOWNGRADE, ("python", _script(MIGRATE_SCRIPT), json.dumps(told)))


def resumption(args: AirflowCoreArgs) -> Process:
    """Tries a changed version with one DAG, then lets the others go on; nothing where nothing changed."""
    told = {
        "version": args.settings.airflow.version,
        "canary": args.settings.airflow.migration.canary,
        "seconds": CANARY_SECONDS,
    }
    return Process(
        name=names.RESUMPTION,
        command=("python", _script(RESUME_SCRIPT), json.dumps(told)),
        config=config_files(names.RESUMPTION, args.settings),
        secret=args.secrets[names.RESUMPTION],
        replicas=1,
        resources=_RESOURCES,
        grace_seconds=30,
    )


def _changing(args: AirflowCoreArgs, name: str, command: tuple[str, ...]) -> Process:
    return Process(
        name=name,
        command=command,
        config=config_files(names.MIGRATION, args.settings),
        secret=args.secrets[names.MIGRATION],
        replicas=1,
        resources=_RESOURCES,
        # A schema change that is cut off is rolled back, and whoever was stopped for it brought back.
        grace_seconds=120,
        asks_kubernetes=True,
    )


def _script(name: str) -> str:
    return f"{airflow.CONFIG_FOLDER}/{name}"


def stated(settings: PlatformSettings) -> dict[str, object]:
    """What the script is told."""
    migration = settings.airflow.migration
    return {
        "version": settings.airflow.version,
        "downgrade_to": "",
        "keys": written_keys(settings),
        "reader": names.DATABASE_APP,
        "namespace": settings.namespaces.airflow,
        "take_away": list(taken_away(settings)),
        "backup": not settings.postgres.is_external and settings.postgres.backup.target is not BackupTarget.NONE,
        "without_backup": migration.without_backup,
        "seconds": migration.timeout_seconds,
    }


def role(args: AirflowCoreArgs, process: Process) -> k8s.rbac.v1.RoleInitArgs:
    """What a changing Job may do at the Kubernetes API: stop and start a few Deployments, and see their pods end."""
    return k8s.rbac.v1.RoleInitArgs(
        metadata=metadata(process, surroundings(args, COMPONENT), process.name),
        rules=[
            k8s.rbac.v1.PolicyRuleArgs(
                api_groups=["apps"],
                resources=["deployments/scale"],
                verbs=["get", "patch"],
                resource_names=list(taken_away(args.settings)),
            ),
            # By label, which a right cannot say.
            k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["list"]),
        ],
    )


def role_binding(args: AirflowCoreArgs, process: Process, role: pulumi.Input[str]) -> k8s.rbac.v1.RoleBindingInitArgs:
    """The Role for the Job's account."""
    around = surroundings(args, COMPONENT)
    return k8s.rbac.v1.RoleBindingInitArgs(
        metadata=metadata(process, around, process.name),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=role),
        subjects=[k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=process.name, namespace=around.namespace)],
    )
