"""The configuration of a worker: the files of its ConfigMap. It names no database and no key of the control plane."""

import json

from components.contract import airflow, bundles, task_logs, tasks
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


def _watches(settings: PlatformSettings) -> bool:
    """Whether this Airflow lets somebody else watch over a task's process."""
    return not settings.airflow.is_before(3, 3)


def _ends(settings: PlatformSettings, queue: str) -> Sections:
    """How a worker hears that a task has ended."""
    if not _watches(settings):
        return tasks.FREE_SOON
    coordinators = {_COORDINATOR: {"classpath": f"{TASKS_MODULE.removesuffix('.py')}.Coordinator"}}
    return {
        "sdk": {"coordinators": json.dumps(coordinators), "queue_to_coordinator": json.dumps({queue: _COORDINATOR})}
    }


def sections(settings: PlatformSettings, queue: str) -> Sections:
    """What the `airflow.cfg` of a queue's workers says."""
    shape = settings.workers.queues[queue]
    return airflow.merge(
        {"celery": {"worker_concurrency": str(shape.concurrency)}},
        _ends(settings, queue),
        airflow.process_sections(settings, shape.log_level),
        tasks.sections(settings),
        airflow.log_server_sections(),
        task_logs.sections(settings),
        # One for all queues: whoever receives messages also delivers again what others have not confirmed.
        airflow.broker_sections(settings, airflow.visibility_timeout(settings)),
    )
