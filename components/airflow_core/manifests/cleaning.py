"""The CronJob that removes old rows from the metadata database."""

import json

import pulumi
import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import CLEAN_SCRIPT, config_files
from components.airflow_core.manifests.processes import surroundings
from components.contract import airflow, names
from components.contract.airflow_pods import Process, metadata, pod_template
from settings.backup import BackupTarget
from settings.base import ResourceList, Resources
from settings.cleaning import CleaningSettings
from settings.cron import longest_gap
from settings.platform_settings import PlatformSettings

START_WITHIN_SECONDS = 3600
"""A start that was missed is made up for; later the next one is near enough."""
BACKUP_SLACK_HOURS = 4
"""A full backup of a large database takes that long."""
_KEPT_JOBS = 2
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


def cron_job(
    args: AirflowCoreArgs, process: Process, settings: CleaningSettings, waits_for: pulumi.Input[str]
) -> k8s.batch.v1.CronJobInitArgs:
    """One at a time, in UTC, never tried again before its next time."""
    around = surroundings(args)
    return k8s.batch.v1.CronJobInitArgs(
        metadata=metadata(process, around, process.name, waits_for),
        spec=k8s.batch.v1.CronJobSpecArgs(
            schedule=settings.schedule,
            time_zone="Etc/UTC",
            concurrency_policy="Forbid",
            starting_deadline_seconds=START_WITHIN_SECONDS,
            successful_jobs_history_limit=_KEPT_JOBS,
            failed_jobs_history_limit=_KEPT_JOBS,
            job_template=k8s.batch.v1.JobTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels=metadata(process, around, process.name).labels),
                spec=k8s.batch.v1.JobSpecArgs(
                    backoff_limit=0,
                    active_deadline_seconds=settings.timeout_seconds,
                    template=pod_template(process, around, restart_policy="Never"),
                ),
            ),
        ),
    )
