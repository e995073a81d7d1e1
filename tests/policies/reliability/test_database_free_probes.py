from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.database_free_probes import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, paths

FIRST = "spec.template.spec.containers[0]"


def http(path: str, port: Any = 8080) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}}


def command(*words: str) -> dict[str, Any]:
    return {"exec": {"command": list(words)}}


@pytest.mark.parametrize(
    "probe",
    [
        http("/api/v2/version"),
        {"tcpSocket": {"port": 8793}},
        command("sh", "-c", "pg_isready --host 127.0.0.1"),
        command("/opt/airflow/bin/alive"),
    ],
)
@pytest.mark.parametrize("kind", ["livenessProbe", "readinessProbe", "startupProbe"])
def test_silent_on_compliant(kind: str, probe: dict[str, Any]) -> None:
    assert judge(RULE, deployment()) == []
    assert judge(RULE, change(deployment(), f"{FIRST}.{kind}", probe)) == []


@pytest.mark.parametrize(
    "probe",
    [
        command("airflow", "jobs", "check", "--job-type", "SchedulerJob"),
        command("sh", "-c", "CONNECTION_CHECK_MAX_COUNT=0 exec /entrypoint airflow jobs check"),
        command("python3", "-m", "airflow", "version"),
    ],
)
@pytest.mark.parametrize("kind", ["livenessProbe", "readinessProbe", "startupProbe"])
def test_the_command_line_in_any_probe(kind: str, probe: dict[str, Any]) -> None:
    assert paths(judge(RULE, change(deployment(), f"{FIRST}.{kind}", probe))) == [f"{FIRST}.{kind}.exec.command"]


@pytest.mark.parametrize("path", ["/api/v2/monitor/health", "/monitor/health/", "/api/v2/monitor/health?x=1"])
def test_monitor_health(path: str) -> None:
    found = judge(RULE, change(deployment(), f"{FIRST}.readinessProbe", http(path)))
    assert paths(found) == [f"{FIRST}.readinessProbe.httpGet.path"]


@pytest.mark.parametrize("port", [8974, 8974.0, "health"])
def test_the_scheduler_health_server_is_for_readiness(port: Any) -> None:
    live = change(deployment(), f"{FIRST}.livenessProbe", http("/health", port))
    ready = change(deployment(), f"{FIRST}.readinessProbe", http("/health", port))
    assert paths(judge(RULE, live)) == [f"{FIRST}.livenessProbe.httpGet.port"]
    assert judge(RULE, ready) == []


def test_asking_the_broker_is_for_readiness() -> None:
    probe = command("sh", "-c", "celery --app x inspect ping -d celery@$HOSTNAME")
    assert paths(judge(RULE, change(deployment(), f"{FIRST}.livenessProbe", probe)))
    assert judge(RULE, change(deployment(), f"{FIRST}.readinessProbe", probe)) == []


def test_absent() -> None:
    assert judge(RULE, change(deployment(), f"{FIRST}.livenessProbe", ABSENT)) == []


def test_unknown() -> None:
    path = f"{FIRST}.livenessProbe.exec.command"
    found = judge(RULE, change(deployment(), path, UNKNOWN))
    assert [(finding.path, finding.unknown) for finding in found] == [(path, True)]
