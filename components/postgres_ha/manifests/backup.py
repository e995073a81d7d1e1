"""Backups: the runner beside every instance, and the CronJobs that ask it for one."""

from collections.abc import Iterator

import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.pods import (
    container_security,
    given_secret_volume,
    resources,
    scratch_volume,
    secret_mount,
    secret_volume,
)
from components.postgres_ha import backup, restore, secrets
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.backup_metrics import QUERIES_FILE, queries
from components.postgres_ha.manifests.common import job_pod, metadata, script, scripts_volume
from components.postgres_ha.names import (
    AUTHORITY_PATH,
    BACKUP,
    BACKUP_SECRETS_PATH,
    BUCKET_SECRETS_PATH,
    COMPONENT,
    PRIMARY_SERVICE,
    REPOSITORY_PATH,
    SCRIPTS_PATH,
    SOCKET_PATH,
    SOURCE_BUCKET_SECRETS_PATH,
    SOURCE_REPOSITORY_PATH,
    VOLUME_PATH,
)
from settings.backup import AccessMode, BackupTarget
from settings.base import ResourceList, Resources
from settings.restore_proofs import OWN_CLAIM

KIND_LABEL = "airflow-platform/backup"
"""On CronJobs: full, diff, verify or drill."""
VOLUME_CLAIM = OWN_CLAIM

JOB_SCRIPTS_MAP = f"{BACKUP}-scripts"

_INSTANCE_SCRIPTS = ("pgbackrest_archive.sh", "archive_gaps.sh", "pgbackrest.sh", "backup.sh", "tick.sql")
_RESTORE_SCRIPT = "restore.sh"
_JOB_SCRIPTS = (
    "pgbackrest.sh", "primary.sh", "request.sh",
    "drill_restore.sh", "drill_instance.sh", "drill_hba.conf", "drill_verify.py",
)  # fmt: skip
_RUNNER_RESOURCES = Resources(requests=ResourceList(cpu="10m", memory="32Mi"), limits=ResourceList(memory="384Mi"))
_ASKING_RESOURCES = Resources(requests=ResourceList(cpu="10m", memory="16Mi"), limits=ResourceList(memory="64Mi"))
_START_WITHIN_SECONDS = 3600
_DEADLINE_SECONDS = 6 * 3600
"""A backup of a large database takes hours; the next one starts the day after."""
_KEPT_JOBS = 2
_ARCHIVE_SECRETS, _BUCKET_SECRETS, _REPOSITORY = "archive-secrets", "bucket-secrets", "repository"
_SOURCE_BUCKET_SECRETS, _SOURCE_REPOSITORY = "source-bucket-secrets", "source-repository"


def job_files(args: PostgresHAArgs) -> k8s.core.v1.ConfigMapInitArgs:
    """What the Jobs run; of its own, so that a change there restarts no instance."""
    return k8s.core.v1.ConfigMapInitArgs(
        metadata=metadata(args, JOB_SCRIPTS_MAP, BACKUP),
        data={**{name: script(name) for name in _JOB_SCRIPTS}, **backup.configuration_files(args.settings)},
    )


def instance_files(args: PostgresHAArgs) -> dict[str, str]:
    """What the instances and their runners find beside the scripts of the database."""
    if not backup.is_backed_up(args.settings.postgres):
        return {}
    source = restore.configuration_files(args.settings)
    return {
        **{name: script(name) for name in (*_INSTANCE_SCRIPTS, *((_RESTORE_SCRIPT,) if source else ()))},
        **backup.configuration_files(args.settings),
        **source,
        QUERIES_FILE: queries(args.settings.postgres.backup),
    }


def archive_version(args: PostgresHAArgs) -> list[str]:
    """Changes when the instances have to read other secrets of the store."""
    return [args.secrets[secrets.ARCHIVE].version] if backup.is_backed_up(args.settings.postgres) else []


def archive_mounts(args: PostgresHAArgs) -> list[k8s.core.v1.VolumeMountArgs]:
    """What whoever runs pgBackRest finds: how to log in and to encrypt, and a volume where that is the store."""
    settings = args.settings.postgres.backup
    if settings.target is BackupTarget.NONE:
        return []
    mounts = [secret_mount(_ARCHIVE_SECRETS, BACKUP_SECRETS_PATH)]
    if settings.s3 is not None and settings.s3.credentials_secret is not None:
        mounts.append(secret_mount(_BUCKET_SECRETS, BUCKET_SECRETS_PATH))
    if settings.target is BackupTarget.VOLUME:
        mounts.append(k8s.core.v1.VolumeMountArgs(name=_REPOSITORY, mount_path=REPOSITORY_PATH))
    return mounts


