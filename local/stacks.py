"""Which stacks there are and which kube context each of them means, read without running the program."""

from pathlib import Path
from typing import Any, cast

import yaml

from local import paths
from local.errors import PreflightError

LOCAL_CONTEXT = "airflow-platform-local"


def stack_file(stack: str) -> Path:
    """The stack's file.

    Raises:
        PreflightError: there is no such stack.
    """
    path = paths.stack_files() / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(p.name.split(".")[1] for p in paths.stack_files().glob("Pulumi.*.yaml"))
        raise PreflightError(
            f"stack = {stack}: there is no {path.name}. Choose one of {', '.join(known)}, or write that file."
        )
    return path


def stack_config(stack: str) -> dict[str, Any]:
    """What the stack's file says, by full key; secrets as they stand there.

    Raises:
        PreflightError: there is no such stack.
    """
    document = cast("dict[str, Any]", yaml.safe_load(stack_file(stack).read_text()) or {})
    return cast("dict[str, Any]", document.get("config") or {})


def context_of(stack: str, given: str | None) -> str | None:
    """The kube context that a stack deploys to: the given one, or the stack file's."""
    return given or stack_config(stack).get("airflow-platform:context")


def is_local(stack: str, given: str | None) -> bool:
    """True when the stack deploys to the cluster that this machine starts itself."""
    return context_of(stack, given) == LOCAL_CONTEXT


def policy_configuration(stack: str, pack: Path) -> Path:
    """`config/<stack>.json` of a policy pack, or that of the stack's environment when the stack has none of its own."""
    own = pack / "config" / f"{stack}.json"
    return (
        own if own.exists() else own.with_name(f"{stack_config(stack).get('airflow-platform:environment', stack)}.json")
    )
