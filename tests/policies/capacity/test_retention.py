from typing import Any

import pytest
from airflow_guard.capacity.retention import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import config_map, container, deployment, judge, metadata, pod, resource

LOKI = """
schema_config:
  configs: []
compactor:
  retention_enabled: true
limits_config:
  retention_period: 744h
"""


def prometheus(*args: Any, **more: Any) -> list[Any]:
    return judge(RULE, deployment("prometheus", spec=pod(container("prometheus", args=list(args), **more))))


def operator(**spec: Any) -> list[Any]:
    made = {"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": metadata("k8s"), "spec": spec}
    return judge(RULE, made)


@pytest.mark.parametrize(
    "args",
    [
        ["--storage.tsdb.path=/data", "--storage.tsdb.retention.time=15d"],
        ["--storage.tsdb.path=/data", "--storage.tsdb.retention.size=10GB"],
        ["--storage.tsdb.path=/data", "--storage.tsdb.retention.time", "15d"],
        ["--storage.tsdb.path=/data", "--agent"],
        ["/usr/bin/prometheus-postgres-exporter"],
        ["airflow", "scheduler"],
    ],
)
def test_compliant(args: list[str]) -> None:
    assert prometheus(*args) == []


def test_compliant_elsewhere() -> None:
    assert judge(RULE, config_map(**{"loki.yaml": LOKI})) == []
    assert judge(RULE, config_map(**{"prometheus.yml": "global:\n  scrape_interval: 30s\n"})) == []
    assert operator(retention="15d") == operator(retentionSize="10GB") == []
    other = {"apiVersion": "example.com/v1", "kind": "Prometheus", "metadata": metadata("x"), "spec": {}}
    assert not RULE.applies(resource(other))


@pytest.mark.parametrize(
    "args",
    [
        ["--storage.tsdb.path=/data"],
        ["--storage.tsdb.path=/data", "--storage.tsdb.retention.time=0"],
        ["--storage.tsdb.path=/data", "--storage.tsdb.retention.size=0GB"],
        ["/bin/prometheus", "--config.file=/etc/prometheus.yml"],
    ],
)
def test_violating(args: list[str]) -> None:
    [found] = prometheus(*args)
    assert (found.what, found.part) == ("does not say how long it keeps metrics", "container prometheus")


@pytest.mark.parametrize(
    ("good", "bad"), [("retention_enabled: true", "retention_enabled: false"), ("744h", "0s"), ("744h", '"0"')]
)
def test_violating_logs(good: str, bad: str) -> None:
    [found] = judge(RULE, config_map(**{"loki.yaml": LOKI.replace(good, bad)}))
    assert (found.what, found.path) == ("keeps logs for ever (loki.yaml)", 'data["loki.yaml"]')


def test_absent() -> None:
    [found] = operator()
    assert found.path == "spec.retention"
    [found] = judge(RULE, config_map(**{"loki.yaml": "schema_config:\n  configs: []\n"}))
    assert "for ever" in found.what
    assert judge(RULE, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("x")}) == []


def test_unknown() -> None:
    [found] = prometheus("--storage.tsdb.path=/data", UNKNOWN)
    assert found.unknown
    [found] = judge(RULE, config_map(**{"loki.yaml": UNKNOWN, "other": "x"}))
    assert found.unknown
