"""The command line: each command is a few lines that call what does the work.

Exit codes: 0 done, 1 a step failed, 2 bad input or a machine that does not fit, 130 interrupted.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from local import paths
from local.engine.errors import EngineError
from local.errors import LocalError
from local.progress import ConsoleReporter

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Run the platform on this machine or deploy it to a cluster of your own.",
)

Stack = Annotated[str, typer.Option(help="Stack: dev, staging or prod.")]
Context = Annotated[
    str | None, typer.Option(help="Kube context of a cluster of your own; none is started then.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Sarif = Annotated[Path | None, typer.Option(help="File to write the violations to as SARIF 2.1.0.")]
Pages = Annotated[str, typer.Option(help="Address of docs/policies, for the links in the SARIF file.")]


def main() -> None:
    """Run the command line; an error that a user can act on is one message and an exit code."""
    try:
        app()
    except (LocalError, EngineError) as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]error:[/red] {_escaped(str(error))}", highlight=False)
        sys.exit(error.exit_code)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


@app.command()
def up(stack: Stack = "dev", context: Context = None) -> None:
    """Start what is needed, deploy the stack, run the smoke DAG and wait for its success."""
    from local.up import bring_up

    raise typer.Exit(bring_up(stack, context, ConsoleReporter()))


@app.command()
def down() -> None:
    """Remove the local cluster and its data; built binaries and images stay."""
    from local import teardown

    teardown.down(ConsoleReporter())


@app.command()
def stop() -> None:
    """Stop the local cluster and keep its data."""
    from local import cluster

    cluster.stop(ConsoleReporter())


@app.command()
def status(stack: Stack = "dev", context: Context = None, as_json: AsJson = False) -> None:
    """Show what runs and what it uses. Exit code 1 when something that should run does not."""
    from local.status import show

    raise typer.Exit(show(stack, context, as_json=as_json))


@app.command()
def preview(stack: Stack = "dev", context: Context = None, as_json: AsJson = False) -> None:
    """Show what `up` would change; nothing is touched."""
    from local import deploy

    raise typer.Exit(deploy.preview(stack, context, as_json=as_json))


@app.command()
def deploy(stack: Stack = "dev", context: Context = None) -> None:
    """Deploy the stack to a cluster that is there; no smoke DAG."""
    from local import deploy as deployment

    raise typer.Exit(deployment.up(stack, context))


@app.command()
def destroy(stack: Stack = "dev", context: Context = None) -> None:
    """Delete everything of a stack from its cluster. Protected objects are refused by name."""
    from local import deploy

    raise typer.Exit(deploy.destroy(stack, context))


@app.command()
def refresh(stack: Stack = "dev", context: Context = None) -> None:
    """Read what is really there into the state."""
    from local import deploy

    raise typer.Exit(deploy.refresh(stack, context))


@app.command()
def outputs(
    stack: Stack = "dev",
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show secret outputs in plain.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the outputs of a deployed stack."""
    from local import deploy

    raise typer.Exit(deploy.outputs(stack, show_secrets=show_secrets, as_json=as_json))


@app.command()
def render(
    stack: Stack = "dev",
    target: Annotated[Path | None, typer.Option(help="Folder; build/render/<stack> when left out.")] = None,
) -> None:
    """Write one YAML file per Kubernetes object; needs no cluster, secrets are masked."""
    from local import deploy

    raise typer.Exit(deploy.render(stack, target or paths.checkout() / "build" / "render" / stack))


@app.command()
def policy(
    stack: Stack = "dev",
    program: Annotated[
        Path | None, typer.Option(help="Another program than the project's own.", exists=True, resolve_path=True)
    ] = None,
    as_json: AsJson = False,
    sarif: Sarif = None,
    pages: Pages = "",
) -> None:
    """Judge a stack by the policy pack. Exit code 1 on a mandatory violation."""
    from local import deploy
    from local.policy.report import Output

    raise typer.Exit(deploy.policy(stack, program, Output(as_json=as_json, sarif=sarif, pages=pages)))


@app.command()
def audit(
    stack: Stack = "dev",
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Judge what the state file says; the cluster is not asked.")
    ] = False,
    as_json: AsJson = False,
    sarif: Sarif = None,
    pages: Pages = "",
) -> None:
    """Judge a deployed stack by the policy pack, each object as its cluster has it. Exit code 1 as for `policy`."""
    from local import deploy
    from local.policy.report import Output

    raise typer.Exit(deploy.audit(stack, Output(as_json=as_json, sarif=sarif, pages=pages), live=not recorded))


@app.command()
def smoke(stack: Stack = "dev", context: Context = None) -> None:
    """Run the smoke DAG on the deployed stack and wait for its success."""
    from local.up import run_smoke_dag

    run_smoke_dag(stack, context, ConsoleReporter())


@app.command(name="drill-restore")
def drill_restore(stack: Stack = "dev", context: Context = None) -> None:
    """Restore the newest backup into a throwaway instance and look at what came back. Exit code 1 when it is not right."""
    from local.drill_restore import drill_restore as run

    raise typer.Exit(run(stack, context, ConsoleReporter()))


@app.command()
def ui(
    stack: Stack = "dev",
    context: Context = None,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 8443,
) -> None:
    """Serve the user interface on https://localhost:PORT until Ctrl-C."""
    from local.ui import serve

    raise typer.Exit(serve(stack, context, port))


@app.command()
def images() -> None:
    """Build every image of the catalogue and write images/lock.yaml."""
    from local.up import lock_images

    lock_images(ConsoleReporter())


@app.command()
def tools(
    for_tests: Annotated[bool, typer.Option("--for-tests", help="What `make test` needs.")] = False,
) -> None:
    """Install the Debian packages that this machine lacks."""
    from local.toolchain import debian

    debian.ensure_packages(ConsoleReporter(), debian.TEST_PACKAGES if for_tests else debian.HOST_PACKAGES)
