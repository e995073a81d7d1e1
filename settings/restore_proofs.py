"""Rules of `postgres.restoreFrom`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from settings.backup import BackupSettings, BackupTarget
from settings.backup_proofs import missing_keys
from settings.problems import Problem
from settings.restore import RestoreSettings

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

OWN_CLAIM = "postgres-backups"
"""The claim of a stack's own backups, for target `volume`."""
_SOURCE_KEYS = ("restore_access_key", "restore_secret_key")
_PASSPHRASE = "restore_repository_passphrase"  # noqa: S105 - the name of a value


def is_own_store(source: RestoreSettings, backup: BackupSettings) -> bool:
    """Whether the source lies in the bucket or volume that this stack's own backups go to."""
    if source.s3 is not None:
        own = backup.s3
        return own is not None and (source.s3.endpoint, source.s3.bucket) == (own.endpoint, own.bucket)
    return source.claim is None or (source.claim == OWN_CLAIM and backup.target is BackupTarget.VOLUME)


def restore_source(settings: "PlatformSettings") -> Iterator[Problem]:
    """There is one source, it is not what this stack itself writes, and there is an archive to write to afterwards."""
    source, backup = settings.postgres.restore_from, settings.postgres.backup
    if source is None:
        return
    if backup.target is BackupTarget.NONE:
        yield Problem(
            key="postgres.backup.target",
            value=backup.target.value,
            reason="a cluster that is made from an archive is not without one afterwards",
            way_out="Write 's3' or 'volume', or remove postgres.restoreFrom",
        )
    if source.s3 is not None and source.claim is not None:
        yield Problem(
            key="postgres.restoreFrom.claim",
            value=source.claim,
            reason="postgres.restoreFrom.s3 is given as well, and there is one source",
            way_out="Remove one of the two",
        )
    if is_own_store(source, backup) and (source.prefix, source.generation) == (backup.prefix, backup.generation):
        yield Problem(
            key="postgres.restoreFrom.generation",
            value=str(source.generation),
            reason=f"{source.prefix}/{source.generation} is where this stack's own backups go, and the new cluster would "
            "write into the archive that it is made from",
            way_out=f"Raise postgres.backup.generation to {backup.generation + 1}, or name another "
            "postgres.restoreFrom.prefix",
        )


def restore_passphrase(settings: "PlatformSettings") -> Iterator[Problem]:
    """Another stack's archive is encrypted with another passphrase."""
    source, backup = settings.postgres.restore_from, settings.postgres.backup
    if source is None or _PASSPHRASE in settings.credentials.given:
        return
    if not is_own_store(source, backup) or source.prefix != backup.prefix:
        yield Problem(
            key="postgres.restoreFrom",
            value=f"{source.prefix}/{source.generation}",
            reason="the archive of another stack is encrypted with that stack's backup_repository_passphrase",
            way_out=f"List {_PASSPHRASE} in credentials.given, and write that passphrase into givenValues",
        )


def restore_keys(settings: "PlatformSettings") -> Iterator[Problem]:
    """A bucket of the source's own comes with a key."""
    source = settings.postgres.restore_from
    if missing := missing_keys(source.s3 if source else None, _SOURCE_KEYS, settings.credentials.given):
        yield Problem(
            key="postgres.restoreFrom.s3.credentialsSecret",
            value="(missing)",
            reason=f"keyType 'shared' needs an access key, and credentials.given does not list {' and '.join(missing)}",
            way_out="Name a Secret of the data namespace, or list both values in credentials.given",
        )


def restore_time(settings: "PlatformSettings") -> Iterator[Problem]:
    """Nothing can be brought back from the future."""
    source = settings.postgres.restore_from
    if source is None or source.target_time is None:
        return
    now = datetime.now(UTC)
    if source.target_time > now:
        yield Problem(
            key="postgres.restoreFrom.targetTime",
            value=source.target_time.isoformat(),
            reason=f"it is in the future: it is {now:%Y-%m-%dT%H:%M:%S}+00:00 now",
            way_out="Write a time that has passed, or leave it out for the end of the archive",
        )


def standby_shape(settings: "PlatformSettings") -> Iterator[Problem]:
    """A standby goes to the end of the archive again and again."""
    source = settings.postgres.restore_from
    if source is None or not source.follow:
        return
    if source.target_time is not None:
        yield Problem(
            key="postgres.restoreFrom.targetTime",
            value=source.target_time.isoformat(),
            reason="a standby follows the archive beyond any point in time",
            way_out="Remove it, or write follow: false",
        )


RESTORE_RULES = (restore_source, restore_passphrase, restore_keys, restore_time, standby_shape)
