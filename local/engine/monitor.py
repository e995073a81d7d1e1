"""The two gRPC services that a Pulumi program talks to, served on a port of this machine."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUntypedBaseClass=false, reportIncompatibleMethodOverride=false, reportCallIssue=false
# ruff: noqa: N802, ARG002  # the names and arguments of the services are Pulumi's

import contextlib
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from local.engine.errors import EngineError
from local.engine.goal import Registrar, goal_from_request, read_goal_from_request
from local.engine.providers.base import ProviderError
from local.engine.values import from_struct, to_struct

SERVER_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
    # A registration may wait half an hour behind others.
    ("grpc.server_max_unrequested_time_in_server", 30 * 60),
    ("grpc.so_reuseport", 0),
)
# Every registration holds a thread while its step runs; the program sends all that are ready at once.
_THREADS: Final = 192

_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
)
_FEATURE_NAMES: Final = frozenset({"secrets", "resourceReferences", "outputValues", "aliasSpecs", "deletedWith"})

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramContext:
    """What the program may know of its surroundings.

    Attributes:
        config: full key (`project:key`) to text; objects as JSON.
        secret_keys: those keys of `config` whose value is secret.
        parallel: how many steps may run at once.
    """

    project: str
    stack: str
    config: dict[str, str]
    secret_keys: frozenset[str]
    dry_run: bool
    parallel: int = 16


class Messages:
    """What the program logged, in order; safe to use from many threads."""

    def __init__(self, listener: Callable[[str, str], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._entries: list[tuple[str, str]] = []
        self._listener = listener

    def add(self, severity: str, message: str) -> None:
        """Keep one message; `severity` is debug, info, warning or error."""
        with self._lock:
            self._entries.append((severity, message))
        if self._listener is not None and severity != "debug":
            self._listener(severity, message)

    def errors(self) -> list[str]:
        """The error messages."""
        with self._lock:
            return [message for severity, message in self._entries if severity == "error"]


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    def __init__(self, registrar: Registrar, context: ProgramContext, fail: Callable[[EngineError], None]) -> None:
        self._registrar = registrar
        self._context = context
        self._fail = fail

    def _answer(self, call: grpc.ServicerContext, act: Callable[[], Answer]) -> Answer:
        """Run `act`; an error ends the program quietly, since the engine itself reports it."""
        try:
            return act()
        except ProviderError as error:
            self._fail(EngineError(str(error)))
        except EngineError as error:
            self._fail(error)
        except BaseException as error:
            self._fail(EngineError(f"internal error: {type(error).__name__}: {error}"))
            raise
        return _abort(call)

    def GetDeploymentInfo(self, request: empty_pb2.Empty, call: grpc.ServicerContext) -> Any:
        context = self._context
        return resource_pb2.DeploymentInfo(
            project=context.project,
            stack=context.stack,
            organization="organization",
            config=context.config,
            configSecretKeys=sorted(context.secret_keys),
            dryRun=context.dry_run,
            parallel=context.parallel,
            supportedFeatures=_FEATURES,
        )

    def SupportsFeature(self, request: resource_pb2.SupportsFeatureRequest, call: grpc.ServicerContext) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURE_NAMES)

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest, call: grpc.ServicerContext) -> Any:
        def act() -> resource_pb2.RegisterResourceResponse:
            goal = goal_from_request(request, self._context.stack, self._context.project)
            done = self._registrar.register(goal)
            return resource_pb2.RegisterResourceResponse(urn=done.urn, id=done.id, object=to_struct(done.outputs))

        return self._answer(call, act)

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, call: grpc.ServicerContext
    ) -> Any:
        def act() -> empty_pb2.Empty:
            self._registrar.register_outputs(request.urn, from_struct(request.outputs))
            return empty_pb2.Empty()

        return self._answer(call, act)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest, call: grpc.ServicerContext) -> Any:
        def act() -> resource_pb2.ReadResourceResponse:
            goal = read_goal_from_request(request, self._context.stack, self._context.project)
            found = self._registrar.read(goal)
            return resource_pb2.ReadResourceResponse(urn=found.urn, id=found.id, properties=to_struct(found.outputs))

        return self._answer(call, act)

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest, call: grpc.ServicerContext) -> Any:
        def act() -> resource_pb2.ResourceInvokeResponse:
            answer = self._registrar.invoke(request.tok, from_struct(request.args), request.provider, request.version)
            if answer is None:
                return resource_pb2.ResourceInvokeResponse(unknown=True)
            response = resource_pb2.ResourceInvokeResponse()
            getattr(response, "return").CopyFrom(to_struct(answer))
            return response

        return self._answer(call, act)

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, call: grpc.ServicerContext) -> Any:
        # The program may go: nothing here ever calls back into it.
        return empty_pb2.Empty()


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest, call: grpc.ServicerContext) -> Any:
        severity = ("debug", "info", "warning", "error")[request.severity]
        self._messages.add(severity, request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request: engine_pb2.GetRootResourceRequest, call: grpc.ServicerContext) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: engine_pb2.SetRootResourceRequest, call: grpc.ServicerContext) -> Any:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: engine_pb2.RequirePulumiVersionRequest, call: grpc.ServicerContext) -> Any:
        # The engine speaks the wire of the very SDK it is installed with, so any version the SDK asks for is met.
        return engine_pb2.RequirePulumiVersionResponse()


def _abort(call: grpc.ServicerContext) -> NoReturn:
    # UNAVAILABLE makes the SDK stop the program without a traceback.
    call.abort(grpc.StatusCode.UNAVAILABLE, "the run has ended")
    raise AssertionError


@contextlib.contextmanager
def serve(
    registrar: Registrar, context: ProgramContext, messages: Messages, fail: Callable[[EngineError], None]
) -> Generator[str]:
    """Serve both services on one port and yield its address; `fail` is called with the first error of a step."""
    pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="step")
    server = grpc.server(pool, options=SERVER_OPTIONS)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Monitor(registrar, context, fail), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(messages), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        # Steps under way are finished, never cut: what they made must reach the state.
        server.stop(grace=None).wait()
        pool.shutdown(wait=True)
