"""What typical changes of a stack file restart, and the table of it in `docs/operations/changes.md`.

`python -m tests.stacks.restarts` (`make golden`) writes the table anew.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local import paths
from settings.load import parse
from tests.settings.stack_files import values_of
from tests.stacks.quick import Pods, pods_of

STACK = "prod"
PAGE = paths.checkout() / "docs" / "operations" / "changes.md"
BEGIN, END = "<!-- changes -->\n", "<!-- end of changes -->\n"

AIRFLOW = frozenset({"scheduler", "dag-processor", "triggerer", "api-core", "api-execution"})
WORKERS = frozenset({"worker-default"})
NOBODY = frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change does to pods.

    Attributes:
        restarts: Deployments and StatefulSets whose pods are replaced.
        starts: those that were not there before.
        runs: Jobs that run again, by the name of their process.
    """

    restarts: frozenset[str] = NOBODY
    starts: frozenset[str] = NOBODY
    runs: frozenset[str] = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of the stack file.

    Attributes:
        title: for a person.
        values: dotted key path to its new value.
        effect: what it does, and nothing else.
        before: what the stack file says already, in the same form.
    """

    title: str
    values: Mapping[str, Any]
    effect: Effect
    before: Mapping[str, Any] = field(default_factory=dict[str, Any])


def restarts(*names: str) -> Effect:
    """An effect that restarts these and does nothing else."""
    return Effect(restarts=frozenset(names))


_QUEUE = {"minReplicas": 1, "maxReplicas": 2, "concurrency": 4, "longestTaskSeconds": 600}
_NO_EFFECT = Effect()
_BUNDLE = {"url": "https://git.example.com/team/dags.git", "ref": "1" * 40}
_DECLARED = {"pools": {"etl": {"slots": 5}}}

CHANGES: tuple[Change, ...] = (
    Change(title="Slots of the default pool", values={"airflow.defaultPoolSlots": 900}, effect=Effect(runs=frozenset({"migration"}))),
    Change(title="Parallelism", values={"airflow.parallelism": 500}, effect=restarts("scheduler")),
    Change(title="When a queued task is sent again", values={"airflow.taskQueuedTimeoutSeconds": 240}, effect=restarts("scheduler")),
    Change(title="Tasks of one DAG at once", values={"airflow.maxActiveTasksPerDag": 32}, effect=restarts("dag-processor")),
    Change(title="New DAGs wait or not", values={"airflow.dagsPausedAtCreation": False}, effect=restarts("dag-processor")),
    Change(title="Server processes of the api-servers for people", values={"airflow.apiCore.workers": 1}, effect=restarts("api-core")),
    Change(title="Log level of the triggerers", values={"airflow.triggerer.logLevel": "DEBUG"}, effect=restarts("triggerer")),
    Change(title="Log level of a queue's workers", values={"workers.queues.default.logLevel": "WARNING"}, effect=restarts("worker-default")),
    Change(title="A mapped role of the login provider", values={"airflow.auth.oidc.roleMapping.airflow-guests": ["Viewer"]}, effect=restarts("api-core")),
    Change(title="A queue more", values={"workers.queues.heavy": _QUEUE, "airflow.parallelism": 404, "airflow.defaultPoolSlots": 808}, effect=Effect(restarts=frozenset({"scheduler", "dag-processor", "drain-controller", "prometheus"}), starts=frozenset({"worker-heavy"}), runs=frozenset({"migration"}))),
    Change(title="Tasks that a worker runs at once", values={"workers.queues.default.concurrency": 12}, effect=restarts("worker-default")),
    Change(title="Most workers of a queue", values={"workers.queues.default.maxReplicas": 40}, effect=_NO_EFFECT),
    Change(title="Longest task of a queue", values={"workers.queues.default.longestTaskSeconds": 10800}, effect=restarts("worker-default")),
    Change(title="Bounds of a queue's scaling", values={"workers.queues.default.scaling": {"queuedUp": 60}}, effect=_NO_EFFECT),
    Change(title="Memory of the broker's data", values={"redis.maxMemory": "1Gi"}, effect=restarts("valkey")),
    Change(title="Connections of the pooler to the database", values={"postgres.pooler.poolSize": 40}, effect=restarts("postgres-pooler")),
    Change(title="When full backups are taken", values={"postgres.backup.fullSchedule": "15 2 * * *"}, effect=restarts("postgres")),
    Change(title="The first pool that the stack declares", values={"airflow.declared": _DECLARED}, effect=Effect(restarts=frozenset({"prometheus"}), starts=frozenset(), runs=frozenset({"migration"}))),
    Change(title="Slots of a declared pool", values={"airflow.declared.pools.etl.slots": 12}, effect=Effect(runs=frozenset({"declared"})), before={"airflow.declared": _DECLARED}),
    Change(title="A declared pool less", values={"airflow.declared.pools": {}}, effect=Effect(runs=frozenset({"declared"})), before={"airflow.declared": _DECLARED}),
    Change(title="Drift is put back or only shown", values={"airflow.declared.repair": True}, effect=_NO_EFFECT, before={"airflow.declared": _DECLARED}),
    Change(title="The first DAGs from Git", values={"airflow.bundles": {"team": _BUNDLE}}, effect=Effect(restarts=frozenset({"dag-processor", "worker-default", "prometheus"}), starts=frozenset({"dag-processor-team"}), runs=frozenset({"migration"}))),
    Change(title="DAGs from Git: another commit", values={"airflow.bundles.team.ref": "2" * 40}, effect=restarts("dag-processor-team"), before={"airflow.bundles": {"team": _BUNDLE}}),
    Change(title="DAGs from Git: a repository more", values={"airflow.bundles.other": _BUNDLE}, effect=Effect(restarts=WORKERS, starts=frozenset({"dag-processor-other"}), runs=frozenset({"migration"})), before={"airflow.bundles": {"team": _BUNDLE}}),
    Change(title="Another bucket for task logs", values={"airflow.logs.s3.bucket": "other-logs"}, effect=restarts("triggerer", "api-core", "worker-default")),
    Change(title="How long the store of the stack's own keeps task logs", values={"airflow.logs.bundled.keepDays": 60}, effect=_NO_EFFECT, before={"airflow.logs": {"bundled": {"storage": {"size": "50Gi"}}}}),
    Change(title="How long old rows are kept", values={"airflow.cleaning.keepDays": 30}, effect=_NO_EFFECT),
    Change(title="How many backups are kept", values={"postgres.backup.retention": {"full": 21}}, effect=_NO_EFFECT),
    Change(title="How long metrics are kept", values={"monitoring.retentionDays": 60}, effect=restarts("prometheus")),
    Change(title="How often metrics are read", values={"monitoring.scrapeIntervalSeconds": 60}, effect=restarts("prometheus")),
    Change(title="Host name of the platform", values={"ingress.host": "airflow.example.org"}, effect=restarts("edge", "worker-default")),
    Change(title="Another image of Airflow", values={"images.overrides": {"airflow": f"registry.example.com/airflow@sha256:{'1' * 64}"}}, effect=Effect(restarts=AIRFLOW | WORKERS | {"drain-controller"}, runs=frozenset({"migration", "resumption"}))),
)  # fmt: skip
"""What the page lists; each is rendered, and its pods compared with those of the stack file as it is."""


def changed(values: Mapping[str, Any], paths: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a stack file with others at dotted key paths."""
    result = copy.deepcopy(dict(values))
    for path, value in copy.deepcopy(dict(paths)).items():
        *parents, last = path.split(".")
        place = result
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = value
    return result


