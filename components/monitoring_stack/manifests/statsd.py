"""Configuration of the StatsD exporter."""

import json

BUCKETS_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
"""Upper bounds of the histograms: 120 s is the promised queue wait, 3600 s the bound of the alert on long tasks."""

FORGET_AFTER = "1h"
"""A series that nothing was sent for is dropped, so that gauges of deleted DAGs and pools do not stand for ever."""


def mapping() -> str:
    """The exporter's mapping file. Tags become labels by themselves; only timers need a word: they become histograms."""
    defaults = {
        "observer_type": "histogram",
        "histogram_options": {"buckets": list(BUCKETS_SECONDS)},
        "ttl": FORGET_AFTER,
    }
    # JSON is YAML, and has one way to be written.
    return json.dumps({"defaults": defaults, "mappings": []}, indent=2) + "\n"
