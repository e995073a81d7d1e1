"""Shows a run: what is under way with its last word, what is done, and the sums at the end."""

import json
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from local.engine import urn as urns
from local.engine.events import SYMBOLS, Op, Step, Violation
from local.engine.providers.base import UNKNOWN
from local.engine.values import mask

if TYPE_CHECKING:
    from local.engine.api import Result

_DONE: Final = {
    Op.SAME: "unchanged",
    Op.CREATE: "created",
    Op.UPDATE: "updated",
    Op.REPLACE: "replaced",
    Op.DELETE: "deleted",
    Op.DELETE_REPLACED: "deleted for its replacement",
    Op.READ: "read",
    Op.REFRESH: "refreshed",
    Op.ADOPT: "adopted",
    Op.FORGET: "forgotten",
}
_STYLES: Final = {
    Op.CREATE: "green",
    Op.UPDATE: "yellow",
    Op.REPLACE: "magenta",
    Op.DELETE: "red",
    Op.DELETE_REPLACED: "red",
    Op.REFRESH: "yellow",
    Op.ADOPT: "cyan",
}
_SEVERITIES: Final = {"warning": "yellow", "error": "red", "info": ""}
_SHOWN_RUNNING: Final = 12
_VALUE_WIDTH: Final = 100
_REPEAT_SECONDS: Final = 10.0
# How a provider marks a line of progress that must not pass unseen.
_WARNING: Final = "warning: "
_QUIET: Final = frozenset({Op.SAME, Op.READ})


class Silent:
    """Shows nothing."""

    def started(self, step: Step) -> None:
        """See `Watcher`."""

    def progress(self, urn: str, line: str) -> None:
        """See `Watcher`."""

    def finished(self, step: Step) -> None:
        """See `Watcher`."""

    def failed(self, step: Step, message: str) -> None:
        """See `Watcher`."""

    def violated(self, violation: Violation) -> None:
        """See `Watcher`."""

    def message(self, severity: str, text: str) -> None:
        """See `Watcher`."""


@dataclass(slots=True)
class _Running:
    step: Step
    begun: float
    line: str = ""
    told: float = 0.0


class Display(AbstractContextManager["Display"]):
    """Lines for what is done; on a terminal also a live tree of what is under way.

    Use it as a context manager around a run; broken policies are listed when it ends.
    """

    def __init__(self, console: Console | None = None, *, preview: bool = False) -> None:
        self._console = console or Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._preview = preview
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._finished = 0
        self._violations: list[Violation] = []
        self._warned: set[tuple[str, str]] = set()
        self._begun = time.monotonic()
        live = self._console.is_terminal and not preview
        self._live = Live(get_renderable=self._tree, console=self._console, transient=True) if live else None

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._violations:
            self._console.print(violation_table(self._violations))

    # Watcher ----------------------------------------------------------------------------------------------------

    def started(self, step: Step) -> None:
        """See `Watcher`."""
        with self._lock:
            self._running[step.urn] = _Running(step, time.monotonic())

    def progress(self, urn: str, line: str) -> None:
        """See `Watcher`."""
        if line.startswith(_WARNING):
            self._warn(urn, line.removeprefix(_WARNING))
            return
        with self._lock:
            running = self._running.get(urn)
            if running is None or running.line == line:
                return
            running.line = line
            due = time.monotonic() - running.told > _REPEAT_SECONDS
            if self._live is None and due:
                running.told = time.monotonic()
                self._console.print(f"    {escape(running.step.name)}: {escape(line)}")

    def _warn(self, urn: str, text: str) -> None:
        """A warning stays, once."""
        with self._lock:
            known = (urn, text) in self._warned
            self._warned.add((urn, text))
        if not known:
            self.message("warning", f"{urns.parse(urn).name}: {text}")

    def finished(self, step: Step) -> None:
        """See `Watcher`."""
        seconds = self._done(step)
        if step.op in _QUIET or (self._preview and not step.custom and step.op is Op.SAME):
            return
        self._console.print(_line(step, _DONE[step.op] if not self._preview else "", seconds))
        if self._preview or step.op in {Op.UPDATE, Op.REPLACE}:
            for text in change_lines(step):
                self._console.print(text)

    def failed(self, step: Step, message: str) -> None:
        """See `Watcher`."""
        seconds = self._done(step)
        if not message:
            return
        self._console.print(_line(step, "failed", seconds, "bold red"))
        for line in message.splitlines():
            self._console.print(Text("      " + line, style="red"))

    def violated(self, violation: Violation) -> None:
        """See `Watcher`. They are shown together at the end."""
        with self._lock:
            self._violations.append(violation)

    def message(self, severity: str, text: str) -> None:
        """See `Watcher`."""
        if severity != "debug":
            prefix = "" if severity == "info" else f"{severity}: "
            self._console.print(Text(prefix + text, style=_SEVERITIES.get(severity, "")))

    # ------------------------------------------------------------------------------------------------------------

    def _done(self, step: Step) -> float:
        with self._lock:
            self._finished += 1
            running = self._running.pop(step.urn, None)
        return time.monotonic() - running.begun if running else 0.0

    def _tree(self) -> RenderableType:
        """What is under way, below its components."""
        with self._lock:
            running = sorted(self._running.values(), key=lambda entry: entry.begun)
            finished = self._finished
        elapsed = time.monotonic() - self._begun
        root = Tree(Text(f"{len(running)} under way, {finished} done, {elapsed:.0f} s", style="bold"))
        branches: dict[tuple[str, ...], Tree] = {}
        for entry in running[:_SHOWN_RUNNING]:
            chain = urns.parse(entry.step.urn).types[:-1]
            branch = root
            for depth in range(len(chain)):
                path = chain[: depth + 1]
                if path not in branches:
                    branches[path] = branch.add(Text(path[-1].rsplit(":", 1)[-1], style="dim"))
                branch = branches[path]
            label = Text(f"{SYMBOLS[entry.step.op]} {entry.step.name} ", style=_STYLES.get(entry.step.op, ""))
            label.append(f"{time.monotonic() - entry.begun:.0f} s {entry.line}", style="dim")
            branch.add(label)
        if len(running) > _SHOWN_RUNNING:
            root.add(Text(f"and {len(running) - _SHOWN_RUNNING} more", style="dim"))
        return Group(root, Spinner("dots")) if running else root

    def summary(self, result: "Result") -> None:
        """The sums, and what the stack exports."""
        for text in summary_lines(result, preview=self._preview):
            self._console.print(text)
        if result.outputs and result.exit_code == 0:
            table = Table("output", "value", box=None, pad_edge=False)
            for name, value in sorted(mask(result.outputs).items()):
                table.add_row(name, escape(short(value)))
            self._console.print(table)


