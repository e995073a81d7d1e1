"""Databases are backed up, backups are restored for trial, and old ones go."""

from collections.abc import Iterator
from functools import partial

from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..node import Node
from ..options import RELAXED, Option, OptionKind, Options

_DATABASES = "databases"
_JOBS = "jobs"
_RETENTION = "retention"


def check(stack: Stack, options: Options) -> Iterator[Finding]:
    """Databases without the CronJobs that back them up and try a restore, or without a retention."""
    jobs = stack.of_kind("CronJob")
    databases = stack.of_kind("StatefulSet")
    yield from each_resource(databases, partial(_database, jobs=jobs, options=options))


def _database(database: Resource, jobs: list[Resource], options: Options) -> Iterator[Finding]:
    if database.environment in options.texts(RELAXED.name) or not _is_database(database, options):
        return
    near = [job for job in jobs if job.namespace == database.namespace]
    for label in options.texts(_JOBS):
        if not any(_matches(job, label) and not job.props.at("spec", "suspend").true for job in near):
            yield Finding(
                what=f"holds data, and no CronJob labelled {label} runs in its namespace",
                path=database.props.at("metadata", "labels").path,
                resource=database,
            )
    keys = options.texts(_RETENTION)
    if keys and not any(_positive(_annotation(item, key)) for item in (database, *near) for key in keys):
        yield Finding(
            what="does not say how many backups are kept",
            path=_annotation(database, keys[0]).path,
            mend=f"bound what the backup tool keeps, and say so in the annotation {keys[0]} on the StatefulSet or on a "
            "backup's CronJob",
            resource=database,
        )


def _is_database(resource: Resource, options: Options) -> bool:
    holds = not resource.props.at("spec", "volumeClaimTemplates").empty
    return holds and any(_matches(resource, label) for label in options.texts(_DATABASES))


def _matches(resource: Resource, label: str) -> bool:
    """Whether it carries a label given as `key=value`."""
    key, _, value = label.partition("=")
    return resource.label(key) == value


def _annotation(resource: Resource, key: str) -> Node:
    return resource.props.at("metadata", "annotations", key)


def _positive(node: Node) -> bool:
    return node.text.isdigit() and int(node.text) > 0


RULE = StackRule(
    name="backups",
    title="Databases are backed up, restored for trial, and keep a stated number of backups",
    why="a volume that is lost or emptied takes every run, Connection and Variable along, and a backup that nobody "
    "ever restored may not be one",
    mend="add CronJobs for full backups and for a restore drill in the database's namespace, and a retention",
    severity=Severity.CRITICAL,
    references=("CIS Controls 11.2", "CIS Controls 11.5", "PostgreSQL: backup and restore"),
    options=(
        Option(
            name=_DATABASES,
            kind=OptionKind.TEXTS,
            default=["app.kubernetes.io/component=postgres-ha", "app.kubernetes.io/component=database"],
            description="Labels, as `key=value`, by which a StatefulSet with volumes is a database; one is enough.",
        ),
        Option(
            name=_JOBS,
            kind=OptionKind.TEXTS,
            default=["airflow-platform/backup=full", "airflow-platform/backup=drill"],
            description="Labels, as `key=value`, of the CronJobs that must run in the database's namespace; every one.",
        ),
        Option(
            name=_RETENTION,
            kind=OptionKind.TEXTS,
            default=["airflow-platform/backup-retention-full"],
            description="Annotations, on the StatefulSet or a CronJob, that hold how many backups (or days) are kept; one "
            "is enough, none means that retention is not looked at.",
        ),
        RELAXED,
    ),
    check=check,
)
