# ruff: noqa: N802, ARG002 - the protocol names the methods and what they are handed
"""The pack as a process: serves Pulumi's `Analyzer` protocol.

The SDK's own server (`pulumi_policy.PolicyPack`) is not used, for what it does with a resource: it decodes the
properties once per rule (1.2 ms for a Deployment and each rule, so seconds for a platform), forgets which values are
secret, reports a mandatory rule as advisory where a preview cannot know a value, and accepts any configuration.
"""

import sys
import threading
from collections.abc import Sequence
from concurrent import futures
from typing import TypeAlias

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto import analyzer_pb2_grpc, plugin_pb2

from .configuration import ConfigurationError, Level, RuleSetting
from .model import PAGES, Resource, ResourceRule, Rule, Severity, Violation
from .node import Node
from .pack import Pack, Report
from .wire import decode_properties

VERSION = "0.1.0"
Context: TypeAlias = grpc.ServicerContext
_MESSAGE_LIMIT = 400 * 1024 * 1024
_LEVELS = {
    Level.ADVISORY: pb.ADVISORY,
    Level.MANDATORY: pb.MANDATORY,
    Level.DISABLED: pb.DISABLED,
}
_LEVELS_BACK = {value: level for level, value in _LEVELS.items()}
_SEVERITIES = {
    Severity.LOW: pb.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: pb.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: pb.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: pb.POLICY_SEVERITY_CRITICAL,
}


def serve(name: str, rules: Sequence[Rule]) -> None:
    """Serve the rules on a free port of the loopback interface until the engine cancels or ends the process.

    The port is the first line on standard output, as the engine expects.

    Args:
        name: of the pack, in messages.
        rules: what it consists of.
    """
    stop = threading.Event()
    options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]
    # One worker: the pack keeps count of exemptions, and its work is bound by one core anyway.
    server = grpc.server(  # pyright: ignore[reportUnknownMemberType] - the stubs leave it open
        futures.ThreadPoolExecutor(max_workers=1), options=options
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Servicer(name, Pack(rules), stop), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stop.wait()
    server.stop(grace=1).wait()


class Servicer(analyzer_pb2_grpc.AnalyzerServicer):
    """Translates between the protocol and the pack."""

    def __init__(self, name: str, pack: Pack, stop: threading.Event) -> None:
        self._name = name
        self._pack = pack
        self._stop = stop

    def Handshake(self, request: pb.AnalyzerHandshakeRequest, context: Context) -> pb.AnalyzerHandshakeResponse:
        """The engine says where it is; the pack has no need of it."""
        return pb.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        """The pack's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetAnalyzerInfo(self, request: empty_pb2.Empty, context: Context) -> pb.AnalyzerInfo:
        """Every rule with what it states of itself."""
        info = pb.AnalyzerInfo(name=self._name, version=VERSION, supportsConfig=True)
        info.policies.extend(self._describe(rule) for rule in self._pack.rules)
        return info

    def ConfigureStack(
        self, request: pb.AnalyzerStackConfigureRequest, context: Context
    ) -> pb.AnalyzerStackConfigureResponse:
        """The name of the stack."""
        self._pack.stack = request.stack
        return pb.AnalyzerStackConfigureResponse()

    def Configure(self, request: pb.ConfigureAnalyzerRequest, context: Context) -> empty_pb2.Empty:
        """Levels, options, exemptions; answers INVALID_ARGUMENT with every problem in its details."""
        settings = {
            name: RuleSetting(_level(config.enforcementLevel), json_format.MessageToDict(config.properties))
            for name, config in request.policyConfig.items()
        }
        try:
            self._pack.configure(settings)
        except ConfigurationError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return empty_pb2.Empty()

    def Analyze(self, request: pb.AnalyzeRequest, context: Context) -> pb.AnalyzeResponse:
        """What the resource rules say of one resource, before its step."""
        return self._response(self._pack.analyze(self._resource(request)))

    def AnalyzeStack(self, request: pb.AnalyzeStackRequest, context: Context) -> pb.AnalyzeResponse:
        """What the stack rules say at the end."""
        return self._response(self._pack.analyze_stack(self._resource(item) for item in request.resources))

    def Remediate(self, request: pb.AnalyzeRequest, context: Context) -> pb.RemediateResponse:
        """Nothing: the rules only judge."""
        return pb.RemediateResponse()

    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        """End the process after the answer."""
        self._stop.set()
        return empty_pb2.Empty()

    def _resource(self, request: pb.AnalyzeRequest | pb.AnalyzerResource) -> Resource:
        return Resource(
            type=request.type,
            name=request.name,
            urn=request.urn,
            props=Node(decode_properties(request.properties)),
            protect=request.options.protect,
            stack=self._pack.stack,
        )

    def _response(self, report: Report) -> pb.AnalyzeResponse:
        return pb.AnalyzeResponse(
            diagnostics=[self._diagnostic(violation, level) for violation, level in report.violations],
            not_applicable=[
                pb.PolicyNotApplicable(policy_name=name, reason="not a resource of its kind")
                for name in report.not_applicable
            ],
        )

    def _diagnostic(self, violation: Violation, level: Level) -> pb.AnalyzeDiagnostic:
        rule = violation.rule
        return pb.AnalyzeDiagnostic(
            policyName=rule.name,
            policyPackName=self._name,
            policyPackVersion=VERSION,
            description=rule.title,
            message=f"{rule.title}\n{violation.message}",
            urn=violation.resource.urn if violation.resource else "",
            enforcementLevel=_LEVELS[level],
            severity=_SEVERITIES[rule.severity],
        )

    def _describe(self, rule: Rule) -> pb.PolicyInfo:
        schema = pb.PolicyConfigSchema()
        for option in rule.options:
            schema.properties.update({option.name: option.schema})
        first, *_ = [*rule.references, ""]
        return pb.PolicyInfo(
            name=rule.name,
            displayName=rule.title,
            description=f"{rule.title}: {rule.why}.",
            enforcementLevel=_LEVELS[self._pack.level(rule)],
            severity=_SEVERITIES[rule.severity],
            policy_type=pb.POLICY_TYPE_RESOURCE if isinstance(rule, ResourceRule) else pb.POLICY_TYPE_STACK,
            framework=pb.PolicyComplianceFramework(reference=first),
            tags=rule.references,
            remediation_steps=rule.mend,
            url=f"{PAGES}/{rule.name}.md",
            configSchema=schema,
        )


def _level(value: pb.EnforcementLevel.ValueType) -> Level:
    # "remediate" asks for a repair the pack does not offer; what is left of it is "mandatory".
    return _LEVELS_BACK.get(value, Level.MANDATORY)
