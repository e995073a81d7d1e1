"""Preview, deploy, destroy, outputs, render, policy, audit: one stack, with whichever engine is there."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from local import engines
from local.engine import api
from local.engine.display import Display, record, summary_lines
from local.engine.render import render as render_stack
from local.errors import PreflightError
from local.policy import report
from local.policy.judge import audit as audit_stack
from local.policy.judge import judge, pack_of
from local.stacks import is_local, stack_file

Operation = Callable[[str, api.Options], api.Result]


def preview(stack: str, context: str | None, *, as_json: bool = False) -> int:
    """Show what `up` would do. Returns the exit code."""
    return _run("preview", api.preview, stack, context, as_json=as_json)


def up(stack: str, context: str | None) -> int:
    """Bring the stack to what its program says. Returns the exit code."""
    return _run("up", api.up, stack, context, cli_options=("--yes",))


def destroy(stack: str, context: str | None) -> int:
    """Delete everything of the stack. Returns the exit code."""
    return _run("destroy", api.destroy, stack, context, cli_options=("--yes",))


def refresh(stack: str, context: str | None) -> int:
    """Make the state say what really exists. Returns the exit code."""
    return _run("refresh", api.refresh, stack, context, cli_options=("--yes",))


def output_values(stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
    """Outputs of the last deployment, by name; empty when there was none."""
    stack_file(stack)
    return api.outputs(stack, show_secrets=show_secrets)


def outputs(stack: str, *, show_secrets: bool, as_json: bool) -> int:
    """Print the outputs. Returns the exit code."""
    values = output_values(stack, show_secrets=show_secrets)
    if not values:
        raise PreflightError(f"stack = {stack}: it was never deployed from here. Run `make up STACK={stack}` first.")
    console = Console(soft_wrap=True)
    if as_json:
        console.print_json(json.dumps(values))
        return 0
    width = max(len(name) for name in values)
    for name, value in sorted(values.items()):
        text = value if isinstance(value, str) else json.dumps(value)
        console.print(f"{name:<{width}}  {text}", markup=False, highlight=False)
    return 0


def render(stack: str, target: Path) -> int:
    """Write one YAML file per object. Returns the exit code."""
    stack_file(stack)
    written = render_stack(stack, target)
    Console(stderr=True, soft_wrap=True).print(f"{len(written)} objects written to {target}", highlight=False)
    return 0


def policy(stack: str, program: Path | None, output: report.Output) -> int:
    """Judge the stack without a cluster. Returns 1 when a mandatory rule is broken."""
    stack_file(stack)
    return report.tell(judge(stack, program), output)


def audit(stack: str, output: report.Output, *, live: bool) -> int:
    """Judge what was deployed. Returns 1 when a mandatory rule is broken."""
    stack_file(stack)
    return report.tell(audit_stack(stack, live=live), output)


def _run(
    command: str,
    operation: Operation,
    stack: str,
    context: str | None,
    *,
    as_json: bool = False,
    cli_options: tuple[str, ...] = (),
) -> int:
    stack_file(stack)
    choice = engines.choose(stack)
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"engine: {choice.reason}", highlight=False)
    if choice.cli:
        options = (*cli_options, "--json") if as_json else cli_options
        return engines.run_cli(choice.cli, stack, context, command, *options)
    if is_local(stack, context):
        os.environ["KUBECONFIG"] = engines.environment(stack, context)["KUBECONFIG"]
    with Display(console, preview=command == "preview") as display:
        result = operation(stack, _options(command, stack, context, display))
    _tell(result, command, console, as_json=as_json)
    return result.exit_code


def _options(command: str, stack: str, context: str | None, display: Display) -> api.Options:
    """The policy pack judges whatever is about to be created; it has no say in deleting."""
    return api.Options(
        watcher=display,
        config={"airflow-platform:context": context} if context else {},
        policies=(pack_of(stack),) if command in {"preview", "up"} else (),
    )


def _tell(result: api.Result, command: str, console: Console, *, as_json: bool) -> None:
    if as_json:
        Console(soft_wrap=True).print_json(record(result))
        return
    if not result.steps and result.error:
        return
    for line in summary_lines(result, preview=command == "preview"):
        console.print(line)
