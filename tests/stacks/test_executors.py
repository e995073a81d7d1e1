"""Stacks with another executor than Celery's: what is not there, and what whoever runs the tasks then has."""

from typing import Any

from components.contract.edges import Edge, edges
from components.monitoring_stack import dashboard, rules
from components.platform.declarations import consumers, workloads
from local.engine.recording import Recording
from settings.load import parse
from settings.platform_settings import PlatformSettings
from tests.harness import kubernetes, record_stack_of
from tests.settings.executors import local, pods
from tests.settings.external import BUNDLE
from tests.settings.stack_files import values_of
from tests.stacks.restarts import Change, Effect, changed, effects_on, restarts
from tests.stacks.test_order import waits_for

STACKS = "tests/drills/executors/stacks"
WITH_BUNDLE = parse(changed(local(), {"airflow.bundles": {"team": BUNDLE}}))


def small() -> Recording:
    return record_stack_of(STACKS, "small")


def scheduler(recording: Recording) -> dict[str, Any]:
    return kubernetes(recording, "Deployment")["scheduler"]["spec"]["template"]


def edges_of(settings: PlatformSettings, workload: str) -> set[Edge]:
    return {edge for edge in edges(workloads(settings)) if workload in (edge.source, edge.target)}


def test_there_is_no_broker_no_worker_and_nothing_that_scales_them() -> None:
    recording = small()
    assert set(kubernetes(recording, "StatefulSet")) == {"postgres", "prometheus"}
    gone = {"valkey", "worker", "keda", "drain"}
    names = {
        name for kind in ("Deployment", "Service", "NetworkPolicy", "Secret") for name in kubernetes(recording, kind)
    }
    assert {name for name in names if any(part in name for part in gone)} == set()
    assert [r.urn for r in recording.resources if "redis" in r.name or "broker" in r.name] == []


