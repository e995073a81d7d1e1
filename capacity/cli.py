"""Simulate the scaling rules, plan sizes.

Exit codes: 0 done, 2 bad input.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from capacity.comparison import Row, candidates, compare
from capacity.plan import Plan, Work, plan
from capacity.traces import RATES, Trace, TraceError, generated, read
from settings.airflow import QueueSettings
from settings.load import PROJECT, own_values, parse
from settings.problems import SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def simulate(
    stack: Annotated[str, typer.Option(help="Stack whose settings are judged.")] = "prod",
    queue: Annotated[str, typer.Option(help="One of its queues.")] = "default",
    trace: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(RATES)}; all when left out.")] = None,
    csv: Annotated[
        list[Path] | None, typer.Option(help="Arrivals of your own: columns arrival_seconds, duration_seconds.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=50, help="Runs of each written trace.")] = 3,
    plots: Annotated[Path | None, typer.Option(help="Folder for one PNG per trace.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play arrivals against the queue's rule, the requirement's words and the official chart's defaults."""
    known = _queue(stack, queue)
    names = trace or ([] if csv else list(RATES))
    if unknown := [name for name in names if name not in RATES]:
        raise TraceError(f"trace = {', '.join(unknown)}: there is none of that name. Choose from {', '.join(RATES)}.")
    own: list[list[Trace]] = [[read(path)] for path in csv or []]
    traces = own + [[generated(name, seed) for seed in range(1, seeds + 1)] for name in names]
    console = Console(stderr=True)
    with console.status("simulating") as status:
        rows, outcomes = compare(traces, candidates(known), status.update)
    if plots:
        from capacity.plots import draw

        for picture in draw(outcomes, plots):
            console.print(f"{picture}", highlight=False)
    if as_json:
        _write([row.record() for row in rows])
    else:
        Console().print(_table(rows))


@app.command(name="plan")
def plan_sizes(
    dags: Annotated[int, typer.Option(min=1, help="DAG files.")] = 500,
    tasks_a_day: Annotated[int, typer.Option(min=1, help="Task instances a day, items not counted.")] = 50000,
    mean_seconds: Annotated[float, typer.Option(min=0.1, help="Mean duration of a task.")] = 60.0,
    longest_seconds: Annotated[int, typer.Option(min=60, max=86400, help="Duration of the longest task.")] = 7200,
    items_an_hour: Annotated[int, typer.Option(min=0, help="Items in the busiest hour, one task each.")] = 20000,
    item_seconds: Annotated[float, typer.Option(min=0.0, help="Mean duration of an item.")] = 60.0,
    peak_factor: Annotated[float, typer.Option(min=1.0, help="Busiest hour over the mean hour.")] = 4.0,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Tasks of one worker.")] = 16,
    as_json: AsJson = False,
) -> None:
    """Sizes for the work to be done, as a block of a stack file, each with its arithmetic."""
    found = plan(
        Work(
            dags=dags,
            tasks_a_day=tasks_a_day,
            mean_seconds=mean_seconds,
            longest_seconds=longest_seconds,
            items_an_hour=items_an_hour,
            item_seconds=item_seconds,
            peak_factor=peak_factor,
            concurrency=concurrency,
        )
    )
    if as_json:
        lines = [{"key": line.key, "value": line.value, "arithmetic": line.arithmetic} for line in found.lines]
        _write({"settings": found.settings(), "lines": lines})
        return
    _explain(found)


def _queue(stack: str, name: str) -> QueueSettings:
    path = Path(f"Pulumi.{stack}.yaml")
    if not path.is_file():
        raise TraceError(f"stack = {stack}: there is no {path} here. Run this in the folder of the stack files.")
    config: dict[str, Any] = yaml.safe_load(path.read_text())["config"]
    queues = parse(own_values(config), stack).workers.queues
    if name not in queues:
        raise TraceError(f"queue = {name}: the stack {stack} has {', '.join(sorted(queues)) or 'no workers'}.")
    return queues[name]


def _write(document: Any) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _table(rows: list[Row]) -> Table:
    table = Table("trace", "rule", "tasks", "p50 s", "p95 s", "> 120 s", "killed", "pod-hours", "to chart")
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        table.add_row(
            row.trace,
            row.rule,
            str(row.tasks),
            f"{row.wait_p50:.0f}",
            f"{row.wait_p95:.0f}",
            f"{row.late_share:.2%}",
            f"{row.killed:g}",
            f"{row.pod_hours:.0f}",
            f"{row.pod_hours_ratio:.2f}",
        )
    return table


def _explain(found: Plan) -> None:
    block = {f"{PROJECT}:{key}": value for key, value in found.settings().items()}
    sys.stdout.write(yaml.safe_dump(block, sort_keys=False))
    for line in found.lines:
        value = line.value if isinstance(line.value, str | int) else json.dumps(line.value)
        sys.stdout.write(f"# {line.key} = {value}: {line.arithmetic}\n")


def main() -> None:
    """Run the command line; an error that a user can act on is one message and an exit code."""
    try:
        app()
    except (TraceError, SettingsError) as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
