"""Records components and whole stacks for tests, without a cluster.

A component's test writes a function that builds it, with the help of a `Stage`, and records that:

    def build() -> None:
        stage = Stage.of_stack()
        RedisHA("redis", RedisHAArgs(settings=stage.settings, secrets=stage.secrets(consumers(stage.settings)), ...),
                stage.opts)

    recording = record_program(build)

The program runs in a process of its own, as it does for real; recordings are kept for the length of the test run.
"""

import asyncio
import inspect
import json
import os
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest import mock

import pulumi
import pulumi_kubernetes as k8s
import yaml
from pulumi._types import input_type_to_dict, is_input_type  # what the SDK itself sends them through

from components.contract.endpoints import AirflowEndpoint, AutoscalingEndpoint, PostgresEndpoint, RedisEndpoint
from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.names import API_PORT, DATABASE, POSTGRES_PORT, service_host
from components.contract.secrets import SecretConsumer, SecretRef, SecretValue
from components.credentials.generations import Counter, Rotated
from local import paths
from local.engine.recording import Recorded, Recording, record
from local.engine.values import unwrap
from settings.load import PROJECT, load, parse
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

STACKS = ("dev", "staging", "prod")

_RUNNER = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("program_under_test", {file!r})
module = importlib.util.module_from_spec(spec)
sys.modules["program_under_test"] = module
spec.loader.exec_module(module)
module.{function}()
"""


Result = TypeVar("Result")


def awaited(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run it, and leave the thread its event loop, which `asyncio.run` takes away: Outputs that other tests make need one."""
    before = asyncio.get_event_loop()
    try:
        return asyncio.run(coroutine)
    finally:
        asyncio.set_event_loop(before)


def record_stack(stack: str) -> Recording:
    """The project's own program with a real stack file."""
    return record_stack_with(stack, ())


@cache
def record_stack_with(stack: str, config: tuple[tuple[str, str], ...]) -> Recording:
    """The same, with configuration that wins over the stack file; see `as_config`."""
    return record(stack, config=dict(config))


@cache
def record_stack_of(folder: str, stack: str) -> Recording:
    """The same with a stack file in another folder of the checkout."""
    with mock.patch.dict(os.environ, {paths.STACKS_VARIABLE: str(paths.checkout() / folder)}):
        return record(stack)


@cache
def record_program(
    build: Callable[[], None], stack: str = "dev", config: tuple[tuple[str, str], ...] = ()
) -> Recording:
    """A module-level function that builds something, run as the whole program of a stack.

    Args:
        build: the function.
        stack: whose stack file gives the configuration.
        config: pairs of key and value that win over it; objects as JSON text.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program.py"
        program.write_text(_RUNNER.format(file=inspect.getfile(build), function=build.__name__))
        return record(stack, program=program, config=dict(config))


def settings_of(stack: str) -> PlatformSettings:
    """The settings of a real stack file, without a running program."""
    document = yaml.safe_load((paths.checkout() / f"Pulumi.{stack}.yaml").read_text())
    prefix = f"{PROJECT}:"
    return parse(
        {key.removeprefix(prefix): value for key, value in document["config"].items() if key.startswith(prefix)}, stack
    )


def as_config(**values: Any) -> tuple[tuple[str, str], ...]:
    """Configuration for `record_program`; objects become JSON text."""
    return tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in values.items())


def inputs(resource: Recorded) -> dict[str, Any]:
    """What a resource was asked to be, secrets laid open."""
    return unwrap(resource.inputs)


def made_up_values(generations: int = 1) -> dict[str, Rotated]:
    """Something for every value that a template may name; with two generations, in the middle of a rotation."""
    counter = Counter(newest=generations - 1)
    return {
        value.value: Rotated.of(counter, [f"value-{number}-of-{value}" for number in counter.generations])
        for value in SecretValue
    }


def plain(args: Any) -> Any:
    """Typed Kubernetes arguments as they are sent: camelCase keys, unset fields left out. Outputs are not followed."""
    if is_input_type(cast("type[Any]", type(args))):
        return {key: plain(value) for key, value in input_type_to_dict(args).items() if value is not None}
    if isinstance(args, Mapping):
        return {key: plain(value) for key, value in cast("Mapping[str, Any]", args).items()}
    if isinstance(args, list | tuple):
        return [plain(value) for value in cast("Sequence[Any]", args)]
    return args


def kubernetes(recording: Recording, kind: str) -> dict[str, dict[str, Any]]:
    """All Kubernetes objects of a kind by `metadata.name`, as plain data."""
    found = [inputs(resource) for resource in recording.resources if resource.type.endswith(f":{kind}")]
    return {item["metadata"]["name"]: item for item in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a component needs around it, made up; to be used inside a recorded program.

    Attributes:
        settings: of the stack that is recorded.
        labels: common to all objects.
        images: a made-up reference by digest for each image.
        opts: options with an explicit provider.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    opts: pulumi.ResourceOptions

    @classmethod
    def of_stack(cls) -> "Stage":
        """A stage for the stack whose program is running."""
        settings = load()
        provider = k8s.Provider("cluster", context=settings.context, cluster_identifier="test")
        digest = "0123456789abcdef" * 4
        images = ImageRefs(
            **{entry.name: f"registry.example.com/{entry.name}@sha256:{digest}" for entry in fields(ImageRefs)}
        )
        return cls(
            settings=settings,
            labels=PlatformLabels(environment=settings.environment.value),
            images=images,
            opts=pulumi.ResourceOptions(providers=[provider]),
        )

    def secrets(self, consumers: Sequence[SecretConsumer]) -> Mapping[str, SecretRef]:
        """References as Credentials would hand them out, with nothing behind them."""
        return {
            consumer.name: SecretRef(name=pulumi.Output.from_input(f"{consumer.name}-secrets"), version="1")
            for consumer in consumers
        }

    def postgres(self) -> PostgresEndpoint:
        """An endpoint as PostgresHA would hand it out."""
        data = self.settings.namespaces.data
        return PostgresEndpoint(
            pooler_host=pulumi.Output.from_input(service_host("postgres-pooler", data)),
            primary_host=pulumi.Output.from_input(service_host("postgres-rw", data)),
            port=POSTGRES_PORT,
            database=DATABASE,
        )

    def redis(self) -> RedisEndpoint:
        """An endpoint as RedisHA would hand it out."""
        sentinel = self.settings.redis.mode is RedisMode.SENTINEL
        host = service_host("valkey-sentinel" if sentinel else "valkey", self.settings.namespaces.data)
        return RedisEndpoint(
            host=pulumi.Output.from_input(host), sentinel=sentinel, ready=pulumi.Output.from_input("ready")
        )

    def airflow(self) -> AirflowEndpoint:
        """An endpoint as AirflowCore would hand it out."""
        space = self.settings.namespaces.airflow
        execution = service_host("api-execution", space)
        return AirflowEndpoint(
            core_host=pulumi.Output.from_input(service_host("api-core", space)),
            core_port=API_PORT,
            execution_url=pulumi.Output.from_input(f"https://{execution}:{API_PORT}/execution/"),
            rolled=pulumi.Output.from_input("scheduler"),
        )

    def autoscaling(self) -> AutoscalingEndpoint:
        """An endpoint as Autoscaling would hand it out."""
        return AutoscalingEndpoint(
            authentication_kind="TriggerAuthentication", authentication_name=pulumi.Output.from_input("autoscaler")
        )
