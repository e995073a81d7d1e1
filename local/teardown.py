"""Undo `up`: the cluster goes, and with it what only made sense with it."""

from datetime import UTC, datetime

from local import cluster, paths
from local.progress import Reporter
from local.stacks import LOCAL_CONTEXT, context_of


def down(reporter: Reporter) -> None:
    """Remove the local cluster and its data, and put the state of its stacks aside.

    A stack whose cluster is gone must not be taken for deployed; its state is kept under another name, so that
    nothing generated is lost by accident.
    """
    kept = cluster.down(keep_data=False, reporter=reporter)
    for stack_state in sorted(paths.state().glob(".pulumi/stacks/airflow-platform/*.json")):
        if context_of(stack_state.stem, None) == LOCAL_CONTEXT:
            aside = paths.state() / "removed" / f"{stack_state.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
            aside.parent.mkdir(parents=True, exist_ok=True)
            stack_state.rename(aside)
            kept.append(f"the state of stack {stack_state.stem}, as {aside}")
    for line in kept:
        reporter.info(f"kept: {line}")
