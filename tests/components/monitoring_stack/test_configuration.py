"""Configurations that the real tools accept, and targets that follow from the workloads."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from components.contract.peers import Port, Workload
from components.monitoring_stack import dashboard
from components.monitoring_stack.manifests import alertmanager_config, operator, prometheus_config, statsd
from components.monitoring_stack.peers import workloads
from components.monitoring_stack.secrets import consumers
from components.redis_ha.peers import workloads as broker_workloads
from settings.load import parse
from settings.monitoring import ReceiverSettings
from tests.settings.external import with_broker, with_database
from tests.settings.stack_files import changed, values_of

DATABASE = Workload(
    name="postgres",
    namespace="airflow-data",
    ports=(
        Port(name="postgresql", number=5432),
        Port(name="patroni", number=8008, scrape_path="/metrics", scheme="https"),
        Port(name="metrics", number=9187, scrape_path="/metrics"),
    ),
)
DEV = parse(values_of("dev"))


def run(*command: str) -> str:
    tool = shutil.which(command[0])
    assert tool, f"{command[0]} is missing: `make test` installs it"
    result = subprocess.run([tool, *command[1:]], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_only_ports_with_metrics_are_scraped_each_its_own_way() -> None:
    config = json.loads(prometheus_config.render(DEV, [DATABASE]))
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert set(jobs) == {"postgres-patroni", "postgres-metrics", "containers", "volumes"}
    assert jobs["postgres-patroni"]["scheme"] == "https"
    assert jobs["postgres-patroni"]["tls_config"]["server_name"] == "postgres.airflow-data.svc.cluster.local"
    assert "tls_config" not in jobs["postgres-metrics"]
    assert jobs["postgres-metrics"]["kubernetes_sd_configs"][0]["namespaces"] == {"names": ["airflow-data"]}


def test_the_broker_is_asked_for_the_queues_by_name_and_never_told_them() -> None:
    values = changed(values_of("dev"), "workers.queues.heavy", {"minReplicas": 1, "maxReplicas": 1, "concurrency": 1})
    settings = parse(changed(values, "airflow.defaultPoolSlots", 32))
    (broker,) = broker_workloads(settings)
    asked = {"target": ["rediss://localhost:6379"], "check-single-keys": ["db0=default,db0=heavy"]}
    jobs = {job["job_name"]: job for job in json.loads(prometheus_config.render(settings, [broker]))["scrape_configs"]}
    assert (jobs["valkey-metrics"]["metrics_path"], jobs["valkey-metrics"]["params"]) == ("/scrape", asked)
    (endpoint,) = operator.pod_monitor_spec(broker, interval_seconds=30, authority="x")["podMetricsEndpoints"]
    assert (endpoint["path"], endpoint["params"]) == ("/scrape", asked)
    assert "params" not in json.dumps(prometheus_config.render(settings, [DATABASE]))


def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    config = json.loads(prometheus_config.render(DEV, [DATABASE, *workloads(DEV)]))
    for job in config["scrape_configs"]:
        # Debian 12 builds promtool without Kubernetes discovery; the running Prometheus is asked by an e2e test.
        job["static_configs"] = [{"targets": ["localhost:1"]}]
        del job["kubernetes_sd_configs"]
    path = tmp_path / "prometheus.yml"
    path.write_text(json.dumps(config))
    assert "SUCCESS" in run("promtool", "check", "config", "--syntax-only", str(path))


@pytest.mark.parametrize(
    "receivers",
    [ReceiverSettings(), ReceiverSettings(critical="https://pager.example.com/hook", low="https://t.example.com/")],
)
def test_amtool_accepts_the_configuration(receivers: ReceiverSettings, tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager_config.render(receivers))
    assert "SUCCESS" in run("amtool", "check-config", str(path))


def test_each_severity_goes_to_its_own_receiver(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager_config.render(ReceiverSettings(critical="https://pager.example.com/hook")))
    routed = ("amtool", "config", "routes", "test", f"--config.file={path}")
    assert run(*routed, "severity=critical").strip() == "critical"
    assert run(*routed, "severity=low").strip() == "nobody"


def test_histograms_reach_beyond_the_bounds_that_alerts_ask_for() -> None:
    buckets = json.loads(statsd.mapping())["defaults"]["histogram_options"]["buckets"]
    assert {120, 3600} <= set(buckets)
    assert buckets == sorted(buckets)
    assert buckets[-1] > 3600


def test_the_dashboard_has_the_ten_panels_without_overlap() -> None:
    panels = dashboard.render(DEV)["panels"]
    assert len(panels) == 10
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == 10
    assert all(panel["targets"] for panel in panels)


def test_no_panel_asks_for_the_metrics_of_a_broker_that_nobody_exports() -> None:
    shown = dashboard.panels(parse(with_broker("dev")))
    assert len(shown) == len(dashboard.PANELS)
    assert "redis_" not in str(shown)
    assert "redis_" in str(dashboard.panels(DEV))


def test_no_panel_asks_patroni_about_an_external_database() -> None:
    shown = dashboard.panels(parse(with_database("dev", database="flow")))
    assert len(shown) == len(dashboard.PANELS)
    assert "patroni_" not in str(shown)
    assert 'datname="flow"' in str(shown)
    assert "patroni_" in str(dashboard.panels(DEV))


def test_promtool_can_read_every_query_of_the_dashboard(tmp_path: Path) -> None:
    external = (parse(with_broker("dev")), parse(with_database("dev")))
    shown = (*dashboard.PANELS, *(panel for settings in external for panel in dashboard.panels(settings)))
    queries = [query for panel in shown for query in panel.queries.values()]
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries)]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    assert f"{len(queries)} rules found" in run("promtool", "check", "rules", str(path))


def test_with_the_operator_nothing_of_prometheus_is_ours() -> None:
    settings = parse(changed(values_of("prod"), "monitoring.mode", "operator"))
    assert [workload.name for workload in workloads(settings)] == ["statsd-exporter"]
    assert consumers(settings) == ()


def test_the_operator_scrapes_the_same_ports() -> None:
    spec = operator.pod_monitor_spec(DATABASE, interval_seconds=30, authority="prometheus-authority")
    patroni, metrics = spec["podMetricsEndpoints"]
    assert (patroni["port"], patroni["scheme"]) == ("patroni", "https")
    assert patroni["tlsConfig"]["serverName"] == "postgres.airflow-data.svc.cluster.local"
    assert "tlsConfig" not in metrics
    assert spec["selector"] == {"matchLabels": {"app.kubernetes.io/name": "postgres"}}
