"""Rules between numbers of Airflow's own processes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.backup import BackupTarget
from settings.cron import shortest_wait
from settings.problems import Problem

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

BACKUP_MINUTES = 120
"""From the start of a full backup to the removal of what it holds. The Job also asks whether the backup is there."""


def api_scaling(settings: "PlatformSettings") -> Iterator[Problem]:
    """An api-server role that grows has room to, and requests the CPU that its usage is a percentage of."""
    airflow = settings.airflow
    for key, api in (("airflow.apiCore", airflow.api_core), ("airflow.apiExecution", airflow.api_execution)):
        if api.scaling is None:
            continue
        if api.scaling.max_replicas <= api.replicas:
            yield Problem(
                key=f"{key}.scaling.maxReplicas",
                value=str(api.scaling.max_replicas),
                reason=f"it is not above replicas {api.replicas}, the fewest, so nothing would ever grow",
                way_out=f"Raise it to {api.replicas + 1} or more, lower replicas, or remove {key}.scaling",
            )
        if api.resources.requests.cpu is None:
            yield Problem(
                key=f"{key}.resources.requests.cpu",
                value="(missing)",
                reason=f"{key}.scaling.cpuPercent is a percentage of it",
                way_out=f"Add it, or remove {key}.scaling",
            )


def cleaning_after_backup(settings: "PlatformSettings") -> Iterator[Problem]:
    """What is removed stands in a backup that had the time to finish, and none begins while rows are removed."""
    cleaning, backup = settings.airflow.cleaning, settings.postgres.backup
    if cleaning is None or backup.target is BackupTarget.NONE:
        return
    after = shortest_wait(backup.full_schedule, cleaning.schedule)
    if after < BACKUP_MINUTES:
        yield Problem(
            key="airflow.cleaning.schedule",
            value=cleaning.schedule,
            reason=f"it follows postgres.backup.fullSchedule '{backup.full_schedule}' by {after} minutes, and a full backup "
            f"is given {BACKUP_MINUTES}",
            way_out=f"Leave {BACKUP_MINUTES} minutes or more between a full backup and the removal of rows",
        )
    before, needed = shortest_wait(cleaning.schedule, backup.full_schedule), -(-cleaning.timeout_seconds // 60)
    if 0 < before < needed:
        yield Problem(
            key="airflow.cleaning.timeoutSeconds",
            value=str(cleaning.timeout_seconds),
            reason=f"the next full backup can begin {before} minutes after schedule '{cleaning.schedule}', while rows are "
            "still removed",
            way_out=f"Lower it to {before * 60} or move the schedule",
        )


def downgrade_leads_back(settings: "PlatformSettings") -> Iterator[Problem]:
    """A downgrade comes from a newer version than the one that shall run."""
    downgrade, version = settings.airflow.migration.downgrade, settings.airflow.version
    if downgrade is not None and _numbers(downgrade.from_version) <= _numbers(version):
        yield Problem(
            key="airflow.migration.downgrade.fromVersion",
            value=downgrade.from_version,
            reason=f"it is not newer than airflow.version {version}",
            way_out="Remove airflow.migration.downgrade: an upgrade needs none",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


AIRFLOW_RULES = (api_scaling, cleaning_after_backup, downgrade_leads_back)
