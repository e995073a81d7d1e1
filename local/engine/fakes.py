"""Made-up outputs for the recording mode: known, valid in form, and always the same for the same URN."""

import hashlib
import uuid
from typing import Any, Final, cast

from local.engine import urn as urns
from local.engine.goal import Goal
from local.engine.providers import random
from local.engine.providers.base import UNKNOWN, Properties
from local.engine.values import annotate_secrets, hide_properties, unwrap

_NUMBER_BYTES: Final = 8


class Replay:
    """Chance that only depends on a URN."""

    def __init__(self, urn: str) -> None:
        self._urn = urn
        self._drawn = 0

    def octets(self, count: int) -> bytes:
        """The next so many bytes."""
        self._drawn += 1
        return hashlib.shake_256(f"{self._urn}#{self._drawn}".encode()).digest(count)

    def below(self, limit: int) -> int:
        """The next number below `limit`."""
        return int.from_bytes(self.octets(_NUMBER_BYTES)) % limit

    def salt(self) -> bytes:
        """Sixteen bytes."""
        return self.octets(16)


def outputs_of(goal: Goal, *, known_secrets: bool) -> tuple[str, Properties]:
    """Id and outputs of a custom resource.

    Args:
        goal: what the program asked for.
        known_secrets: False leaves what is generated unknown, with an empty id.

    Raises:
        ProviderError: a random resource was asked for that cannot be.
    """
    identity, plain = _plain_outputs(goal, known_secrets=known_secrets)
    outputs = cast("Properties", annotate_secrets(plain, goal.inputs))
    return identity, hide_properties(outputs, frozenset(goal.additional_secret_outputs))


def _plain_outputs(goal: Goal, *, known_secrets: bool) -> tuple[str, Properties]:
    inputs = cast("Properties", unwrap(goal.inputs))
    if urns.provider_package(goal.type) is not None:
        return str(uuid.UUID(bytes=Replay(goal.urn).octets(16), version=4)), inputs
    match goal.package:
        case "random":
            if not known_secrets:
                return "", random.unknown(goal.type, inputs)
            drawn = random.draw(goal.type, inputs, Replay(goal.urn))
            return drawn.id, drawn.outputs
        case "kubernetes":
            return _kubernetes(goal, inputs)
        case "docker":
            return _docker(goal, inputs)
        case _:
            return _short_hash(goal.urn), inputs


def _kubernetes(goal: Goal, inputs: Properties) -> tuple[str, Properties]:
    """The object as sent, named like the provider would name it."""
    metadata: Properties = {**inputs.get("metadata", {})}
    if not metadata.get("name") and metadata.get("name") is not UNKNOWN:
        metadata["name"] = f"{goal.name}-{_short_hash(goal.urn)}"
    parts = [metadata.get("namespace"), metadata["name"]]
    if UNKNOWN in parts:
        return "", {**inputs, "metadata": metadata}
    return "/".join(part for part in parts if part), {**inputs, "metadata": metadata}


def _docker(goal: Goal, inputs: Properties) -> tuple[str, Properties]:
    name: Any = inputs.get("imageName")
    if name is UNKNOWN or name is None:
        return "", {**inputs, "repoDigest": UNKNOWN}
    digest = hashlib.sha256(goal.urn.encode()).hexdigest()
    repository = str(name).rpartition(":")[0] or str(name)
    return str(name), {**inputs, "repoDigest": f"{repository}@sha256:{digest}"}


def _short_hash(urn: str) -> str:
    return hashlib.sha256(urn.encode()).hexdigest()[:8]
