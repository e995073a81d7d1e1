"""Stacks that are lost, restored, followed and filled: one stack file, each with namespaces of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from local import deploy, paths
from local.progress import ConsoleReporter
from local.stacks import stack_config
from local.up import run_smoke_dag
from tests.drills import deploy_with
from tests.drills.stack import StackObjects
from tests.drills.waiting import DrillError, wait_for

BASE = "recovery"
BASE_FOLDER = Path(__file__).parent / "stacks"
FOLDER = paths.checkout() / "build" / "recovery"
"""Where the stack files are written, for whoever looks at a stack that was left there."""

SHARED_CLASS = "recovery-shared"
"""Of a volume that the drill makes, since several pods mount it."""

KEPT = "recovery_drill"
_WRITE = f"from airflow.models import Variable; Variable.set({KEPT!r}, %r)"
_READ = f"from airflow.models import Variable; print('value:', Variable.get({KEPT!r}))"


class Place(StackObjects):
    """A stack of the drill.

    Attributes:
        settings: what its file says otherwise than the common one, by key; grows with each deployment.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.settings: dict[str, Any] = {}

    @property
    def airflow(self) -> str:
        """The namespace of Airflow."""
        return f"{self.name}-airflow"

    @property
    def data(self) -> str:
        """The namespace of the database."""
        return f"{self.name}-data"

    def images(self, **overrides: str) -> dict[str, Any]:
        """The setting `images`, with these in place of the repository's."""
        return {**stack_config(self.name)["airflow-platform:images"], "overrides": overrides}

    def write(self) -> None:
        """Write the stack's file."""
        document = yaml.safe_load((BASE_FOLDER / f"Pulumi.{BASE}.yaml").read_text())
        spaces = ("edge", "airflow", "data", "monitoring")
        document["config"]["airflow-platform:namespaces"] = {space: f"{self.name}-{space}" for space in spaces}
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"Pulumi.{self.name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False, width=120))

    def deploy(self, **settings: Any) -> subprocess.CompletedProcess[str]:
        """Deploy it with these settings besides those of the deployments before; those of PostgreSQL are added up."""
        postgres = {
            **self.settings.get("postgres", stack_config(self.name)["airflow-platform:postgres"]),
            **settings.pop("postgres", {}),
        }
        self.settings = {**self.settings, **settings, "postgres": postgres}
        return deploy_with.deployed(self.name, **self.settings)

    def deployed(self, **settings: Any) -> float:
        """The same, and it succeeds; returns the seconds."""
        begun = time.monotonic()
        result = self.deploy(**settings)
        if result.returncode:
            raise DrillError(f"{self.name}: {result.stdout[-3000:]}{result.stderr[-3000:]}")
        return round(time.monotonic() - begun, 1)

    def destroy(self) -> None:
        """Take it away, with what was shared with it, and its file last: all the others read that."""
        command = [sys.executable, "-m", "local", "destroy", "--stack", self.name]
        subprocess.run(command, cwd=paths.checkout(), check=True)
        unshare(self)
        (FOLDER / f"Pulumi.{self.name}.yaml").unlink()

    def outputs(self) -> Mapping[str, Any]:
        """Its outputs, the secret ones in plain."""
        return deploy.output_values(self.name, show_secrets=True)

    def query(self, sql: str, instance: str = "postgres-0") -> str:
        """Ask the metadata database as its superuser."""
        psql = ("psql", "-U", "postgres", "-d", "airflow", "--no-psqlrc", "--quiet", "-At", "-c", sql)
        return self.kubectl("-n", self.data, "exec", instance, "-c", "postgres", "--", *psql).strip()

    def keep(self, text: str) -> None:
        """Write an encrypted row with Airflow."""
        self._python(_WRITE % text)

    def kept(self) -> str:
        """Read that row with Airflow: the database and the key it was encrypted with are both there."""
        return self._python(_READ).partition("value: ")[2].split("\n")[0]

    def prometheus(self, question: str) -> dict[str, Any]:
        """What the stack's own Prometheus answers to a question of its API, such as `rules`."""
        address = self.address(f"{self.name}-monitoring", "prometheus")
        answer = httpx.get(f"http://{address}:9090/api/v1/{question}", timeout=10)
        return answer.raise_for_status().json()["data"]

    def smoke(self) -> None:
        """Run the smoke DAG to its end."""
        run_smoke_dag(self.name, None, ConsoleReporter())

    def until_archived(self) -> None:
        """End the log's segment and wait until the archive has it."""
        segment = self.query("SELECT pg_walfile_name(pg_switch_wal())")
        newest = "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver"
        wait_for(f"the archive has {segment}", 120, lambda: self.query(newest) >= segment)

    def until_backed_up(self) -> None:
        """Wait for a backup."""
        wait_for("there is a backup", 180, lambda: self.query("SELECT count(*) FROM airflow_platform.backups") != "0")

    def _python(self, program: str) -> str:
        self.kubectl("-n", self.airflow, "rollout", "status", "deployment/dag-processor", "--timeout=120s", timeout=130)
        return self.kubectl("-n", self.airflow, "exec", "deployment/dag-processor", "--", "python", "-c", program)


def share_archive(owner: Place, follower: Place, claim: str) -> None:
    """Give another stack's data namespace a claim on the volume of an archive, as soon as that namespace is there."""
    folder, capacity = archive_volume(owner)
    asked = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "",
        "volumeName": follower.data,
        "resources": {"requests": capacity},
    }
    described = {"name": claim, "namespace": follower.data}
    wanted = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": described, "spec": asked}
    wait_for(f"the namespace {follower.data}", 300, lambda: follower.kubectl("get", "namespace", follower.data))
    # The one node of the local cluster: two volumes are one folder.
    _apply(follower, _volume(follower.data, folder, capacity, described, "ReadWriteOnce", ""), wanted)


def give_archive(first: Place, other: Place) -> None:
    """Make the volume that all instances of a stack mount for its own archive, which no class of the local cluster does."""
    folder, capacity = archive_volume(first)
    own = folder.with_name(other.data)
    own.mkdir(mode=0o777, exist_ok=True)
    own.chmod(0o777)
    claim = {"name": "postgres-backups", "namespace": other.data}
    _apply(first, _volume(f"{other.data}-own", own, capacity, claim, "ReadWriteMany", SHARED_CLASS))


def archive_volume(owner: Place) -> tuple[Path, dict[str, str]]:
    """Where a stack's archive lies on this machine, and how large its volume is."""
    bound = owner.get("pvc", "postgres-backups", "--namespace", owner.data)
    volume = owner.get("pv", bound["spec"]["volumeName"])["spec"]
    return Path(volume["hostPath"]["path"]), volume["capacity"]


def _volume(
    name: str, folder: Path, capacity: dict[str, str], claim: dict[str, str], mode: str, of_class: str
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": capacity,
            "accessModes": [mode],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": of_class,
            "hostPath": {"path": str(folder)},
            "claimRef": claim,
        },
    }


def _apply(place: Place, *objects: dict[str, Any]) -> None:
    place.kubectl("apply", "-f", "-", stdin="\n---\n".join(json.dumps(found) for found in objects))


def unshare(follower: Place) -> None:
    """Take the volumes away that were made for a stack; the folders stay."""
    follower.kubectl("delete", "pv", follower.data, f"{follower.data}-own", "--ignore-not-found", "--wait=false")