def archive_volumes(args: PostgresHAArgs, consumer: str = secrets.ARCHIVE) -> list[k8s.core.v1.VolumeArgs]:
    """The volumes behind `archive_mounts`."""
    settings = args.settings.postgres.backup
    if settings.target is BackupTarget.NONE:
        return []
    volumes = [secret_volume(args.secrets[consumer], _ARCHIVE_SECRETS)]
    if settings.s3 is not None and settings.s3.credentials_secret is not None:
        volumes.append(given_secret_volume(settings.s3.credentials_secret, _BUCKET_SECRETS))
    if settings.target is BackupTarget.VOLUME:
        volumes.append(_claimed(VOLUME_CLAIM, _REPOSITORY))
    return volumes


def source_mounts(args: PostgresHAArgs) -> list[k8s.core.v1.VolumeMountArgs]:
    """What an instance finds on top where the cluster is made from an archive that lies elsewhere."""
    bucket, source = restore.source_bucket(args.settings), args.settings.postgres.restore_from
    mounts: list[k8s.core.v1.VolumeMountArgs] = []
    if bucket is not None and bucket.credentials_secret is not None:
        mounts.append(secret_mount(_SOURCE_BUCKET_SECRETS, SOURCE_BUCKET_SECRETS_PATH))
    if source is not None and source.claim is not None:
        mounts.append(
            k8s.core.v1.VolumeMountArgs(name=_SOURCE_REPOSITORY, mount_path=SOURCE_REPOSITORY_PATH, read_only=True)
        )
    return mounts


def source_volumes(args: PostgresHAArgs) -> list[k8s.core.v1.VolumeArgs]:
    """The volumes behind `source_mounts`."""
    bucket, source = restore.source_bucket(args.settings), args.settings.postgres.restore_from
    volumes: list[k8s.core.v1.VolumeArgs] = []
    if bucket is not None and bucket.credentials_secret is not None:
        volumes.append(given_secret_volume(bucket.credentials_secret, _SOURCE_BUCKET_SECRETS))
    if source is not None and source.claim is not None:
        volumes.append(_claimed(source.claim, _SOURCE_REPOSITORY))
    return volumes


def _claimed(claim: str, name: str) -> k8s.core.v1.VolumeArgs:
    source = k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=claim)
    return k8s.core.v1.VolumeArgs(name=name, persistent_volume_claim=source)


def runner_volumes(args: PostgresHAArgs) -> list[k8s.core.v1.VolumeArgs]:
    """What the instances' pods get on top of `archive_volumes`."""
    if not backup.is_backed_up(args.settings.postgres):
        return []
    return [scratch_volume("runner-tmp", size="64Mi")]


def runner(args: PostgresHAArgs) -> list[k8s.core.v1.ContainerArgs]:
    """The runner, a container of every instance's pod that acts where that instance leads.

    pgBackRest reads the data folder itself: beside it that takes no second way into the pod. Only the leader's runner
    acts, so nothing else may expire what one is writing.
    """
    if not backup.is_backed_up(args.settings.postgres):
        return []
    return [
        k8s.core.v1.ContainerArgs(
            name="backup",
            image=args.images.postgres,
            command=[
                "/bin/bash",
                f"{SCRIPTS_PATH}/backup.sh",
                str(args.settings.postgres.backup.heartbeat_seconds),
            ],
            resources=resources(_RUNNER_RESOURCES),
            security_context=container_security(),
            liveness_probe=_turning(),
            volume_mounts=[
                # Not to write there: a data folder is locked by a file in it.
                k8s.core.v1.VolumeMountArgs(name="data", mount_path=VOLUME_PATH, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="sockets", mount_path=SOCKET_PATH, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="scripts", mount_path=SCRIPTS_PATH, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="runner-tmp", mount_path="/tmp"),  # noqa: S108 - of the container's own
                # Patroni is asked over TLS.
                secret_mount(_ARCHIVE_SECRETS),
                *archive_mounts(args),
            ],
        )
    ]


