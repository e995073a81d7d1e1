"""What the engine refuses, whichever way the program is run."""

from collections.abc import Mapping
from typing import Any

from local.engine import config as configuration
from local.engine.errors import BadInputError
from local.engine.values import unwrap


def refuse_default_provider(package: str, name: str, disabled: frozenset[str]) -> None:
    """Raise BadInputError when `package` may only be used through an explicit provider."""
    if package in disabled or "*" in disabled:
        msg = (
            f"{name} names no provider, and the stack file disables the default one of {package} "
            f"({configuration.DISABLE_DEFAULT_PROVIDERS}): pass provider= to it or to its parent"
        )
        raise BadInputError(msg)


def refuse_duplicate(urn: str, known: Mapping[str, object]) -> None:
    """Raise BadInputError when two resources claim one URN."""
    if urn in known:
        msg = f"two resources have the same type, parent and name: {urn}; give one of them another name"
        raise BadInputError(msg)


def refuse_other_cluster(name: str, changed: dict[str, tuple[Any, Any]]) -> None:
    """Raise BadInputError when a provider would move to another cluster, leaving everything behind on the first."""
    if "clusterIdentifier" in changed and all(changed["clusterIdentifier"]):
        before, after = unwrap(list(changed["clusterIdentifier"]))
        msg = (
            f"{name}: this stack lives on cluster {before!r} and the program now names {after!r}: "
            "destroy it there first, or use another stack"
        )
        raise BadInputError(msg)
