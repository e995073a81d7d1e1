"""The configuration of a worker: the files of its ConfigMap. It names no database and no key of the control plane."""

import json

from components.contract import airflow, bundles, task_logs
from components.contract.airflow import Sections
from settings.platform_settings import PlatformSettings

TASKS_MODULE = "airflow_platform_tasks.py"
_COORDINATOR = "airflow-platform"


def config_files(settings: PlatformSettings, queue: str) -> dict[str, str]:
    """The files of the ConfigMap by name, for the workers of a queue."""
    return {
        airflow.AIRFLOW_CFG: airflow.render(sections(settings, queue)),
        **(
            {TASKS_MODULE: airflow.asset(TASKS_MODULE, package="components.celery_workers")}
            if _watches(settings)
            else {}
        ),
        **airflow.celery_files(settings),
        **bundles.files(settings.airflow.bundles),
        **task_logs.files(settings),
        airflow.ALIVE_SCRIPT: airflow.asset(airflow.ALIVE_SCRIPT),
    }


def _trust(settings: PlatformSettings) -> dict[str, str]:
    """Whose word a task takes for the execution API's certificate."""
    authority = airflow.secret_path(airflow.CA_FILE)
    if settings.airflow.is_before(3, 3):
        # Beside the public ones, which 3.2 cannot be told to leave out.
        return {"ssl_cert": authority}
    # Only the platform's own authority speaks for the execution API.
    return {"ssl_ca_file": authority, "client_use_public_certs": "False"}


def _watches(settings: PlatformSettings) -> bool:
    """Whether this Airflow lets somebody else watch over a task's process."""
    return not settings.airflow.is_before(3, 3)


def _ends(settings: PlatformSettings, queue: str) -> Sections:
    """How a worker hears that a task has ended."""
    if not _watches(settings):
        # A slot is free again within this many seconds of its task's end; the default 5 costs a third of the
        # throughput of short tasks.
        return {"workers": {"min_heartbeat_interval": "2"}}
    coordinators = {_COORDINATOR: {"classpath": f"{TASKS_MODULE.removesuffix('.py')}.Coordinator"}}
    return {
        "sdk": {"coordinators": json.dumps(coordinators), "queue_to_coordinator": json.dumps({queue: _COORDINATOR})}
    }


def sections(settings: PlatformSettings, queue: str) -> Sections:
    """What the `airflow.cfg` of a queue's workers says."""
    shape = settings.workers.queues[queue]
    own: Sections = {
        "core": {"execution_api_server_url": airflow.execution_url(settings)},
        "api": {
            # Stands in links to a task's log, as in a message about its failure.
            "base_url": f"https://{settings.ingress.host}",
            **_trust(settings),
        },
        "celery": {"worker_concurrency": str(shape.concurrency)},
        "workers": {
            # A task outlives an absence of the execution API of two minutes: the waits between 19 tries come to 140 s or
            # more. With 5 s for each try that nobody answers they stay below the scheduler's patience
            # (`task_instance_heartbeat_timeout`): a task that is cut off ends before another try of it begins.
            "execution_api_retries": "19",
            "execution_api_retry_wait_min": "6",
            "execution_api_retry_wait_max": "15",
            "execution_api_timeout": "5",
            "max_failed_heartbeats": "1",
        },
    }
    return airflow.merge(
        own,
        _ends(settings, queue),
        airflow.process_sections(settings, shape.log_level),
        airflow.dag_sections(),
        bundles.run_sections(settings.airflow.bundles),
        airflow.log_server_sections(),
        task_logs.sections(settings),
        # One for all queues: whoever receives messages also delivers again what others have not confirmed.
        airflow.broker_sections(settings, airflow.visibility_timeout(settings)),
    )
