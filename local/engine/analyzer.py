"""Runs policy packs beside a deployment, as the Pulumi CLI does: a process each, asked over gRPC."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false

import contextlib
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from local.engine.errors import BadInputError, EngineError
from local.engine.events import Violation, Watcher
from local.engine.goal import Goal
from local.engine.monitor import SERVER_OPTIONS
from local.engine.policy_pack import PolicyPack, load_pack, started
from local.engine.providers.base import Properties
from local.engine.values import to_struct

__all__ = ["Policies", "PolicyPack", "Surroundings", "load_pack"]

_LEVELS: Final[Mapping[str, int]] = {
    "advisory": analyzer_pb2.ADVISORY,
    "mandatory": analyzer_pb2.MANDATORY,
    "disabled": analyzer_pb2.DISABLED,
    "remediate": analyzer_pb2.REMEDIATE,
}
_ALL: Final = "all"
_LEVEL_NAMES: Final = {number: name for name, number in _LEVELS.items()}
_SEVERITY_NAMES: Final = ("", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a pack may know of the stack it judges."""

    project: str
    stack: str
    config: Mapping[str, str]
    secret_keys: Iterable[str]
    preview: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """What a rule states of itself.

    Attributes:
        severity: low, medium, high, critical, or "".
        references: where else it is asked for.
        page: path or address of its page, or "".
    """

    name: str
    title: str
    description: str
    severity: str
    mend: str
    references: tuple[str, ...]
    page: str


class Policies(contextlib.AbstractContextManager["Policies"]):
    """The packs of one run, from start to stop. Safe to use from many threads."""

    def __init__(self, packs: Iterable[PolicyPack], surroundings: Surroundings, watcher: Watcher) -> None:
        self._packs = tuple(packs)
        self._surroundings = surroundings
        self._watcher = watcher
        self._analyzers: list[_Analyzer] = []
        self._held = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._seen: list[tuple[Goal, Properties]] = []
        self.violations: list[Violation] = []

    def __enter__(self) -> Self:
        with self._held:
            for pack in self._packs:
                self._analyzers.append(self._held.enter_context(_running(pack, self._surroundings)))
            self._held = self._held.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    @property
    def rules(self) -> tuple[RuleInfo, ...]:
        """Every rule of every pack, once they run."""
        return tuple(rule for analyzer in self._analyzers for rule in analyzer.rules)

    def check(self, goal: Goal, inputs: Properties) -> None:
        """Judge one resource before it is touched.

        Raises:
            EngineError: it breaks a mandatory rule.
        """
        with self._lock:
            self._seen.append((goal, inputs))
        found = [violation for analyzer in self._analyzers for violation in analyzer.analyze(goal, inputs)]
        self._report(found)
        mandatory = [violation for violation in found if violation.mandatory]
        if mandatory:
            raise EngineError("\n".join(f"policy {v.policy}: {v.message}" for v in mandatory))

    def check_stack(self) -> None:
        """Judge the whole.

        Raises:
            EngineError: it breaks a mandatory rule.
        """
        with self._lock:
            seen = list(self._seen)
        found = [violation for analyzer in self._analyzers for violation in analyzer.analyze_stack(seen)]
        self._report(found)
        mandatory = [violation for violation in found if violation.mandatory]
        if mandatory:
            lines = "\n".join(f"  {v.policy}: {v.message}" for v in mandatory)
            msg = f"the stack breaks mandatory policies:\n{lines}"
            raise EngineError(msg)

    def _report(self, found: list[Violation]) -> None:
        with self._lock:
            self.violations.extend(found)
        for violation in found:
            self._watcher.violated(violation)


