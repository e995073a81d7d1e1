"""A made-up project with a stack, and runs of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.engine import api, crypto
from local.engine.api import Options, Result
from local.engine.events import Step, Violation

from .script import Script, Thing
from .shelf import Shelf

PROGRAMS = Path(__file__).parent / "programs"
PASSPHRASE = "correct horse"


@dataclass
class Witness:
    """A watcher that remembers."""

    steps: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    whole: list[Step] = field(default_factory=list[Step])
    failures: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    messages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    lines: list[str] = field(default_factory=list[str])
    violations: list[Violation] = field(default_factory=list[Violation])

    def started(self, step: Step) -> None: ...

    def progress(self, urn: str, line: str) -> None:
        self.lines.append(line)

    def finished(self, step: Step) -> None:
        if step.custom and not step.type.startswith("pulumi:"):
            self.steps.append((step.op.value, step.name))
            self.whole.append(step)

    def failed(self, step: Step, message: str) -> None:
        self.failures.append((step.name, message))

    def violated(self, violation: Violation) -> None:
        self.violations.append(violation)

    def message(self, severity: str, text: str) -> None:
        self.messages.append((severity, text))


@dataclass
class Bench:
    """A project folder, a backend and a shelf."""

    folder: Path
    shelf: Shelf
    witness: Witness = field(default_factory=Witness)
    stack_file: str = "config:\n  proj:group: group\n"

    @property
    def state_file(self) -> Path:
        return self.folder / "state" / ".pulumi" / "stacks" / "proj" / "dev.json"

    def deployment(self) -> dict[str, Any]:
        return json.loads(self.state_file.read_text())["checkpoint"]["latest"]

    def resources(self) -> dict[str, dict[str, Any]]:
        return {body["urn"].rsplit("::", 1)[1]: body for body in self.deployment().get("resources", [])}

    def edit(self, deployment: Mapping[str, Any]) -> None:
        """Rewrite the state file's deployment."""
        body = json.loads(self.state_file.read_text())
        body["checkpoint"]["latest"] = deployment
        self.state_file.write_text(json.dumps(body))

    def options(self, script: Script, **rest: Any) -> Options:
        self.witness = Witness()
        self.shelf.calls.clear()
        return Options(
            project_dir=self.folder,
            watcher=self.witness,
            packages={"shelf": lambda: self.shelf},
            host=script,
            **rest,
        )

    def up(self, *things: Thing, script: Script | None = None) -> Result:
        return api.up("dev", self.options(script or Script(things)))

    def preview(self, *things: Thing, script: Script | None = None) -> Result:
        return api.preview("dev", self.options(script or Script(things)))

    def destroy(self) -> Result:
        return api.destroy("dev", self.options(Script(())))

    def refresh(self) -> Result:
        return api.refresh("dev", self.options(Script(())))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  proj:group: group\n")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)
    # A million rounds are there to cost time; the format has a test of its own with all of them.
    monkeypatch.setattr(crypto, "_ROUNDS", 10)
    crypto._key.cache_clear()  # pyright: ignore[reportPrivateUsage]
    return tmp_path


@pytest.fixture
def bench(project: Path) -> Bench:
    return Bench(project, Shelf(project / "shelf"))
