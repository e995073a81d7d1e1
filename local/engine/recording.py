"""Runs a Pulumi program without a cluster and records what it asks for, with made-up but known outputs.

Tests and `render` use it: every value of the program is visible, secrets included, and the same program with the
same configuration always gives the same recording.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

from local import paths
from local.engine import config as configuration
from local.engine import fakes, rules
from local.engine import urn as urns
from local.engine.crypto import open_crypter
from local.engine.errors import EngineError
from local.engine.goal import Goal, ReadGoal, Registered
from local.engine.monitor import ProgramContext
from local.engine.program import run_program
from local.engine.providers.base import Properties
from local.engine.values import Secret

__all__ = ["Recorded", "Recording", "Secret", "record"]

DEFAULT_PASSPHRASE: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Goal):
    """One resource as the program asked for it, and the outputs it was given.

    Attributes:
        id: what it was told its id is; "" for components.
        outputs: of a component, those that it registered.
    """

    id: str = ""
    outputs: Properties = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Everything a program asked for, dependencies first, otherwise by URN: always in the same order.

    Attributes:
        resources: the stack itself first.
        outputs: what the program exports; secrets wrapped in `Secret`.
        messages: (severity, text) of what it logged and printed.
    """

    resources: list[Recorded]
    outputs: Properties
    messages: list[tuple[str, str]]

    def of_type(self, type_token: str) -> list[Recorded]:
        """The resources of one type."""
        return [resource for resource in self.resources if resource.type == type_token]

    def named(self, name: str, type_token: str | None = None) -> Recorded:
        """The one resource with this logical name (and type). Raises KeyError when there is none or several."""
        found = [r for r in self.resources if r.name == name and type_token in {None, r.type}]
        if len(found) != 1:
            msg = f"{len(found)} resources are named {name!r}"
            raise KeyError(msg)
        return found[0]


class _Recorder:
    def __init__(self, disabled: frozenset[str], *, known_secrets: bool) -> None:
        self._lock = threading.Lock()
        self._disabled = disabled
        self._known_secrets = known_secrets
        self.resources: dict[str, Recorded] = {}

    def register(self, goal: Goal) -> Registered:
        """Answer with made-up outputs."""
        if goal.custom and not goal.provider and urns.provider_package(goal.type) is None:
            rules.refuse_default_provider(goal.package, goal.name, self._disabled)
        identity, outputs = "", dict[str, Any]()
        if goal.custom:
            identity, outputs = fakes.outputs_of(goal, known_secrets=self._known_secrets)
        given = {entry.name: getattr(goal, entry.name) for entry in fields(Goal)}
        recorded = Recorded(**given, id=identity, outputs=outputs)
        with self._lock:
            rules.refuse_duplicate(goal.urn, self.resources)
            self.resources[goal.urn] = recorded
        return Registered(urn=goal.urn, id=identity, outputs=outputs)

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """Keep them with their component."""
        with self._lock:
            self.resources[urn] = replace(self.resources[urn], outputs=outputs)

    def read(self, goal: ReadGoal) -> Registered:
        """There is nothing to look up: the inputs are the answer."""
        return Registered(urn=goal.urn, id=goal.id, outputs=goal.inputs)

    def invoke(self, token: str, arguments: Properties, provider: str, version: str) -> Properties | None:
        """Functions need the real thing."""
        del arguments, provider, version
        msg = f"{token}: functions cannot be called while recording, for there is nothing behind them"
        raise EngineError(msg)


def dependency_order(resources: Iterable[Recorded]) -> list[Recorded]:
    """Every resource after what it depends on, otherwise by URN."""
    by_urn = {resource.urn: resource for resource in resources}
    sorter = TopologicalSorter({urn: _needs(resource) & by_urn.keys() for urn, resource in by_urn.items()})
    sorter.prepare()
    ordered: list[Recorded] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered.extend(by_urn[urn] for urn in ready)
        sorter.done(*ready)
    return ordered


def _needs(resource: Recorded) -> set[str]:
    provider = urns.split_provider_reference(resource.provider)[0] if resource.provider else ""
    return {resource.parent, provider, *resource.dependencies}


def record(
    stack: str,
    *,
    project_dir: Path | None = None,
    config: Mapping[str, str] | None = None,
    program: Path | None = None,
    known_secrets: bool = True,
) -> Recording:
    """Run the program of a stack and record what it asks for.

    Args:
        stack: its name; `Pulumi.<stack>.yaml` must exist.
        project_dir: folder of `Pulumi.yaml`; this checkout when left out.
        config: values that win over the stack file, by key (with or without the project's prefix).
        program: another program than the project's own.
        known_secrets: False leaves generated secrets unknown, as in the first preview of a stack.

    Raises:
        BadInputError: the stack or its configuration is wrong, or two resources have one URN.
        EngineError: the program failed; the message is its own.
    """
    project = configuration.load_project(project_dir or paths.checkout())
    stack_file = configuration.load_stack_file(project, stack)
    passphrase = configuration.given_passphrase() or DEFAULT_PASSPHRASE
    crypter = open_crypter(passphrase, stack_file.salt_line) if stack_file.has_secrets else None
    resolved = configuration.resolve(stack_file, crypter, config)
    recorder = _Recorder(resolved.disabled_default_providers, known_secrets=known_secrets)
    messages: list[tuple[str, str]] = []
    run_program(
        program or project.program,
        root=project.root,
        context=ProgramContext(
            project=project.name,
            stack=stack,
            config=resolved.values,
            secret_keys=resolved.secret_keys,
            dry_run=not known_secrets,
        ),
        registrar=recorder,
        on_message=lambda severity, text: messages.append((severity, text)),
    )
    resources = dependency_order(recorder.resources.values())
    exported = [resource.outputs for resource in resources if resource.type == urns.STACK_TYPE]
    return Recording(resources=resources, outputs=exported[0] if exported else {}, messages=messages)
