"""A real single-node Kubernetes on this machine, built from source and run without a daemon's help."""

from local.cluster import lifecycle
from local.cluster import status as _status
from local.cluster.layout import CONTEXT, NODE_NAME, REGISTRY_ADDRESS, REGISTRY_NAME, layout
from local.cluster.status import Component, Load, Status
from local.progress import Reporter

__all__ = [
    "CONTEXT",
    "NODE_NAME",
    "REGISTRY_ADDRESS",
    "REGISTRY_NAME",
    "Component",
    "Load",
    "Status",
    "down",
    "status",
    "stop",
    "up",
]


def up(reporter: Reporter | None = None, aside: lifecycle.Aside | None = None) -> list[str]:
    """Start or mend the cluster, until its node is Ready. Returns the programs that were started.

    Args:
        reporter: where to report.
        aside: done while the cluster's programs are built, where they are not built yet.

    Raises:
        PreflightError: the machine does not allow it; nothing was begun.
        LocalError: a step failed; the next run goes on from there.
    """
    return lifecycle.up(layout(), reporter, aside)


def status(*, window_seconds: float = 3) -> Status:
    """What runs, whether the node is Ready, and what it all takes over a window."""
    return _status.status(layout(), window_seconds=window_seconds)


def stop(reporter: Reporter | None = None) -> None:
    """Stop everything and keep all data."""
    lifecycle.stop(layout(), reporter)


def down(*, keep_data: bool = False, reporter: Reporter | None = None) -> list[str]:
    """End the cluster and remove it from the machine. Returns what is kept, one line each."""
    return lifecycle.down(layout(), keep_data=keep_data, reporter=reporter)
