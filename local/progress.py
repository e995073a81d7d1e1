"""How long work shows itself: named steps with elapsed seconds, on a terminal or as plain lines."""

import os
import threading
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Step(Protocol):
    """One piece of work in progress."""

    def note(self, text: str) -> None:
        """Say what the step does right now; on a terminal it replaces the last note."""
        ...


class Reporter(Protocol):
    """What builders, the cluster and the engine report to."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Open a step; it ends with the block, as failed when the block raises."""
        ...

    def info(self, text: str) -> None:
        """One line that stays."""
        ...

    def warn(self, text: str) -> None:
        """One line that stays and asks for attention."""
        ...


class _Silent:
    def note(self, text: str) -> None:
        del text


class SilentReporter:
    """Reports nothing: for tests, and for calls whose output is data."""

    @contextmanager
    def step(self, title: str) -> Generator[Step]:
        """Open a step that nobody sees."""
        del title
        yield _Silent()

    def info(self, text: str) -> None:
        """Drop the line."""
        del text

    def warn(self, text: str) -> None:
        """Drop the line."""
        del text


class _LineStep:
    """Notes are dropped: a log of CI should hold one line per step."""

    def note(self, text: str) -> None:
        del text


class _LiveStep:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def note(self, text: str) -> None:
        self._progress.update(self._task, note=text)


class ConsoleReporter:
    """Steps on the console: live lines on a terminal, plain lines elsewhere or with `CI` set.

    Steps may nest and may be opened from several threads.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, soft_wrap=True)
        in_ci = os.environ.get("CI", "") not in ("", "0", "false")
        self._live = self._console.is_terminal and not in_ci
        self._progress: Progress | None = None
        self._open = 0
        self._lock = threading.Lock()

    @contextmanager
    def step(self, title: str) -> Generator[Step]:
        """Open a step; its line closes with a mark and the seconds it took."""
        started = time.monotonic()
        progress = self._begin()
        task = progress.add_task(escape(title), total=None, note="") if progress else None
        if progress is None:
            self._console.print(f"… {escape(title)}", highlight=False)
        mark = "[red]✗[/red]"
        try:
            yield _LiveStep(progress, task) if progress and task is not None else _LineStep()
            mark = "[green]✓[/green]"
        finally:
            if progress and task is not None:
                progress.remove_task(task)
            seconds = time.monotonic() - started
            self._console.print(f"{mark} {escape(title)} [dim]{seconds:.1f} s[/dim]", highlight=False)
            self._end()

    def info(self, text: str) -> None:
        """Print one line."""
        self._console.print(escape(text), highlight=False)

    def warn(self, text: str) -> None:
        """Print one line marked as a warning."""
        self._console.print(f"[yellow]! {escape(text)}[/yellow]", highlight=False)

    def _begin(self) -> Progress | None:
        """The live display, started by the first open step and shared by all."""
        if not self._live:
            return None
        with self._lock:
            self._open += 1
            if self._progress is None:
                self._progress = Progress(
                    SpinnerColumn(),
                    TextColumn("{task.description}"),
                    TimeElapsedColumn(),
                    TextColumn("[dim]{task.fields[note]}[/dim]"),
                    console=self._console,
                    transient=True,
                )
                self._progress.start()
            return self._progress

    def _end(self) -> None:
        with self._lock:
            if self._progress is None:
                return
            self._open -= 1
            if self._open == 0:
                self._progress.stop()
                self._progress = None
