"""Alertmanager's configuration: one receiver per severity."""

import json
from typing import Any

from components.monitoring_stack.alert import Severity
from settings.monitoring import ReceiverSettings

_SILENT = "nobody"
_REPEAT = {Severity.CRITICAL: "1h", Severity.HIGH: "4h", Severity.MEDIUM: "12h", Severity.LOW: "24h"}
"""After how long an alert that still fires is told again."""


def render(receivers: ReceiverSettings) -> str:
    """The text of `alertmanager.yml`. An alert of a severity without a receiver is only shown."""
    urls = {severity: getattr(receivers, severity.value) for severity in Severity}
    config: dict[str, Any] = {
        "route": {
            "receiver": _SILENT,
            "group_by": ["alertname", "environment"],
            "group_wait": "30s",
            "group_interval": "5m",
            "routes": [
                {
                    "matchers": [f'severity="{severity.value}"'],
                    "receiver": severity.value,
                    "repeat_interval": _REPEAT[severity],
                }
                for severity, url in urls.items()
                if url
            ],
        },
        # What is down makes what stands on it complain: the cause is told, the rest is held back.
        "inhibit_rules": [
            _inhibition("PostgresNoPrimary", "Airflow.*Down|TaskFailureRateHigh|DagProcessingSlow"),
            _inhibition("BrokerDown", "QueueLong|QueueStill|TaskFailureRateHigh"),
        ],
        "receivers": [
            {"name": _SILENT},
            *(
                {"name": severity.value, "webhook_configs": [{"url": url, "send_resolved": True}]}
                for severity, url in urls.items()
                if url
            ),
        ],
    }
    return json.dumps(config, indent=2) + "\n"


def _inhibition(cause: str, effects: str) -> dict[str, Any]:
    return {
        "source_matchers": [f'alertname="{cause}"'],
        "target_matchers": [f'alertname=~"{effects}"'],
        "equal": ["environment"],
    }
