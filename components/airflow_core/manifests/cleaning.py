"""What the CronJob runs that removes old rows from the metadata database."""

import json

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import CLEAN_SCRIPT, config_files
from components.contract import airflow, names
from components.contract.airflow_pods import Process
from settings.backup import BackupTarget
from settings.base import ResourceList, Resources
from settings.cleaning import CleaningSettings
from settings.cron import longest_gap
from settings.platform_settings import PlatformSettings

START_WITHIN_SECONDS = 3600
"""A start that was missed is made up for; later the next one is near enough."""
BACKUP_SLACK_HOURS = 4
"""A full backup of a large database takes that long."""
_RESOURCES = Resources(
    requests=ResourceList(cpu="50m", memory="256Mi"),
    limits=ResourceList(memory="768Mi"),
)


def cleaning(args: AirflowCoreArgs, settings: CleaningSettings) -> Process:
    """What its pod runs; cut off at any point it goes on the next time."""
    script = f"{airflow.CONFIG_FOLDER}/{CLEAN_SCRIPT}"
    return Process(
        name=names.CLEANING,
        command=("python", script, json.dumps(told(args.settings, settings))),
        config=config_files(names.CLEANING, args.settings),
        secret=args.secrets[names.CLEANING],
        replicas=1,
        resources=_RESOURCES,
        # A batch under way is rolled back.
        grace_seconds=30,
    )


def told(settings: PlatformSettings, cleaning: CleaningSettings) -> dict[str, object]:
    """What the script is told; an age of 0 hours asks for no backup."""
    backup = settings.postgres.backup
    backed_up = backup.target is not BackupTarget.NONE
    return {
        "keep_days": cleaning.keep_days,
        "archive_days": cleaning.archive_days,
        "batch_size": cleaning.batch_size,
        "tables": [table.value for table in cleaning.tables],
        "backup_hours": -(-longest_gap(backup.full_schedule) // 60) + BACKUP_SLACK_HOURS if backed_up else 0,
    }
