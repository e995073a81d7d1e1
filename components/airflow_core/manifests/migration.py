"""The Jobs on the database: the one that brings it to the image's version, the one that encrypts it anew."""

import hashlib
import json

import pulumi
import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import BOOTSTRAP_SCRIPT, config_files
from components.airflow_core.manifests.processes import surroundings
from components.contract import airflow, names
from components.contract.airflow_pods import Process, metadata, pod_template
from components.contract.pods import config_checksum
from components.contract.preflights import fails_at_once
from settings.base import ResourceList, Resources

RETRIES = 3
DEADLINE_SECONDS = 900
"""An upgrade of a large database takes minutes."""

_RESOURCES = Resources(
    requests=ResourceList(cpu="100m", memory="384Mi"),
    limits=ResourceList(memory="1Gi"),
)


def migration(args: AirflowCoreArgs) -> Process:
    """Migrates, then sees to the default pool and the first administrator; may run any number of times."""
    bootstrap = f"{airflow.CONFIG_FOLDER}/{BOOTSTRAP_SCRIPT}"
    return Process(
        name=names.MIGRATION,
        command=("sh", "-ec", f"airflow db migrate\npython {bootstrap}"),
        config=config_files(names.MIGRATION, args.settings),
        secret=args.secrets[names.MIGRATION],
        replicas=1,
        resources=_RESOURCES,
        # A schema change that is cut off is rolled back; it is let finish where that can be.
        grace_seconds=120,
    )


def key_rotation(args: AirflowCoreArgs) -> Process:
    """Encrypts connections, variables and trigger arguments with the first Fernet key; may run any number of times."""
    return Process(
        name=names.KEY_ROTATION,
        command=("airflow", "rotate-fernet-key"),
        config=config_files(names.KEY_ROTATION, args.settings),
        secret=args.secrets[names.KEY_ROTATION],
        replicas=1,
        resources=_RESOURCES,
        grace_seconds=120,
    )


def job_name(process: Process, image: str, version: str) -> str:
    """Another name for whatever else its pod holds: a Job cannot be changed, and runs once."""
    facts = [
        image,
        version,
        config_checksum(process.config),
        process.secret.version,
        list(process.command),
        process.resources.model_dump(),
        dict(process.environment),
        process.grace_seconds,
    ]
    return f"{process.name}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:10]}"


def job(
    args: AirflowCoreArgs, process: Process, waits_for: pulumi.Input[str], *, refused: int | None = None
) -> k8s.batch.v1.JobInitArgs:
    """The Job of a process.

    Args:
        args: of the component.
        process: what it runs.
        waits_for: what has to be there before.
        refused: exit code after which trying again is of no use.
    """
    around = surroundings(args)
    name = pulumi.Output.from_input(args.images.airflow).apply(lambda image: job_name(process, image, around.version))
    described = metadata(process, around, process.name, waits_for)
    described.name = name
    return k8s.batch.v1.JobInitArgs(
        metadata=described,
        spec=k8s.batch.v1.JobSpecArgs(
            backoff_limit=RETRIES,
            active_deadline_seconds=DEADLINE_SECONDS,
            pod_failure_policy=fails_at_once(refused) if refused is not None else None,
            template=pod_template(process, around, restart_policy="Never"),
        ),
    )
