"""Every program of the local machine, built from source with pinned sums."""

from local.toolchain.builder import build, build_all, go_faults, is_built
from local.toolchain.debian import HOST_PACKAGES, ensure_packages
from local.toolchain.table import TOOLS, Tool, binary, tool, tool_version

__all__ = [
    "HOST_PACKAGES",
    "TOOLS",
    "Tool",
    "binary",
    "build",
    "build_all",
    "ensure_packages",
    "go_faults",
    "is_built",
    "tool",
    "tool_version",
]