def test_the_scheduler_lets_its_tasks_end_and_has_the_room_of_a_worker() -> None:
    template = scheduler(small())
    assert template["spec"]["terminationGracePeriodSeconds"] == 300 + 120
    assert template["metadata"]["annotations"]["airflow-platform/longest-task-seconds"] == "300"
    assert template["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    assert volumes["logs"]["emptyDir"]["sizeLimit"] == "2Gi"
    (container,) = template["spec"]["containers"]
    assert {"name": "logs", "containerPort": 8793} in container["ports"]
    # The log server and the tasks need no token of the cluster's.
    assert template["spec"]["automountServiceAccountToken"] is False


def test_it_comes_after_the_execution_api_and_before_the_end_of_a_change_of_version() -> None:
    found = waits_for(small())
    assert {"airflow-migration", "airflow-api-execution"} <= found["airflow-scheduler"]
    assert "airflow-scheduler" in found["resumption-job"]


def test_it_talks_to_whom_a_worker_would_and_the_api_server_reads_its_logs() -> None:
    settings = parse(local())
    pooler, statsd = (
        Edge(source="scheduler", target="postgres-pooler", port=5432),
        Edge(source="scheduler", target="statsd-exporter", port=9125, protocol="UDP"),
    )
    tasks = {
        Edge(source="scheduler", target="api-execution", port=8080),
        Edge(source="scheduler", target="internet", port=0),
        Edge(source="api-core", target="scheduler", port=8793),
    }
    assert edges_of(settings, "scheduler") == {pooler, statsd, *tasks}
    assert Edge(source="scheduler", target="git-team", port=8443) in edges_of(WITH_BUNDLE, "scheduler")


def test_it_reads_the_key_of_the_log_server_and_the_tokens_of_bundles_and_nothing_of_a_broker() -> None:
    (own,) = [consumer for consumer in consumers(WITH_BUNDLE) if consumer.name == "scheduler"]
    assert "api_secret_key" in own.files
    assert set(own.given) == {"given_team_token"}
    assert {value for consumer in consumers(WITH_BUNDLE) for value in consumer.values() if "broker" in value} == set()


def test_no_alert_and_no_panel_asks_for_what_is_not_there() -> None:
    settings = parse(local())
    texts = {alert.name: alert.expr for alert in rules.alerts(settings)}
    gone = {alert.name for alert in rules.alerts(parse(values_of("dev")))} - set(texts)
    assert gone == {
        *("BrokerDown", "QueueLong", "QueueStill", "WorkerDrainStuck"),
        *("WorkersScaleInHeld", "WorkersScalerDown", "WorkersScalerFallback"),
    }
    queries = [query for panel in dashboard.panels(settings) for query in panel.queries.values()]
    assert [text for text in (*texts.values(), *queries) if "redis_" in text or "worker" in text] == []
    assert len(dashboard.panels(settings)) == len(dashboard.PANELS) - 1


def in_pods(stack: str = "pods") -> Recording:
    return record_stack_of(STACKS, stack)


def test_pods_need_no_broker_and_have_a_namespace_with_a_ceiling_of_its_own() -> None:
    recording = in_pods()
    assert set(kubernetes(recording, "StatefulSet")) == {"postgres", "prometheus", "log-store"}
    assert "redis" not in {r.name.split("-")[0] for r in recording.resources}
    space = kubernetes(recording, "Namespace")["pods-tasks"]
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    there = [r.inputs for r in recording.resources if r.type.endswith((":ResourceQuota", ":LimitRange"))]
    assert {o["kind"] for o in there if o["metadata"]["namespace"] == "pods-tasks"} == {"ResourceQuota", "LimitRange"}


def test_the_scheduler_makes_pods_there_alone_and_reads_no_secret() -> None:
    recording = in_pods()
    roles = [r.inputs for r in recording.resources if r.type.endswith(":Role")]
    rules = {r["metadata"]["name"]: r["rules"] for r in roles if r["metadata"]["namespace"] == "pods-tasks"}
    verbs = ["create", "delete", "get", "list", "patch", "watch"]
    assert rules["scheduler"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": verbs}]
    assert [rule["resources"] for rule in rules["task-log-reader"]] == [["pods"], ["pods/log"]]
    # Nobody else lists pods there: what they are told to run holds the token of their task.
    assert set(rules) == {"scheduler", "task-log-reader"}
    bindings = [r.inputs for r in recording.resources if r.type.endswith(":RoleBinding")]
    bound = {
        (b["metadata"]["namespace"], b["roleRef"]["name"]) for b in bindings if b["subjects"][0]["name"] == "scheduler"
    }
    assert bound == {("pods-tasks", "scheduler")}


def test_who_makes_and_who_shows_pods_holds_a_token_and_nobody_else_of_airflow() -> None:
    templates = {name: found["spec"]["template"] for name, found in kubernetes(in_pods(), "Deployment").items()}
    airflow = {"scheduler", "dag-processor", "triggerer", "api-core", "api-execution"}
    holding = {name for name in airflow if templates[name]["spec"]["automountServiceAccountToken"]}
    assert holding == {"scheduler", "api-core"}


def test_a_task_pod_talks_to_whom_a_worker_would_but_to_no_broker_and_serves_nothing() -> None:
    wanted = {
        Edge(source="task", target="api-execution", port=8080),
        Edge(source="task", target="statsd-exporter", port=9125, protocol="UDP"),
        Edge(source="task", target="log-store", port=7070),
        Edge(source="task", target="internet", port=0),
    }
    for executor in ("kubernetes", "hybrid"):
        assert edges_of(parse(pods(executor)), "task") == wanted


def test_the_scheduler_comes_after_the_execution_api_that_its_pods_talk_to() -> None:
    for stack in ("pods", "hybrid"):
        found = waits_for(in_pods(stack))
        assert "airflow-api-execution" in found["airflow-scheduler"]


def test_pods_without_workers_have_no_alert_about_workers_and_pods_beside_workers_have_all() -> None:
    every = {alert.name for alert in rules.alerts(parse(values_of("dev")))}
    with_pods = {alert.name for alert in rules.alerts(parse(pods()))}
    assert {name for name in with_pods if "Worker" in name or "Queue" in name or "Broker" in name} == {"QueueStill"}
    assert every <= {alert.name for alert in rules.alerts(parse(pods("hybrid")))}


def test_what_only_pods_need_is_on_the_path_of_stacks_that_have_them() -> None:
    for recording, path in (
        (small(), "/opt/airflow/config"),
        (in_pods("hybrid"), "/opt/airflow/config:/opt/kubernetes"),
    ):
        for name, found in kubernetes(recording, "Deployment").items():
            for container in found["spec"]["template"]["spec"]["containers"]:
                given = {entry["name"]: entry.get("value") for entry in container.get("env", ())}
                assert given.get("PYTHONPATH") in (None, path), name


_OF_PODS = (
    Change(
        title="Size of a task's pod",
        values={"airflow.taskPods.resources": {"limits": {"memory": "2Gi"}, "requests": {"memory": "1Gi"}}},
        effect=Effect(),
    ),
    Change(title="Longest task", values={"airflow.taskPods.longestTaskSeconds": 60}, effect=Effect()),
    Change(title="Most pods", values={"airflow.taskPods.maxPods": 9}, effect=Effect()),
    Change(title="Host name", values={"ingress.host": "a.example.org"}, effect=restarts("edge")),
)


def test_a_change_of_the_pods_of_tasks_restarts_nobody() -> None:
    values = changed(pods(), {"images.build": False})
    assert dict(zip((c.title for c in _OF_PODS), effects_on(values, _OF_PODS), strict=True)) == {
        c.title: c.effect for c in _OF_PODS
    }


_BUNDLE = {key: value for key, value in BUNDLE.items() if key != "tokenFrom"}

CHANGES = (
    Change(title="Tasks at once", values={"airflow.parallelism": 4}, effect=restarts("scheduler")),
    Change(title="Longest task", values={"airflow.local": {"longestTaskSeconds": 60}}, effect=restarts("scheduler")),
    Change(title="Host name", values={"ingress.host": "a.example.org"}, effect=restarts("scheduler", "edge")),
    Change(
        title="DAGs from Git",
        values={"airflow.bundles": {"team": _BUNDLE}},
        effect=Effect(
            restarts=frozenset({"scheduler", "dag-processor", "prometheus"}),
            starts=frozenset({"dag-processor-team"}),
            runs=frozenset({"migration"}),
        ),
    ),
    Change(
        title="Another commit",
        values={"airflow.bundles.team.ref": "2" * 40},
        effect=restarts("dag-processor-team"),
        before={"airflow.bundles": {"team": _BUNDLE}},
    ),
)


def test_a_change_restarts_the_scheduler_where_it_would_restart_workers() -> None:
    # What is built here has no name before it is.
    values = changed(local(), {"images.build": False})
    found = dict(zip((change.title for change in CHANGES), effects_on(values, CHANGES), strict=True))
    assert found == {change.title: change.effect for change in CHANGES}
