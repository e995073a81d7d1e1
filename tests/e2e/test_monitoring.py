"""The running Prometheus: every target answers, every query of the dashboard has data, no alert is up."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from components.monitoring_stack.dashboard import PANELS
from components.monitoring_stack.rules import alerts
from tests.harness import settings_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Ask = Callable[[str], list[dict[str, Any]]]
QUERIES = [(panel.title, legend, query) for panel in PANELS for legend, query in panel.queries.items()]


@pytest.mark.parametrize(("title", "legend", "query"), QUERIES)
def test_every_query_of_the_dashboard_returns_a_series(title: str, legend: str, query: str, prometheus: Ask) -> None:
    assert prometheus(query), f"panel {title!r}, {legend!r}: no data"


def test_every_target_answers(prometheus: Ask) -> None:
    assert prometheus("up")
    down = [series["metric"] for series in prometheus("up") if series["value"][1] != "1"]
    assert down == []


def test_all_rules_are_loaded_and_healthy(address: Callable[[str, str], str]) -> None:
    base = f"http://{address('airflow-monitoring', 'prometheus')}:9090/api/v1/rules"
    (group,) = httpx.get(base, timeout=10).json()["data"]["groups"]
    assert {rule["name"] for rule in group["rules"]} == {alert.name for alert in alerts(settings_of("dev"))}
    assert [rule["name"] for rule in group["rules"] if rule["health"] == "err"] == []


def test_prometheus_knows_its_alertmanager(address: Callable[[str, str], str]) -> None:
    base = f"http://{address('airflow-monitoring', 'prometheus')}:9090/api/v1/alertmanagers"
    assert len(httpx.get(base, timeout=10).json()["data"]["activeAlertmanagers"]) == 1