def effects() -> list[Effect]:
    """What each of `CHANGES` really does, in their order."""
    return effects_on(values_of(STACK), CHANGES)


def effects_on(values: Mapping[str, Any], changes: Iterable[Change]) -> list[Effect]:
    """What changes of these values do, each for itself."""
    plain = pods_of(parse(values, STACK))
    found: list[Effect] = []
    for change in changes:
        start = changed(values, change.before)
        before = pods_of(parse(start, STACK)) if change.before else plain
        found.append(_effect(before, pods_of(parse(changed(start, change.values), STACK))))
    return found


def _effect(before: Pods, after: Pods) -> Effect:
    def named(keys: Iterable[tuple[str, str]], *, jobs: bool) -> frozenset[str]:
        return frozenset(name for token, name in keys if token.endswith(":Job") == jobs)

    different = [key for key in before.keys() & after.keys() if _deciding(key, before) != _deciding(key, after)]
    return Effect(
        restarts=named(different, jobs=False),
        starts=named(after.keys() - before.keys(), jobs=False),
        runs=named(different, jobs=True),
    )


def _deciding(key: tuple[str, str], pods: Pods) -> Any:
    """What has to change for something to happen: a Job's name, as it cannot be changed, and otherwise the pods."""
    item = pods[key]
    return item["metadata"]["name"] if key[0].endswith(":Job") else item["spec"]["template"]


def table() -> str:
    """One line per change."""
    lines = ["| Change | Key | Restarts | Besides |", "|---|---|---|---|"]
    for change in CHANGES:
        keys = ", ".join(f"`{key}`" for key in change.values)
        effect = change.effect
        besides = [
            *(f"starts `{name}`" for name in sorted(effect.starts)),
            *(f"runs the Job `{name}`" for name in sorted(effect.runs)),
        ]
        stopped = ", ".join(f"`{name}`" for name in sorted(effect.restarts)) or "nobody"
        lines.append(f"| {change.title} | {keys} | {stopped} | {', '.join(besides)} |")
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """The page with another table between its marks."""
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}{table()}{END}{tail}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(with_table(PAGE.read_text()))


if __name__ == "__main__":
    main()
