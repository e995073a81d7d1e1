"""Runs the policy pack over the recording of a stack."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local import paths
from local.engine.analyzer import Policies, PolicyPack, Surroundings, load_pack
from local.engine.errors import EngineError
from local.engine.events import Step, Violation
from local.engine.recording import Recording, record
from local.stacks import policy_configuration

PACK: Final = "policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the pack says of a stack.

    Attributes:
        stack: its name.
        resources: how many were judged.
        violations: mandatory ones first, then by rule and place.
        seconds: the pack's own time, its start included.
    """

    stack: str
    resources: int
    violations: tuple[Violation, ...]
    seconds: float

    @property
    def refused(self) -> bool:
        """A mandatory rule is broken."""
        return any(violation.mandatory for violation in self.violations)


def pack_of(stack: str, folder: Path | None = None) -> PolicyPack:
    """The pack with the stack's configuration.

    Raises:
        BadInputError: there is no pack, or its configuration is not JSON.
    """
    root = folder or paths.checkout() / PACK
    return load_pack(root, policy_configuration(stack, root))


def judge(stack: str) -> Judgement:
    """Record the stack's program and judge every resource of it.

    Raises:
        BadInputError: the stack, its configuration or the pack's configuration is wrong.
        EngineError: the program or the pack failed.
    """
    return judge_recording(stack, record(stack), pack_of(stack))


def judge_recording(stack: str, recording: Recording, pack: PolicyPack) -> Judgement:
    """Judge what a program asked for.

    Raises:
        BadInputError: the pack refuses its configuration.
        EngineError: the pack failed.
    """
    begun = time.monotonic()
    surroundings = Surroundings(project="airflow-platform", stack=stack, config={}, secret_keys=(), preview=True)
    with Policies([pack], surroundings, _Silent()) as policies:
        for resource in recording.resources:
            _collect(policies, lambda resource=resource: policies.check(resource, resource.inputs))
        _collect(policies, policies.check_stack)
        violations = tuple(sorted(policies.violations, key=lambda v: (not v.mandatory, v.policy, v.urn)))
    seconds = time.monotonic() - begun
    return Judgement(stack=stack, resources=len(recording.resources), violations=violations, seconds=seconds)


def _collect(policies: Policies, check: Callable[[], None]) -> None:
    """A violation is an answer, not a failure; everything else that goes wrong is one."""
    before = len(policies.violations)
    try:
        check()
    except EngineError:
        if len(policies.violations) == before:
            raise


class _Silent:
    """Watches without a word: the violations are kept by the run itself."""

    def started(self, step: Step) -> None: ...

    def progress(self, urn: str, line: str) -> None: ...

    def finished(self, step: Step) -> None: ...

    def failed(self, step: Step, message: str) -> None: ...

    def violated(self, violation: Violation) -> None: ...

    def message(self, severity: str, text: str) -> None: ...
