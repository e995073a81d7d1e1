"""The pods of a whole platform without an engine, for tests that need many of them.

The program itself runs, with one difference: a resource that it makes is kept here instead of being registered, and its
outputs are its inputs. That takes a fraction of a recording's time, which for the most part goes into the way to the
engine and back. `tests/stacks/test_restarts.py` holds both to give the same pods.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from unittest import mock

import pulumi
import pulumi_kubernetes as k8s
from pulumi._types import input_type_to_dict, is_input_type  # what the SDK itself sends them through

from components.platform import Platform, PlatformArgs
from settings.platform_settings import PlatformSettings
from tests.harness import awaited

WITH_PODS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:batch/v1:Job")

_RANDOM = {"result": "x" * 64, "base64": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=", "hex": "78" * 32}
"""Always the same: no pod differs by what was generated."""

Pods = dict[tuple[str, str], dict[str, Any]]
"""Type token and name of the process to the object, as it would be sent."""


def pods_of(settings: PlatformSettings) -> Pods:
    """Everything with pods that runs now or once; a Job by the account of its pod, for its own name has a checksum."""
    return awaited(_pods(settings))


async def _pods(settings: PlatformSettings) -> Pods:
    kept: list[tuple[str, Any]] = []
    with _keeping(kept):
        cluster = k8s.Provider("cluster", context="test", cluster_identifier="test")
        Platform("platform", PlatformArgs(settings=settings), pulumi.ResourceOptions(providers=[cluster]))
    items = [(token, await _settled(props)) for token, props in kept if token in WITH_PODS]
    return {(token, name_of(token, item)): item for token, item in items}


def name_of(token: str, item: Mapping[str, Any]) -> str:
    """What the pods of an object are called."""
    if token.endswith(":Job"):
        return str(item["spec"]["template"]["spec"]["serviceAccountName"])
    return str(item["metadata"]["name"])


@contextmanager
def _keeping(kept: list[tuple[str, Any]]) -> Generator[None]:
    def keep(self: Any, token: str, name: str, custom: bool, props: Any = None, *_: Any, **__: Any) -> None:
        kept.append((token, props))
        if custom:
            # Of an object that was made nobody reads more than who it is.
            made_up = _RANDOM if token.startswith("random:") else {"metadata": getattr(props, "metadata", None)}
            outputs = {"urn": name, "id": name, **made_up}
            self.__dict__.update({key: pulumi.Output.from_input(value) for key, value in outputs.items()})

    quiet = mock.Mock(return_value=None)
    with (
        mock.patch.object(pulumi.Resource, "__init__", keep),
        mock.patch.object(pulumi.ComponentResource, "register_outputs", quiet),
        mock.patch.object(pulumi.Config, "get_secret", quiet),
        mock.patch.object(pulumi.Config, "get_object", quiet),
    ):
        yield


async def _settled(value: Any) -> Any:
    """Plain data: outputs awaited, typed arguments as they are sent, unset fields left out."""
    if isinstance(value, pulumi.Output):
        return await _settled(await cast("pulumi.Output[Any]", value).future())
    if is_input_type(cast("type[Any]", type(value))):
        value = input_type_to_dict(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: await _settled(entry) for key, entry in items if entry is not None}
    if isinstance(value, list | tuple):
        return [await _settled(entry) for entry in cast("Sequence[Any]", value)]
    return value
