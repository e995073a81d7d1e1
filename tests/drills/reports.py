"""What drills leave behind: one report each in `build/reports/`."""

import json
import os
import platform
from collections.abc import Mapping
from typing import Any

import psutil

from local import paths


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "kernel": platform.release(),
        "nodes": 1,
    }


def write_report(name: str, report: Mapping[str, Any]) -> None:
    """Write `build/reports/<drill>.json`."""
    folder = paths.checkout() / "build" / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")
