"""kubectl as the administrator of the local cluster."""

import json
import subprocess
from typing import Any

from local.cluster.layout import Layout
from local.errors import LocalError


def kubectl(layout: Layout, *arguments: str, stdin: str | None = None, timeout: float = 60) -> str:
    """Run kubectl and return what it printed.

    Raises:
        LocalError: it failed; the message holds what it complained about.
    """
    folders = ["--kubeconfig", str(layout.kubeconfig), "--cache-dir", str(layout.root / "kubectl-cache")]
    command = [str(layout.bin / "kubectl"), *folders, *arguments]
    try:
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise LocalError(f"`kubectl {' '.join(arguments[:3])}` gave no answer in {timeout:.0f} s") from error
    except OSError as error:
        raise LocalError(f"kubectl cannot be run: {error}. `make up` builds it.") from error
    if result.returncode:
        raise LocalError(f"`kubectl {' '.join(arguments[:3])}` failed: {result.stderr.strip()}")
    return result.stdout


def get(layout: Layout, *what: str) -> dict[str, Any]:
    """An object or a list as the API server gives it."""
    return json.loads(kubectl(layout, "get", *what, "-o", "json", "--request-timeout=10s", timeout=20))
