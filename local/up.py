"""`make up`: from whatever this machine is to a DAG run that finished."""

import tempfile
from pathlib import Path

from local import cluster, deploy, forward
from local.errors import PreflightError
from local.images.ahead import built_ahead
from local.images.catalogue import lock
from local.progress import Reporter
from local.smoke import run_smoke
from local.stacks import is_local

SMOKE_SECONDS = 600.0
"""Seconds that the smoke DAG may take in all, first imports on a busy machine included."""


def bring_up(stack: str, context: str | None, reporter: Reporter) -> int:
    """Cluster where it is ours, platform, smoke DAG. Returns the exit code.

    Raises:
        LocalError: a step failed; running it again goes on from there.
    """
    if is_local(stack, context):
        started = cluster.up(reporter, aside=built_ahead)
        reporter.info(f"cluster: {', '.join(started)} started" if started else "cluster: runs")
    code = deploy.up(stack, context)
    if code:
        return code
    run_smoke_dag(stack, context, reporter)
    address = deploy.output_values(stack).get("airflow_url", "")
    reporter.info(f"{address} is up. To open it here: make ui, password: make outputs SHOW_SECRETS=1")
    return 0


def run_smoke_dag(stack: str, context: str | None, reporter: Reporter) -> None:
    """Trigger the smoke DAG through the edge and the public API, and wait for its success.

    Raises:
        LocalError: it failed, or the stack is not deployed.
    """
    values = deploy.output_values(stack, show_secrets=True)
    if not values.get("admin_password"):
        raise PreflightError(
            f"stack = {stack}: no administrator's password among its outputs. Deploy it first, with "
            "airflow.auth.kind 'generated'; with a login provider run `python -m local.smoke` with a user of yours."
        )
    with tempfile.TemporaryDirectory() as folder:
        authority = Path(folder) / "ca.crt"
        authority.write_text(str(values["authority_certificate"]))
        with forward.forwarded(stack, context, forward.edge_of(stack, values), 443) as port:
            url = f"https://localhost:{port}"
            run_smoke(url, authority, "admin", str(values["admin_password"]), SMOKE_SECONDS, reporter)


def lock_images(reporter: Reporter) -> None:
    """Build, push and lock every image; the local cluster's registry is started for it."""
    cluster.up(reporter)
    for name, digest in lock(reporter).items():
        reporter.info(f"{name} {digest}")