def _turning() -> k8s.core.v1.ProbeArgs:
    """Restarted when its loop has stood still for a quarter of an hour; a backup runs beside the loop."""
    recently = "[ $(($(date +%s) - $(stat --format=%Y /tmp/tick))) -lt 900 ]"
    return k8s.core.v1.ProbeArgs(
        exec_=k8s.core.v1.ExecActionArgs(command=["/bin/bash", "-c", recently]),
        period_seconds=300,
        timeout_seconds=10,
        failure_threshold=2,
    )


def schedules(args: PostgresHAArgs) -> Iterator[tuple[str, k8s.batch.v1.CronJobInitArgs]]:
    """Kind of backup to the CronJob that asks for it."""
    settings = args.settings.postgres.backup
    for kind, schedule in (
        ("full", settings.full_schedule),
        ("diff", settings.diff_schedule),
        ("verify", settings.verify_schedule),
    ):
        if schedule is not None:
            yield kind, _cron_job(args, kind, schedule)


def _cron_job(args: PostgresHAArgs, kind: str, schedule: str) -> k8s.batch.v1.CronJobInitArgs:
    described = metadata(args, f"{BACKUP}-{kind}", BACKUP)
    described.labels = args.labels.of(BACKUP, COMPONENT, **{KIND_LABEL: kind})
    return k8s.batch.v1.CronJobInitArgs(
        metadata=described,
        spec=cron_job_spec(
            schedule,
            k8s.batch.v1.JobSpecArgs(
                backoff_limit=0,
                active_deadline_seconds=_DEADLINE_SECONDS,
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=args.labels.of(BACKUP, COMPONENT)),
                    spec=_asking_pod(args, kind),
                ),
            ),
        ),
    )


def cron_job_spec(
    schedule: str, job: k8s.batch.v1.JobSpecArgs, *, suspended: bool = False
) -> k8s.batch.v1.CronJobSpecArgs:
    """One at a time, in UTC; a start that was missed is made up for within the hour."""
    return k8s.batch.v1.CronJobSpecArgs(
        schedule=schedule,
        time_zone="Etc/UTC",
        suspend=suspended,
        concurrency_policy="Forbid",
        starting_deadline_seconds=_START_WITHIN_SECONDS,
        successful_jobs_history_limit=_KEPT_JOBS,
        failed_jobs_history_limit=_KEPT_JOBS,
        job_template=k8s.batch.v1.JobTemplateSpecArgs(spec=job),
    )


def primary_environment(args: PostgresHAArgs) -> list[k8s.core.v1.EnvVarArgs]:
    """How `psql` reaches the primary; as whom, and with which password, `primary.sh` reads from files."""
    return [
        k8s.core.v1.EnvVarArgs(name=name, value=value)
        for name, value in {
            "PGHOST": names.service_host(PRIMARY_SERVICE, args.settings.namespaces.data),
            "PGPORT": str(names.POSTGRES_PORT),
            "PGDATABASE": names.DATABASE,
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": AUTHORITY_PATH,
            "PGCONNECT_TIMEOUT": "5",
        }.items()
    ]


def _asking_pod(args: PostgresHAArgs, kind: str) -> k8s.core.v1.PodSpecArgs:
    return job_pod(
        args,
        account=BACKUP,
        containers=[
            k8s.core.v1.ContainerArgs(
                name="ask",
                image=args.images.postgres,
                command=["/bin/bash", f"{SCRIPTS_PATH}/request.sh", kind],
                env=primary_environment(args),
                resources=resources(_ASKING_RESOURCES),
                security_context=container_security(),
                volume_mounts=[
                    k8s.core.v1.VolumeMountArgs(name="scripts", mount_path=SCRIPTS_PATH, read_only=True),
                    secret_mount(),
                ],
            )
        ],
        volumes=[scripts_volume(JOB_SCRIPTS_MAP), secret_volume(args.secrets[BACKUP])],
    )


def volume_claim(args: PostgresHAArgs) -> k8s.core.v1.PersistentVolumeClaimInitArgs | None:
    """The volume that all instances archive to, for target `volume`."""
    storage = args.settings.postgres.backup.volume
    if storage is None:
        return None
    needed = AccessMode.ONE_NODE if args.settings.postgres.instances == 1 else AccessMode.MANY_NODES
    return k8s.core.v1.PersistentVolumeClaimInitArgs(
        metadata=metadata(args, VOLUME_CLAIM, names.POSTGRES),
        spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=[(storage.access_mode or needed).value],
            storage_class_name=storage.class_name,
            resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": storage.size}),
        ),
    )
