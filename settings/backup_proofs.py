"""Rules between numbers of backups."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from settings.backup import AccessMode, BackupSettings, BackupTarget, KeyType, S3Settings
from settings.cron import longest_gap
from settings.problems import Problem
from settings.quantities import parse_bytes
from settings.stack import Environment

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

PUSH_SECONDS = 10
"""Set aside for sending one segment of the log."""
BACKUP_SHARE = 6
"""A full backup takes at most this part of the database's volume: data fills at most half of it and compresses to a third."""
_GIVEN_KEYS = ("backup_access_key", "backup_secret_key")
_HOURS_BETWEEN_BACKUPS = 24
_DAYS_BETWEEN_DRILLS = 7


def backup_target(settings: "PlatformSettings") -> Iterator[Problem]:
    """The target has what it needs, and nothing is given that it would ignore."""
    backup = settings.postgres.backup
    if backup.s3 is not None and backup.bundled is not None:
        yield Problem(
            key="postgres.backup.bundled",
            value="(given)",
            reason="postgres.backup.s3 is given as well, and backups go to one of them",
            way_out="Remove one of the two",
        )
    for target, key, given in (
        (BackupTarget.S3, "s3", backup.s3 or backup.bundled),
        (BackupTarget.VOLUME, "volume", backup.volume),
    ):
        if (backup.target is target) != (given is not None):
            missing = given is None
            yield Problem(
                key=f"postgres.backup.{key}",
                value="(missing)" if missing else "(given)",
                reason=f"target '{backup.target.value}' {'needs it' if missing else 'does not use it'}",
                way_out=f"{'Add' if missing else 'Remove'} it, or write another postgres.backup.target",
            )
    yield from _bucket_keys(settings)
    yield from _shared_volume(settings)


def _bucket_keys(settings: "PlatformSettings") -> Iterator[Problem]:
    if missing := missing_keys(settings.postgres.backup.s3, _GIVEN_KEYS, settings.credentials.given):
        yield Problem(
            key="postgres.backup.s3.credentialsSecret",
            value="(missing)",
            reason=f"keyType 'shared' needs an access key, and credentials.given does not list {' and '.join(missing)}",
            way_out="Name a Secret of the data namespace, list both values in credentials.given, or write keyType 'web-id'",
        )


def missing_keys(s3: S3Settings | None, names: Sequence[str], given: Collection[str]) -> list[str]:
    """The values of an access key that a bucket wants and nobody gives; a Secret of the namespace holds them as well."""
    if s3 is None or s3.key_type is not KeyType.SHARED or s3.credentials_secret is not None:
        return []
    return [name for name in names if name not in given]


def _shared_volume(settings: "PlatformSettings") -> Iterator[Problem]:
    volume, instances = settings.postgres.backup.volume, settings.postgres.instances
    if volume is None or instances != 3:
        return
    if volume.class_name is None:
        yield Problem(
            key="postgres.backup.volume.className",
            value="(missing)",
            reason=f"{instances} instances on different nodes mount the volume, which takes a class that can do "
            "ReadWriteMany",
            way_out="Name such a StorageClass, or write target 's3'",
        )
    if volume.access_mode is AccessMode.ONE_NODE:
        yield Problem(
            key="postgres.backup.volume.accessMode",
            value=volume.access_mode.value,
            reason=f"{instances} instances on different nodes mount the volume",
            way_out="Write ReadWriteMany, on a new volume: a claim keeps its mode",
        )


def data_loss(settings: "PlatformSettings") -> Iterator[Problem]:
    """What a drill allows to be lost must be reachable."""
    backup = settings.postgres.backup
    if backup.target is BackupTarget.NONE:
        return
    reached = backup.archive_timeout_seconds + backup.heartbeat_seconds + PUSH_SECONDS
    if reached > backup.drill.max_data_loss_seconds:
        yield Problem(
            key="postgres.backup.drill.maxDataLossSeconds",
            value=str(backup.drill.max_data_loss_seconds),
            reason=f"{backup.archive_timeout_seconds} s until the log is archived + {backup.heartbeat_seconds} s between "
            f"two heartbeats + {PUSH_SECONDS} s to send it = {reached} s",
            way_out=f"Raise it to {reached}, or lower postgres.backup.archiveTimeoutSeconds or heartbeatSeconds",
        )


def store_size(settings: "PlatformSettings") -> Iterator[Problem]:
    """The volume holds the backups that are kept, and one more while it is taken."""
    backup, volume = settings.postgres.backup, settings.postgres.storage.size
    key, storage = ("bundled.storage", backup.bundled.storage) if backup.bundled else ("volume", backup.volume)
    if storage is None:
        return
    held = _held(backup)
    needed = held * parse_bytes(volume) // BACKUP_SHARE
    if needed > parse_bytes(storage.size):
        yield Problem(
            key=f"postgres.backup.{key}.size",
            value=storage.size,
            reason=f"{backup.retention.full} full backups + {backup.retention.diff if backup.diff_schedule else 0} "
            f"differential ones + 1 being taken = {held}, each up to 1/{BACKUP_SHARE} of the database's volume {volume}, "
            f"are {-(-needed // 2**20)}Mi",
            way_out=f"Raise it to {-(-needed // 2**20)}Mi or lower postgres.backup.retention",
        )


def _held(backup: BackupSettings) -> int:
    return backup.retention.full + (backup.retention.diff if backup.diff_schedule else 0) + 1


def production_backups(settings: "PlatformSettings") -> Iterator[Problem]:
    """What prod promises of its backups."""
    if settings.environment is not Environment.PROD:
        return
    backup = settings.postgres.backup
    if backup.target is BackupTarget.NONE:
        yield Problem(
            key="postgres.backup.target",
            value=backup.target.value,
            reason="without a backup a lost volume is a lost platform",
            way_out="Write 's3' with a bucket elsewhere, or 'volume'",
        )
        return
    if backup.bundled is not None:
        yield Problem(
            key="postgres.backup.bundled",
            value="(given)",
            reason="it lies in the cluster whose loss backups are there for",
            way_out="Write a bucket elsewhere into postgres.backup.s3",
        )
    schedules = [backup.full_schedule, *([backup.diff_schedule] if backup.diff_schedule else [])]
    hours = longest_gap(*schedules) / 60
    if hours > _HOURS_BETWEEN_BACKUPS:
        yield Problem(
            key="postgres.backup.fullSchedule",
            value=backup.full_schedule,
            reason=f"with diffSchedule there can be {hours:.0f} hours between two backups, and a restore replays the log "
            "of all of them",
            way_out=f"Leave at most {_HOURS_BETWEEN_BACKUPS} hours between two",
        )
    drill = backup.drill.schedule
    if drill is None or longest_gap(drill) > _DAYS_BETWEEN_DRILLS * 24 * 60:
        yield Problem(
            key="postgres.backup.drill.schedule",
            value=drill or "(missing)",
            reason="a backup is only a backup once it has been restored",
            way_out=f"Write a schedule that leaves at most {_DAYS_BETWEEN_DRILLS} days between two, such as '30 4 * * 0'",
        )


BACKUP_RULES = (backup_target, data_loss, store_size, production_backups)
