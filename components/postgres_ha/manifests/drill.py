"""The restore drill: the newest backup in a throwaway instance of the Job's own pod."""

import pulumi_kubernetes as k8s

from components.contract import airflow
from components.contract.pods import (
    container_security,
    resources,
    scratch_volume,
    secret_mount,
    secret_volume,
)
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.manifests.backup import (
    JOB_SCRIPTS_MAP,
    KIND_LABEL,
    archive_mounts,
    archive_volumes,
    cron_job_spec,
    primary_environment,
)
from components.postgres_ha.manifests.common import job_pod, metadata, scripts_volume
from components.postgres_ha.names import (
    COMPONENT,
    DATA_PATH,
    RESTORE_DRILL,
    SCRIPTS_PATH,
    SOCKET_PATH,
    VOLUME_PATH,
)

_NEVER = "0 0 1 1 *"
_KEPT_SECONDS = 3600
_REPORT = "/report"
_SEGMENTS_SIZE = "32Mi"


def cron_job(args: PostgresHAArgs) -> k8s.batch.v1.CronJobInitArgs:
    """By the clock, or suspended for those who run it by hand: a Job is made from it either way."""
    settings = args.settings.postgres.backup.drill
    described = metadata(args, RESTORE_DRILL, RESTORE_DRILL)
    described.labels = args.labels.of(RESTORE_DRILL, COMPONENT, **{KIND_LABEL: "drill"})
    return k8s.batch.v1.CronJobInitArgs(
        metadata=described,
        spec=cron_job_spec(
            settings.schedule or _NEVER,
            k8s.batch.v1.JobSpecArgs(
                backoff_limit=0,
                # With the pod goes the volume that it restored to; the outcome stands in the database.
                ttl_seconds_after_finished=_KEPT_SECONDS,
                active_deadline_seconds=settings.timeout_seconds,
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=args.labels.of(RESTORE_DRILL, COMPONENT)),
                    spec=_pod(args),
                ),
            ),
            suspended=settings.schedule is None,
        ),
    )


def _pod(args: PostgresHAArgs) -> k8s.core.v1.PodSpecArgs:
    """Restore, then a plain instance beside the check. No token, and nothing listens on the network."""
    return job_pod(
        args,
        account=RESTORE_DRILL,
        init_containers=[_restore(args), _instance(args)],
        containers=[_verify(args)],
        volumes=[
            scripts_volume(JOB_SCRIPTS_MAP),
            secret_volume(args.secrets[RESTORE_DRILL]),
            *archive_volumes(args, RESTORE_DRILL),
            _data_volume(args),
            scratch_volume("sockets", size="1Mi"),
            scratch_volume("report", size="16Mi"),
            scratch_volume("tmp", size="64Mi"),
            scratch_volume("segments", size=_SEGMENTS_SIZE, in_memory=True),
        ],
    )


def _restore(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    settings = args.settings.postgres.backup.drill
    return _postgres(
        args,
        "restore",
        "drill_restore.sh",
        env=[
            *primary_environment(args),
            k8s.core.v1.EnvVarArgs(name="TIMEOUT_SECONDS", value=str(settings.timeout_seconds)),
        ],
        mounts=[secret_mount(), *archive_mounts(args), _mount("report", _REPORT)],
    )


def _instance(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    instance = _postgres(args, "instance", "drill_instance.sh", env=[], mounts=[])
    # Runs beside the check until that has ended.
    instance.restart_policy = "Always"
    instance.startup_probe = k8s.core.v1.ProbeArgs(
        exec_=k8s.core.v1.ExecActionArgs(command=["pg_isready", "--quiet", f"--host={SOCKET_PATH}"]),
        period_seconds=2,
        timeout_seconds=5,
        failure_threshold=60,
    )
    return instance


def _postgres(
    args: PostgresHAArgs,
    name: str,
    script_name: str,
    *,
    env: list[k8s.core.v1.EnvVarArgs],
    mounts: list[k8s.core.v1.VolumeMountArgs],
) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name=name,
        image=args.images.postgres,
        command=["/bin/bash", f"{SCRIPTS_PATH}/{script_name}", DATA_PATH],
        env=env,
        resources=resources(args.settings.postgres.backup.drill.resources),
        security_context=container_security(),
        volume_mounts=[
            _mount("data", VOLUME_PATH),
            _mount("sockets", SOCKET_PATH),
            _mount("tmp", "/tmp"),  # noqa: S108 - of the container's own
            _mount("segments", "/dev/shm"),  # noqa: S108 - of the container's own
            _mount("scripts", SCRIPTS_PATH, read_only=True),
            *mounts,
        ],
    )


def _verify(args: PostgresHAArgs) -> k8s.core.v1.ContainerArgs:
    settings = args.settings.postgres.backup.drill
    security = container_security()
    security.run_as_user = security.run_as_group = airflow.UID
    return k8s.core.v1.ContainerArgs(
        name="verify",
        image=args.images.airflow,
        command=["python", f"{SCRIPTS_PATH}/drill_verify.py"],
        env=[
            *primary_environment(args),
            k8s.core.v1.EnvVarArgs(name="MAX_DATA_LOSS_SECONDS", value=str(settings.max_data_loss_seconds)),
            k8s.core.v1.EnvVarArgs(name="AIRFLOW_HOME", value="/tmp"),  # noqa: S108 - of the container's own
        ],
        resources=resources(settings.resources),
        security_context=security,
        volume_mounts=[
            _mount("sockets", SOCKET_PATH, read_only=True),
            _mount("tmp", "/tmp"),  # noqa: S108 - of the container's own
            _mount("scripts", SCRIPTS_PATH, read_only=True),
            _mount("report", _REPORT, read_only=True),
            secret_mount(),
        ],
    )


def _mount(name: str, path: str, *, read_only: bool | None = None) -> k8s.core.v1.VolumeMountArgs:
    return k8s.core.v1.VolumeMountArgs(name=name, mount_path=path, read_only=read_only)


def _data_volume(args: PostgresHAArgs) -> k8s.core.v1.VolumeArgs:
    """A volume like an instance's own, which comes and goes with the pod."""
    storage = args.settings.postgres.storage
    return k8s.core.v1.VolumeArgs(
        name="data",
        ephemeral=k8s.core.v1.EphemeralVolumeSourceArgs(
            volume_claim_template=k8s.core.v1.PersistentVolumeClaimTemplateArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels=args.labels.selector(RESTORE_DRILL)),
                spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
                    access_modes=["ReadWriteOnce"],
                    storage_class_name=storage.class_name,
                    resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": storage.size}),
                ),
            )
        ),
    )
