"""CronJobs that run Airflow's image."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract.airflow_pods import Process, Surroundings, metadata, pod_template

_KEPT_JOBS = 2


def cron_job(
    process: Process,
    around: Surroundings,
    waits_for: pulumi.Input[str],
    *,
    schedule: str,
    deadline_seconds: int,
    start_within_seconds: int,
) -> k8s.batch.v1.CronJobInitArgs:
    """One at a time, in UTC, never tried again before its next time.

    Args:
        process: what it runs.
        around: what it shares with others.
        waits_for: what has to be there before.
        schedule: five cron fields.
        deadline_seconds: for all of a run.
        start_within_seconds: a start that was missed for longer is left out.
    """
    return k8s.batch.v1.CronJobInitArgs(
        metadata=metadata(process, around, process.name, waits_for),
        spec=k8s.batch.v1.CronJobSpecArgs(
            schedule=schedule,
            time_zone="Etc/UTC",
            concurrency_policy="Forbid",
            starting_deadline_seconds=start_within_seconds,
            successful_jobs_history_limit=_KEPT_JOBS,
            failed_jobs_history_limit=_KEPT_JOBS,
            job_template=k8s.batch.v1.JobTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels=metadata(process, around, process.name).labels),
                spec=k8s.batch.v1.JobSpecArgs(
                    backoff_limit=0,
                    active_deadline_seconds=deadline_seconds,
                    template=pod_template(process, around, restart_policy="Never"),
                ),
            ),
        ),
    )
