"""Takes the primary's label off every other instance, so that the Service of the primary leads to this one alone.

An instance that lives labels itself again, as what it is, the next time that it looks (`loop_wait`).
Arguments: label that tells the role, selector of the instances.
"""

import http.client
import json
import os
import socket
import ssl
import sys
import urllib.parse
from pathlib import Path
from typing import Any

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_SECONDS = 5


def main(role: str, instances: str) -> None:
    """Ask for the instances that are labelled as primary, and take the label off all but this one."""
    pods = f"/api/v1/namespaces/{_account('namespace')}/pods"
    selector = urllib.parse.quote(f"{instances},{role}=primary")
    labelled = _ask("GET", f"{pods}?labelSelector={selector}")["items"]
    for name in others([pod["metadata"]["name"] for pod in labelled], socket.gethostname()):
        _ask("PATCH", f"{pods}/{name}", {"metadata": {"labels": {role: None}}})
        print(f"fence: {name} is no longer labelled as primary", flush=True)


def others(labelled: list[str], own: str) -> list[str]:
    """The pods whose label goes: all but this instance's own."""
    return [name for name in labelled if name != own]


def _account(name: str) -> str:
    return (_ACCOUNT / name).read_text(encoding="utf-8").strip()


def _ask(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the Kubernetes API.

    Raises:
        SystemExit: it was refused.
    """
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=_TIMEOUT_SECONDS)
    headers = {"Authorization": f"Bearer {_account('token')}", "Content-Type": "application/merge-patch+json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= http.client.BAD_REQUEST:
        raise SystemExit(f"fence: {method} {path}: {answer.status} {text.decode(errors='replace')[:300]}")
    return json.loads(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