class _Analyzer:
    def __init__(self, stub: analyzer_pb2_grpc.AnalyzerStub, name: str) -> None:
        self._stub = stub
        self._name = name
        self.rules: list[RuleInfo] = []

    def configure(self, pack: PolicyPack, surroundings: Surroundings) -> None:
        self._stub.ConfigureStack(
            analyzer_pb2.AnalyzerStackConfigureRequest(
                stack=surroundings.stack,
                project=surroundings.project,
                organization="organization",
                dry_run=surroundings.preview,
                config=dict(surroundings.config),
                config_secret_keys=sorted(surroundings.secret_keys),
            )
        )
        info: analyzer_pb2.AnalyzerInfo = self._stub.GetAnalyzerInfo(empty_pb2.Empty())
        self.rules = [_rule_info(policy) for policy in info.policies]
        if pack.config:
            config = policy_config(pack.config, {policy.name: policy.enforcementLevel for policy in info.policies})
            self._stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=config))

    def analyze(self, goal: Goal, inputs: Properties) -> list[Violation]:
        request = analyzer_pb2.AnalyzeRequest(
            type=goal.type,
            urn=goal.urn,
            name=goal.name,
            properties=to_struct(_visible(inputs)),
            options=_options(goal),
        )
        return self._violations(self._stub.Analyze, request)

    def analyze_stack(self, seen: list[tuple[Goal, Properties]]) -> list[Violation]:
        resources = [
            analyzer_pb2.AnalyzerResource(
                type=goal.type,
                urn=goal.urn,
                name=goal.name,
                properties=to_struct(_visible(inputs)),
                options=_options(goal),
                parent=goal.parent,
                dependencies=list(goal.dependencies),
            )
            for goal, inputs in sorted(seen, key=lambda entry: entry[0].urn)
        ]
        request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
        return self._violations(self._stub.AnalyzeStack, request)

    def _violations(self, ask: Callable[[Any], Any], request: Any) -> list[Violation]:
        try:
            response: analyzer_pb2.AnalyzeResponse = ask(request)
        except grpc.RpcError as error:
            msg = f"the policy pack {self._name} failed: {_details(error)}"
            raise EngineError(msg) from error
        return [
            Violation(
                policy=diagnostic.policyName,
                pack=diagnostic.policyPackName,
                level=_LEVEL_NAMES.get(diagnostic.enforcementLevel, "mandatory"),
                severity=_SEVERITY_NAMES[diagnostic.severity],
                message=diagnostic.message or diagnostic.description,
                urn=diagnostic.urn,
            )
            for diagnostic in response.diagnostics
            if diagnostic.enforcementLevel != analyzer_pb2.DISABLED
        ]


def _visible(properties: Properties) -> Properties:
    return {key: value for key, value in properties.items() if not key.startswith("__")}


def _options(goal: Goal) -> analyzer_pb2.AnalyzerResourceOptions:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=goal.protect,
        ignoreChanges=list(goal.ignore_changes),
        deleteBeforeReplace=bool(goal.delete_before_replace),
        deleteBeforeReplaceDefined=goal.delete_before_replace is not None,
        additionalSecretOutputs=list(goal.additional_secret_outputs),
        parent=goal.parent,
        customTimeouts=analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts(**dict(goal.timeouts)),
    )


def policy_config(given: Mapping[str, Any], defaults: Mapping[str, int]) -> dict[str, analyzer_pb2.PolicyConfig]:
    """What a pack is told of its configuration, with a level in every entry, as the Pulumi CLI fills them in.

    On the wire an entry without a level cannot be told from an advisory one.

    Args:
        given: rule -> level or settings.
        defaults: the level that each rule states of itself.

    Raises:
        BadInputError: an unknown level.
    """
    entries = {rule: _entry(rule, value) for rule, value in given.items()}
    every, _ = entries.get(_ALL, (None, {}))
    config: dict[str, analyzer_pb2.PolicyConfig] = {}
    for rule, (level, settings) in entries.items():
        config[rule] = analyzer_pb2.PolicyConfig(properties=to_struct(settings))
        filled = next((found for found in (level, every, defaults.get(rule)) if found is not None), None)
        if filled is not None:
            config[rule].enforcementLevel = cast("Any", filled)
    return config


def _entry(rule: str, value: Any) -> tuple[int | None, dict[str, Any]]:
    settings: dict[str, Any] = dict(value) if isinstance(value, dict) else {"enforcementLevel": value}
    level = settings.pop("enforcementLevel", None)
    if level is not None and level not in _LEVELS:
        msg = f"policy {rule}: {level!r} is no level; take one of {', '.join(_LEVELS)}"
        raise BadInputError(msg)
    return None if level is None else _LEVELS[level], settings


def _rule_info(policy: analyzer_pb2.PolicyInfo) -> RuleInfo:
    return RuleInfo(
        name=policy.name,
        title=policy.displayName or policy.name,
        description=policy.description,
        severity=_SEVERITY_NAMES[policy.severity],
        mend=policy.remediation_steps,
        references=tuple(policy.tags),
        page=policy.url,
    )


@contextlib.contextmanager
def _running(pack: PolicyPack, surroundings: Surroundings) -> Generator[_Analyzer]:
    """A pack's process, connected and configured; ended with the block."""
    variables = {"PULUMI_PROJECT": surroundings.project, "PULUMI_STACK": surroundings.stack}
    with (
        started(pack, variables) as port,
        grpc.insecure_channel(f"127.0.0.1:{port}", options=SERVER_OPTIONS) as channel,
    ):
        analyzer = _Analyzer(analyzer_pb2_grpc.AnalyzerStub(channel), pack.folder.name)
        _configure(analyzer, pack, surroundings)
        yield analyzer


def _configure(analyzer: _Analyzer, pack: PolicyPack, surroundings: Surroundings) -> None:
    try:
        analyzer.configure(pack, surroundings)
    except grpc.RpcError as error:
        msg = f"the policy pack {pack.folder.name} refuses its configuration: {_details(error)}"
        raise BadInputError(msg) from error


def _details(error: grpc.RpcError) -> str:
    details = error.details() if isinstance(error, grpc.Call) else None
    return details or str(error)
