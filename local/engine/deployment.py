"""Answers a running program: brings each resource it registers to its goal, or works out what that would take."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local.engine import rules
from local.engine import urn as urns
from local.engine.errors import BadInputError
from local.engine.events import Op
from local.engine.goal import Goal, ReadGoal, Registered
from local.engine.providers.base import Properties
from local.engine.run import Run, state_of, step_of
from local.engine.state import ResourceState
from local.engine.steps import Steps
from local.engine.values import contains_unknown, unwrap


class Deployment:
    """The registrar of `preview` and `up`."""

    def __init__(self, run: Run, check: Callable[[Goal, Properties], None] | None = None) -> None:
        """`check` is asked about every resource before it is touched (policies); it raises to refuse."""
        self._run = run
        self._check = check
        self._steps = Steps(run)
        self._lock = threading.Lock()
        self._goals: dict[str, Goal] = {}
        self._former: dict[str, str] = {}
        self._default_locks: dict[str, threading.Lock] = {}
        self.stack_outputs: Properties = {}

    # What the program asks --------------------------------------------------------------------------------------

    def register(self, goal: Goal) -> Registered:
        """See `Registrar`."""
        self._run.refuse_when_over()
        with self._lock:
            rules.refuse_duplicate(goal.urn, self._goals)
            self._goals[goal.urn] = goal
        old = self._find_old(goal)
        package = urns.provider_package(goal.type)
        if not goal.custom or package is not None:
            if self._check is not None:
                self._check(goal, goal.inputs)
            return self._component(goal, old) if package is None else self._provider(goal, old, package)
        goal = replace(goal, provider=self._provider_reference(goal.provider, goal.package, goal.version, goal.name))
        return self._steps.resource(goal, old, self._check)

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """See `Registrar`."""
        self._run.ledger.put_outputs(urn, outputs)
        if urns.parse(urn).type == urns.STACK_TYPE:
            self.stack_outputs = outputs

    def read(self, goal: ReadGoal) -> Registered:
        """See `Registrar`."""
        self._run.refuse_when_over()
        with self._lock:
            rules.refuse_duplicate(goal.urn, self._goals)
            self._goals[goal.urn] = Goal(urn=goal.urn, type=goal.type, name=goal.name, custom=True)
        reference = self._provider_reference(goal.provider, urns.package_of(goal.type), goal.version, goal.name)
        return self._steps.read(goal, reference)

    def invoke(self, token: str, arguments: Properties, provider: str, version: str) -> Properties | None:
        """See `Registrar`."""
        self._run.refuse_when_over()
        package = token.split(":", 1)[0]
        if package == "pulumi":
            msg = f"the embedded engine has no function {token}; use the Pulumi CLI"
            raise BadInputError(msg)
        reference = self._provider_reference(provider, package, version, token)
        config = self._run.packages.config(urns.split_provider_reference(reference)[0])
        if contains_unknown(config) or contains_unknown(arguments):
            return None
        return self._run.packages.provider(package).invoke(token, unwrap(arguments), config)

    # Finding what was there -------------------------------------------------------------------------------------

    def _find_old(self, goal: Goal) -> ResourceState | None:
        ledger = self._run.ledger
        former_parent = self._former.get(goal.parent)
        candidates = [goal.urn, *urns.former_urns(goal.urn, goal.parent, goal.aliases, former_parent)]
        for candidate in candidates:
            old = ledger.old(candidate)
            if old is not None:
                if candidate != goal.urn:
                    with self._lock:
                        self._former[goal.urn] = candidate
                    ledger.renamed(candidate, goal.urn)
                return old
        return None

    # Components and providers -----------------------------------------------------------------------------------

    def _component(self, goal: Goal, old: ResourceState | None) -> Registered:
        if goal.inputs and old is not None and old.inputs != goal.inputs:
            op = Op.UPDATE
        else:
            op = Op.CREATE if old is None else Op.SAME
        step = step_of(goal, op)
        with self._run.step(step):
            state = state_of(goal, old, inputs=goal.inputs, outputs=old.outputs if old else {})
            self._run.ledger.put(state, instead_of=old, keep=op is not Op.SAME)
        return Registered(urn=goal.urn)

    def _provider(self, goal: Goal, old: ResourceState | None, package: str) -> Registered:
        """A provider resource holds settings and nothing else: changing them replaces nothing."""
        self._run.packages.provider(package)
        inputs = {**goal.inputs, **({"version": goal.version} if goal.version else {})}
        changed: dict[str, tuple[Any, Any]] = {}
        if old is not None:
            before, after = unwrap(old.inputs), unwrap(inputs)
            for key in sorted(before.keys() | after.keys()):
                if key != "__internal" and before.get(key) != after.get(key):
                    changed[key] = (old.inputs.get(key), inputs.get(key))
            rules.refuse_other_cluster(goal.name, changed)
        op = Op.CREATE if old is None else Op.UPDATE if changed else Op.SAME
        with self._run.step(replace(step_of(goal, op), changed=changed)):
            identity = old.id if old else "" if self._run.preview else str(uuid.uuid4())
            self._run.packages.configure(goal.urn, unwrap(inputs))
            state = state_of(goal, old, identity=identity, inputs=inputs, outputs=inputs)
            self._run.ledger.put(state, instead_of=old, keep=op is not Op.SAME)
        return Registered(urn=goal.urn, id=identity, outputs=inputs)

    def _provider_reference(self, given: str, package: str, version: str, name: str) -> str:
        """The provider a resource names, or the default one of its package, made on first use."""
        if given:
            return given
        rules.refuse_default_provider(package, name, self._run.disabled_providers)
        name = f"default_{version.replace('.', '_')}" if version else "default"
        type_token = urns.PROVIDER_PREFIX + package
        urn = urns.build(self._run.stack, self._run.project, "", type_token, name)
        with self._lock:
            lock = self._default_locks.setdefault(urn, threading.Lock())
        with lock:
            state = self._run.ledger.new(urn)
            if state is None:
                self.register(Goal(urn=urn, type=type_token, name=name, custom=True, version=version))
                state = self._run.ledger.new(urn)
        return urns.provider_reference(urn, (state.id if state else "") or "unknown")
