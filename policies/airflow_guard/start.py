"""Starts the pack's process, and nothing that it does not need."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def start(name: str) -> None:
    """Serve every rule until the engine ends the process.

    Args:
        name: of the pack, in messages.
    """
    _take_stubs_alone()
    from .registry import RULES  # noqa: PLC0415 - after the stubs have been found
    from .server import serve  # noqa: PLC0415

    serve(name, RULES)


def _take_stubs_alone() -> None:
    """Let the protocol's stubs be imported without the SDK around them.

    The stubs lie within the SDK, whose own import (YAML, the automation API, the runtime) takes longer than everything
    the pack does before the first resource; `policies/README.md` has the figures. Where the Pulumi command line has
    imported the SDK already, there is nothing to save.
    """
    found = find_spec("pulumi") if "pulumi" not in sys.modules else None
    if found is None or not found.submodule_search_locations:
        return
    root = Path(found.submodule_search_locations[0])
    for package in _PACKAGES:
        module = ModuleType(package)
        module.__path__ = [str(root.joinpath(*package.split(".")[1:]))]
        sys.modules[package] = module
