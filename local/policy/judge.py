"""Runs the policy pack over what a stack's program asks for, or over what was deployed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from local import paths
from local.engine.analyzer import Policies, PolicyPack, RuleInfo, Surroundings, load_pack
from local.engine.errors import EngineError
from local.engine.events import Step, Violation
from local.engine.goal import Goal
from local.engine.recording import record
from local.engine.session import open_session
from local.errors import PreflightError
from local.policy.live import observe, recorded
from local.stacks import policy_configuration

PACK: Final = "policies"
PROJECT: Final = "airflow-platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the pack says of a stack.

    Attributes:
        stack: its name.
        resources: how many were judged.
        violations: mandatory ones first, then by rule and place.
        seconds: the pack's own time, its start included.
        rules: what each of the pack's rules states of itself.
        gone: of a deployed stack, objects that its state knows and its cluster does not.
        strays: of a deployed stack, objects in its namespaces that its state does not know.
    """

    stack: str
    resources: int
    violations: tuple[Violation, ...]
    seconds: float
    rules: tuple[RuleInfo, ...] = ()
    gone: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()

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


def judge(stack: str, program: Path | None = None) -> Judgement:
    """Record the stack's program, or another one with its configuration, and judge every resource of it.

    Raises:
        BadInputError: the stack, its configuration or the pack's configuration is wrong.
        EngineError: the program or the pack failed.
    """
    return judge_goals(stack, record(stack, program=program).resources, pack_of(stack))


def audit(stack: str, *, live: bool = True) -> Judgement:
    """Judge what was deployed: nothing is unknown there, and what somebody changed by hand shows.

    Args:
        stack: its name.
        live: read every object from its cluster; False judges what the state file says of them.

    Raises:
        PreflightError: the stack was never deployed from here.
        BadInputError: the state cannot be read, or the pack's configuration is wrong.
        EngineError: the cluster does not answer, or the pack failed.
    """
    states = open_session(stack, root=paths.checkout()).snapshot.resources
    if not states:
        raise PreflightError(f"stack = {stack}: it was never deployed from here. Run `make up STACK={stack}` first.")
    seen = observe(states) if live else recorded(states)
    judgement = judge_goals(stack, seen.goals, pack_of(stack), preview=False)
    return replace(judgement, gone=seen.gone, strays=seen.strays)


def judge_goals(stack: str, goals: Sequence[Goal], pack: PolicyPack, *, preview: bool = True) -> Judgement:
    """Judge resources one by one, then the whole.

    Raises:
        BadInputError: the pack refuses its configuration.
        EngineError: the pack failed.
    """
    begun = time.monotonic()
    surroundings = Surroundings(project=PROJECT, stack=stack, config={}, secret_keys=(), preview=preview)
    with Policies([pack], surroundings, _Silent()) as policies:
        for goal in goals:
            _collect(policies, lambda goal=goal: policies.check(goal, goal.inputs))
        _collect(policies, policies.check_stack)
        violations = tuple(sorted(policies.violations, key=lambda v: (not v.mandatory, v.policy, v.urn)))
        rules = policies.rules
    seconds = time.monotonic() - begun
    return Judgement(stack=stack, resources=len(goals), violations=violations, seconds=seconds, rules=rules)


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
