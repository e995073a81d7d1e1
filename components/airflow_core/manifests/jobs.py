"""The Jobs on the database, straight to its primary."""

import hashlib
import json
from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import config_files
from components.airflow_core.manifests.processes import COMPONENT
from components.contract import names
from components.contract.airflow import WAITS_FOR_ANNOTATION
from components.contract.airflow_pods import Process, metadata, pod_template, surroundings
from components.contract.pods import config_checksum
from components.contract.preflights import REFUSED, fails_at_once
from settings.base import ResourceList, Resources

RETRIES = 3
DEADLINE_SECONDS = 900
AWAIT_ANNOTATION = "pulumi.com/timeoutSeconds"
"""How long an engine waits for the object."""
_AWAIT_MARGIN_SECONDS = 60
_RESOURCES = Resources(
    requests=ResourceList(cpu="100m", memory="384Mi"),
    limits=ResourceList(memory="1Gi"),
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


def job_name(process: Process, image: str, version: str, deadline_seconds: int = DEADLINE_SECONDS) -> str:
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
        REFUSED,
        deadline_seconds,
    ]
    return f"{process.name}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:10]}"


def job(
    args: AirflowCoreArgs,
    process: Process,
    waits_for: pulumi.Input[str],
    *,
    image: pulumi.Input[str] | None = None,
    deadline_seconds: int = DEADLINE_SECONDS,
) -> k8s.batch.v1.JobInitArgs:
    """The Job of a process: tried again when it is cut off, not when it refuses.

    Args:
        args: of the component.
        process: what runs.
        waits_for: has to be there before.
        image: another one than Airflow's of the stack.
        deadline_seconds: after which it is stopped.
    """
    around = replace(surroundings(args, COMPONENT), image=image if image is not None else args.images.airflow)
    name = pulumi.Output.from_input(around.image).apply(
        lambda found: job_name(process, found, around.version, deadline_seconds)
    )
    described = metadata(process, around, process.name)
    described.name = name
    described.annotations = {
        WAITS_FOR_ANNOTATION: waits_for,
        AWAIT_ANNOTATION: str(deadline_seconds + _AWAIT_MARGIN_SECONDS),
    }
    return k8s.batch.v1.JobInitArgs(
        metadata=described,
        spec=k8s.batch.v1.JobSpecArgs(
            backoff_limit=RETRIES,
            active_deadline_seconds=deadline_seconds,
            pod_failure_policy=fails_at_once(REFUSED),
            template=pod_template(process, around, restart_policy="Never"),
        ),
    )
