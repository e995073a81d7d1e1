"""Services as somebody else would run them, in a namespace of their own, and preflights against them."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from components.contract import preflights
from components.contract.names import service_host
from components.contract.preflights import Preflight
from components.contract.secrets import SecretRef
from components.credentials import certificates
from tests.e2e.conftest import Kubectl
from tests.harness import plain

NAMESPACE = "e2e-theirs"
START = (Path(__file__).parent / "postgres.sh").read_text()
_PATIENCE_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a preflight ended and what it said."""

    succeeded: bool
    text: str


class Theirs:
    """Somebody else's namespace: servers with certificates of an authority that the platform does not know."""

    def __init__(self, kube: Kubectl) -> None:
        self._kube = kube
        validity = certificates.Validity(issued=(datetime.now(UTC) - timedelta(days=1)).date(), days=30)
        self._authority, self._validity = certificates.authority(bytes(32), validity), validity
        self.authority = certificates.pem(self._authority.certificate)
        self.stranger = certificates.pem(certificates.authority(bytes([1] * 32), validity).certificate)

    def image(self, kind: str, workload: str) -> str:
        """The image of a running workload of any stack."""
        found = json.loads(self._kube("get", kind, "-A", "-l", f"app.kubernetes.io/name={workload}", "-o", "json"))
        return found["items"][0]["spec"]["template"]["spec"]["containers"][0]["image"]

    def host(self, name: str) -> str:
        """The name that the server's certificate carries."""
        return service_host(name, NAMESPACE)

    def serve(
        self, name: str, image: str, uid: int, command: list[str], *, port: int, files: Mapping[str, str]
    ) -> None:
        """Start a server; its files lie in /files, its certificate in /certificates, what it writes in /work."""
        labels = {"app": name}
        leaf = certificates.leaf(
            self._authority, bytes(32), consumer=name, names=[self.host(name)], validity=self._validity
        )
        tls = {"tls.crt": leaf, "tls.key": certificates.leaf_key(bytes(32), name)}
        container: dict[str, Any] = {
            "name": "server",
            "image": image,
            "command": command,
            "resources": {"requests": {"cpu": "5m", "memory": "64Mi"}, "limits": {"memory": "384Mi"}},
            "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
            "volumeMounts": [
                {"name": "files", "mountPath": "/files"},
                {"name": "certificates", "mountPath": "/certificates"},
                {"name": "work", "mountPath": "/work"},
            ],
        }
        pod: dict[str, Any] = {
            "securityContext": {"runAsUser": uid, "runAsGroup": uid, "fsGroup": uid},
            "terminationGracePeriodSeconds": 2,
            "containers": [container],
            "volumes": [
                {"name": "files", "configMap": {"name": name}},
                {"name": "certificates", "secret": {"secretName": name, "defaultMode": 0o440}},
                {"name": "work", "emptyDir": {}},
            ],
        }
        self._apply(
            _object("v1", "Secret", name, stringData=tls),
            _object("v1", "ConfigMap", name, data=dict(files)),
            _object("v1", "Service", name, spec={"selector": labels, "ports": [{"port": port}]}),
            _object("v1", "Pod", name, labels=labels, spec=pod),
        )

    def wait_for(self, *servers: str) -> None:
        """Until all of them answer."""
        self._kube(
            "wait",
            "--for=condition=Ready",
            f"--timeout={_PATIENCE_SECONDS}s",
            "-n",
            NAMESPACE,
            *[f"pod/{name}" for name in servers],
        )

    def ask(self, case: str, preflight: Preflight, files: Mapping[str, str]) -> Said:
        """Run a preflight as a Job, the very one that a stack would run, with these secret files."""
        own = replace(
            preflight,
            name=case,
            namespace=NAMESPACE,
            image=self.image("deployment", "scheduler"),
            priority_class="",
            secret=SecretRef(name=f"{case}-secrets", version="1"),  # pyright: ignore[reportArgumentType] - plain is enough
        )
        job = preflights.job(own)
        job.metadata = preflights.metadata(own)
        self._apply(
            _object("v1", "Secret", f"{case}-secrets", stringData=dict(files)),
            _typed("v1", "ServiceAccount", preflights.service_account(own)),
            _typed("v1", "ConfigMap", preflights.config_map(own)),
            _typed("batch/v1", "Job", job),
        )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            status = json.loads(self._kube("get", "job", case, "-n", NAMESPACE, "-o", "json"))["status"]
            ended = {item["type"] for item in status.get("conditions", []) if item["status"] == "True"}
            if ended & {"Complete", "Failed"}:
                return Said(succeeded="Complete" in ended, text=self._kube("logs", f"job/{case}", "-n", NAMESPACE))
            time.sleep(1)
        raise AssertionError(f"the preflight {case} has not ended within {_PATIENCE_SECONDS} s")

    def inside(self, server: str, *command: str) -> str:
        """Run a command in a server's pod."""
        return self._kube("exec", "-n", NAMESPACE, server, "--", *command)

    def _apply(self, *objects: Mapping[str, Any]) -> None:
        self._kube("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def _object(version: str, kind: str, name: str, labels: Mapping[str, str] | None = None, **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": dict(labels or {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def _typed(version: str, kind: str, args: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, **plain(args)}