def _line(step: Step, word: str, seconds: float, style: str | None = None) -> Text:
    chain = [kind.rsplit(":", 1)[-1] for kind in urns.parse(step.urn).types]
    where = "/".join(chain[:-1])
    text = Text(f" {SYMBOLS[step.op]:<2} ", style=style or _STYLES.get(step.op, ""))
    text.append(f"{where + ' ' if where else ''}{chain[-1]} ", style="dim")
    text.append(step.name, style=style or _STYLES.get(step.op, ""))
    tail = [word, f"({seconds:.1f} s)" if seconds >= 0.05 else "", f"[{step.note}]" if step.note else ""]
    text.append("  " + " ".join(part for part in tail if part), style=style or "dim")
    return text


def change_lines(step: Step) -> list[Text]:
    """One line for every property that differs, secrets hidden."""
    lines: list[Text] = []
    for path, (old, new) in sorted(step.changed.items()):
        force = "  forces replacement" if path in step.replace else ""
        lines.append(Text(f"      {path}: {short(mask(old))} -> {short(mask(new))}{force}", style="dim"))
    return lines


def short(value: Any) -> str:
    """A value in one line of bearable length."""
    if value is None:
        return "(none)"
    if value is UNKNOWN:
        return "[unknown]"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    text = text.replace("\n", "\\n")
    return text if len(text) <= _VALUE_WIDTH else text[: _VALUE_WIDTH - 3] + "..."


def summary_lines(result: "Result", *, preview: bool) -> list[Text]:
    """How many steps of which kind, and how long it took."""
    verbs = {op: f"to {op.value}" if preview else _DONE[op] for op in Op}
    # The old half of a replacement goes without saying.
    silent = {Op.SAME, Op.DELETE_REPLACED}
    parts = [f"{count} {verbs[op]}" for op, count in _ordered(result.counts) if op not in silent]
    same = result.counts.get(Op.SAME, 0)
    changes = ", ".join(parts) or "no changes"
    lines = [Text(f"{changes}, {same} unchanged, {result.seconds:.1f} s", style="bold")]
    if result.exit_code == 1 and result.error:
        lines.append(Text("failed:", style="bold red"))
        lines.extend(Text("  " + line, style="red") for line in result.error.splitlines())
    return lines


def violation_table(violations: list[Violation]) -> Table:
    """The broken policies, mandatory ones first."""
    table = Table("level", "policy", "resource", "what", title="policies", title_justify="left", box=None)
    for violation in sorted(violations, key=lambda v: (not v.mandatory, v.policy, v.urn)):
        name = urns.parse(violation.urn).name if violation.urn else "(stack)"
        style = "red" if violation.mandatory else "yellow"
        message = escape(" ".join(violation.message.split()))
        table.add_row(Text(violation.level, style=style), violation.policy, name, message)
    return table


def _ordered(counts: Mapping[Op, int]) -> list[tuple[Op, int]]:
    return [(op, counts[op]) for op in Op if counts.get(op)]


def record(result: "Result") -> str:
    """The run as JSON for machines; secrets hidden."""
    steps = [
        {
            "op": step.op.value,
            "urn": step.urn,
            "changed": {path: {"old": mask(old), "new": mask(new)} for path, (old, new) in step.changed.items()},
            "replace": sorted(step.replace),
            **({"note": step.note} if step.note else {}),
        }
        for step in sorted(result.steps, key=lambda step: step.urn)
    ]
    body = {
        "exitCode": result.exit_code,
        "error": result.error,
        "counts": {op.value: count for op, count in _ordered(result.counts)},
        "steps": steps,
        "outputs": mask(result.outputs),
        "seconds": round(result.seconds, 3),
    }
    return json.dumps(body, indent=2, sort_keys=True, default=str)
