"""The configuration of a task's pod: the files of its ConfigMap. It names no database, no broker and no key."""

from components.contract import airflow, bundles, task_logs, tasks
from components.contract.airflow import Sections
from settings.platform_settings import PlatformSettings


def config_files(settings: PlatformSettings) -> dict[str, str]:
    """The files of the ConfigMap by name."""
    return {
        airflow.AIRFLOW_CFG: airflow.render(sections(settings)),
        **bundles.files(settings.airflow.bundles),
        **task_logs.files(settings),
    }


def sections(settings: PlatformSettings) -> Sections:
    """What the `airflow.cfg` of a task's pod says."""
    return airflow.merge(
        airflow.process_sections(settings),
        tasks.sections(settings),
        tasks.FREE_SOON,
        task_logs.sections(settings),
    )
