"""The Job that brings what the cluster agreed on, its roles and its database up to date."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION
from components.contract.pods import container_security, resources, scratch_volume
from components.postgres_ha import imports, restore, secrets
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.backup import is_backed_up
from components.postgres_ha.manifests.common import checksum, job_pod, metadata, script
from components.postgres_ha.manifests.database import (
    configuration_mounts,
    configuration_volumes,
    field_variable,
    patroni_files,
)
from components.postgres_ha.names import COMPONENT, CONFIGURE, PRIMARY_SERVICE, SCRIPTS_PATH
from components.postgres_ha.patroni import agreed_text
from settings.base import ResourceList, Resources

_RESOURCES = Resources(requests=ResourceList(cpu="20m", memory="64Mi"), limits=ResourceList(memory="192Mi"))
_DEADLINE_SECONDS = 600

SCRIPTS_MAP = CONFIGURE
_SCRIPTS = ("configure.sh", "roles.sql")
_BACKUP_TABLES = "backup_tables.sql"
_KEYS = ("restored_keys.sql", "standby_keys.sql")
_REFUSED_CODE = 42
"""How `configure.sh` ends where a setting has to change first: trying again would not help."""


def config_map(args: PostgresHAArgs) -> k8s.core.v1.ConfigMapInitArgs:
    """What the Job runs, and what the cluster agrees on."""
    return k8s.core.v1.ConfigMapInitArgs(metadata=metadata(args, SCRIPTS_MAP, CONFIGURE), data=_scripts(args))


def _scripts(args: PostgresHAArgs) -> dict[str, str]:
    postgres = args.settings.postgres
    scripts = (
        *_SCRIPTS,
        *((_BACKUP_TABLES,) if is_backed_up(postgres) else ()),
        *(_KEYS if postgres.restore_from else ()),
    )
    return {**{name: script(name) for name in scripts}, **_import_files(args), "agreed.yml": agreed_text(postgres)}


def _import_files(args: PostgresHAArgs) -> dict[str, str]:
    source = args.settings.postgres.import_from
    return {imports.SCRIPT: script(imports.SCRIPT), imports.TOLD_FILE: imports.told(source)} if source else {}


def _configuration_text(args: PostgresHAArgs) -> str:
    return "\0".join([*patroni_files(args).values(), *_scripts(args).values()])


def job(args: PostgresHAArgs, stateful_set: pulumi.Input[str]) -> k8s.batch.v1.JobInitArgs:
    """A Job named after all that its pod holds: a change of that is a new Job, never the same one made anew.

    What waits for the database waits for this Job, and would be made anew with it.

    Args:
        args: of the component.
        stateful_set: name of the created StatefulSet, which the Job must not run before.
    """
    config = checksum(_configuration_text(args))
    version = args.secrets[secrets.DATABASE_CONFIGURE].version
    name = pulumi.Output.from_input(args.images.postgres).apply(lambda image: job_name(args, image))
    return k8s.batch.v1.JobInitArgs(
        metadata=metadata(args, name, CONFIGURE),
        spec=k8s.batch.v1.JobSpecArgs(
            backoff_limit=10,
            active_deadline_seconds=_deadline_seconds(args),
            pod_failure_policy=_failure_policy(args),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    labels=args.labels.of(CONFIGURE, COMPONENT),
                    annotations={
                        CONFIG_CHECKSUM_ANNOTATION: config,
                        SECRETS_VERSION_ANNOTATION: version,
                    },
                ),
                spec=_pod(args, stateful_set),
            ),
        ),
    )


def _deadline_seconds(args: PostgresHAArgs) -> int:
    source = args.settings.postgres.import_from
    return _DEADLINE_SECONDS + (source.timeout_seconds if source else 0)


def _failure_policy(args: PostgresHAArgs) -> k8s.batch.v1.PodFailurePolicyArgs | None:
    """The Job ends at once where somebody has to give it other keys, or another source."""
    if args.settings.postgres.restore_from is None and args.settings.postgres.import_from is None:
        return None
    codes = k8s.batch.v1.PodFailurePolicyOnExitCodesRequirementArgs(
        container_name="configure", operator="In", values=[_REFUSED_CODE]
    )
    return k8s.batch.v1.PodFailurePolicyArgs(
        rules=[k8s.batch.v1.PodFailurePolicyRuleArgs(action="FailJob", on_exit_codes=codes)]
    )


def job_name(args: PostgresHAArgs, image: str) -> str:
    """Another name for another image, configuration, secret or size."""
    version = args.secrets[secrets.DATABASE_CONFIGURE].version
    return f"{CONFIGURE}-{checksum(image, _configuration_text(args), version, str(_RESOURCES), *_origin(args))[:10]}"


def _primary(args: PostgresHAArgs) -> str:
    return names.service_host(PRIMARY_SERVICE, args.settings.namespaces.data)


def _origin(args: PostgresHAArgs) -> list[str]:
    """What the cluster was made from, and whether it still follows that."""
    origin = restore.origin(args.settings)
    if not origin:
        return []
    return [origin, "standby"] if args.settings.postgres.is_standby else [origin]


def _pod(args: PostgresHAArgs, stateful_set: pulumi.Input[str]) -> k8s.core.v1.PodSpecArgs:
    return job_pod(
        args,
        # The instances' account: the store is the same.
        account=stateful_set,
        asks_kubernetes=True,
        containers=[
            k8s.core.v1.ContainerArgs(
                name="configure",
                image=args.images.postgres,
                command=["/bin/bash", f"{SCRIPTS_PATH}/configure.sh", _primary(args), *_origin(args)],
                env=[field_variable("PATRONI_KUBERNETES_NAMESPACE", "metadata.namespace")],
                resources=resources(_RESOURCES),
                security_context=container_security(),
                volume_mounts=[
                    k8s.core.v1.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - of the container's own
                    *configuration_mounts(),
                ],
            )
        ],
        volumes=[
            *configuration_volumes(args, secrets.DATABASE_CONFIGURE, SCRIPTS_MAP),
            scratch_volume("tmp", size="16Mi"),
        ],
    )
