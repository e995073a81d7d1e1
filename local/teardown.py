"""Undo `up`: the cluster goes, and with it what only made sense with it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from local import cluster, paths
from local.progress import Reporter
from local.stacks import LOCAL_CONTEXT


def down(reporter: Reporter) -> None:
    """Remove the local cluster and its data, and put the state of its stacks aside.

    A stack whose cluster is gone must not be taken for deployed; its state is kept under another name, so that
    nothing generated is lost by accident.
    """
    kept = cluster.down(keep_data=False, reporter=reporter)
    for stack_state in sorted(paths.state().glob(".pulumi/stacks/airflow-platform/*.json")):
        if _lives_here(stack_state):
            aside = paths.state() / "removed" / f"{stack_state.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
            aside.parent.mkdir(parents=True, exist_ok=True)
            stack_state.rename(aside)
            kept.append(f"the state of stack {stack_state.stem}, as {aside}")
    for line in kept:
        reporter.info(f"kept: {line}")


def _lives_here(stack_state: Path) -> bool:
    """Whether the stack was deployed to the local cluster, as its own state says: its stack file may be elsewhere."""
    document = cast("dict[str, Any]", json.loads(stack_state.read_text()))
    latest = cast("dict[str, Any]", document["checkpoint"].get("latest") or {})
    resources = cast("list[dict[str, Any]]", latest.get("resources") or [])
    return any(
        resource["type"] == "pulumi:providers:kubernetes" and resource["inputs"].get("context") == LOCAL_CONTEXT
        for resource in resources
    )
