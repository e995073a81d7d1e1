"""The runbooks' own commands, run as a page shows them."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local import paths
from local.engines import environment
from local.forward import kubectl
from tests.drills.waiting import DrillError

FOLDER = paths.checkout() / "docs" / "runbooks"
_PLACEHOLDER = re.compile(r"<[a-z]")
_ASSIGNMENT = re.compile(r"([A-Z_]+)=")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a page and the heading that it stands under."""

    section: str
    text: str


def commands(page: str) -> list[Command]:
    """All of `docs/runbooks/<page>.md`, in order."""
    found: list[Command] = []
    for part in re.split(r"^## ", (FOLDER / f"{page}.md").read_text(), flags=re.MULTILINE):
        section = part.partition("\n")[0]
        for block in re.findall(r"^ *```sh\n(.*?)^ *```$", part, re.DOTALL | re.MULTILINE):
            found += [Command(section, text) for text in _split(textwrap.dedent(block))]
    return found


def inline(page: str) -> list[str]:
    """The `kubectl` commands in a page's sentences, but for those that a name has to be put into."""
    found = re.findall(r"`(kubectl [^`]*)`", (FOLDER / f"{page}.md").read_text())
    return [text for text in found if not _PLACEHOLDER.search(text)]


def _split(block: str) -> Iterator[str]:
    """Commands of a block: a line, and those that it goes on in."""
    lines: list[str] = []
    end = ""
    for line in block.splitlines():
        lines.append(line)
        if end:
            if line != end:
                continue
            end = ""
        elif begun := re.search(r"<<'?(\w+)'?$", line):
            end = begun[1]
            continue
        if not line.endswith(("\\", "|")):
            yield "\n".join(lines)
            lines = []
    if lines:
        raise DrillError(f"a command of a page does not end: {lines[0]}")


@dataclass
class Reader:
    """Somebody who does what a page says, on a stack of the drills.

    Attributes:
        page: of the runbooks.
        stack: that `make` means.
        names: what stands in place of the page's own names, such as `NAMESPACE`.
        done: what was run; several who do a page together share it.
    """

    page: str
    stack: str
    names: Mapping[str, str]
    done: set[Command] = field(default_factory=set[Command])
    _set: dict[str, str] = field(default_factory=dict[str, str])

    def follow(self, section: str, *, only: str = "", timeout: float = 600) -> str:
        """Run the commands of a section, in their order; returns what they printed.

        Args:
            section: its heading.
            only: a part of the commands that are meant; all when left out.
            timeout: seconds for each.

        Raises:
            DrillError: a command failed, or there is none.
        """
        chosen = [command for command in commands(self.page) if command.section == section and only in command.text]
        if not chosen:
            raise DrillError(f"{self.page}.md: no command under {section!r} has {only!r}")
        return "".join(self._run(command, timeout) for command in chosen)

    def left(self) -> list[str]:
        """Commands that were not run, but for those that only name a namespace."""
        todo = [command for command in commands(self.page) if command not in self.done]
        return [command.text for command in todo if self._named(command) not in self.names]

    @staticmethod
    def _named(command: Command) -> str:
        begun = _ASSIGNMENT.match(command.text)
        return begun[1] if begun else ""

    def _run(self, command: Command, timeout: float) -> str:
        self.done.add(command)
        name = self._named(command)
        if name in self.names:
            return ""
        # What the next commands use is what this one found.
        text = f'{command.text}\nprintf %s "${name}"' if name else command.text
        printed = run(text, self.stack, {**self._set, **self.names}, timeout)
        if name:
            self._set[name] = printed
        return printed


def run(text: str, stack: str, names: Mapping[str, str], timeout: float = 600) -> str:
    """Run a command in a shell, in the checkout, and return what it printed.

    Raises:
        DrillError: it failed.
    """
    environ = {**environment(stack, None), "STACK": stack, **names}
    environ["PATH"] = os.pathsep.join([str(Path(kubectl()).parent), str(Path(sys.executable).parent), environ["PATH"]])
    result = subprocess.run(
        ["bash", "-o", "errexit", "-o", "pipefail", "-c", text],
        cwd=paths.checkout(),
        env=environ,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if result.returncode:
        raise DrillError(f"{text}\nended with {result.returncode}: {result.stdout[-2000:]}{result.stderr[-2000:]}")
    return result.stdout
