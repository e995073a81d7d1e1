"""What Patroni says of its cluster, asked over its own API from the machine that the pods run on."""

import ssl
from typing import Any

import httpx
import yaml

from tests.drills.ha.bench import DATA, Bench
from tests.drills.stack import Pod
from tests.drills.waiting import DrillError, wait_for

INSTANCES = 3
_PORT = 8008


class Patroni:
    """The database's instances by role."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        context = ssl.create_default_context(cafile=str(bench.authority))
        # What changes anything asks for a certificate besides the password; instances show each other their own.
        certificate, key = (bench.authority.with_name(name) for name in ("tls.crt", "tls.key"))
        for path in (certificate, key):
            path.touch(mode=0o600)
            path.write_text(bench.secret(DATA, "postgres", path.name))
        context.load_cert_chain(certificate, key)
        self._client = httpx.Client(verify=context)
        settings = yaml.safe_load(bench.secret(DATA, "postgres", "patroni.yml"))
        login = settings["restapi"]["authentication"]
        self._login = (login["username"], login["password"])

    def ask(self, pod: Pod, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """One request to the Patroni of an instance."""
        host = f"{pod.name}.postgres-nodes.{DATA}.svc.cluster.local"
        return self._client.request(
            method,
            f"https://{pod.address}:{_PORT}/{path}",
            json=body,
            auth=self._login,
            headers={"Host": host},
            extensions={"sni_hostname": host},
            timeout=60 if body else 3,
        )

    def instances(self) -> list[Pod]:
        """The instances' pods."""
        return self._bench.pods(DATA, "postgres")

    def instance(self, name: str) -> Pod:
        """The pod of an instance as it is now.

        Raises:
            DrillError: there is none.
        """
        for pod in self.instances():
            if pod.name == name:
                return pod
        raise DrillError(f"there is no instance {name or 'that leads'}")

    def members(self) -> list[dict[str, Any]]:
        """The cluster as any instance that answers sees it; empty when none does."""
        for pod in self.instances():
            try:
                return self.ask(pod, "GET", "cluster").json()["members"]
            except (httpx.HTTPError, ValueError, KeyError):
                continue
        return []

    def leader(self) -> Pod:
        """The pod of the instance that leads.

        Raises:
            DrillError: none does.
        """
        return self.instance(self.leader_or_none() or "")

    def leader_or_none(self) -> str | None:
        """The name of the instance that leads, if any does."""
        return next((member["name"] for member in self.members() if member["role"] == "leader"), None)

    def takes_writes(self, pod: Pod) -> bool:
        """Whether the server of an instance does; asked inside, whatever its network is like."""
        psql = ("psql", "-qAt", "-d", "postgres", "-c", "SELECT NOT pg_is_in_recovery()")
        return self._run_in(pod, "postgres", *psql) == "t"

    def standbys(self) -> list[Pod]:
        """Pods of the other instances."""
        leader = self.leader()
        return [pod for pod in self.instances() if pod.name != leader.name]

    def is_whole(self) -> bool:
        """One leads, all others stream and count for the quorum, all on one timeline, and all pods are ready."""
        members = self.members()
        roles = sorted(member["role"] for member in members)
        states = {member["state"] for member in members}
        timelines = {member.get("timeline") for member in members}
        return (
            roles == ["leader", "quorum_standby", "quorum_standby"]
            and states <= {"running", "streaming"}
            and len(timelines) == 1
            and all(pod.ready for pod in self.instances())
        )

    def until_whole(self, seconds: float = 300) -> float:
        """Wait until it is whole. Returns the seconds it took."""
        return wait_for("one leader and two standbys of the quorum stream", seconds, self.is_whole)

    def ask_leader(self, query: str) -> str:
        """What the server that leads answers to one query of one value."""
        return self.run_in_leader("postgres", "psql", "-qAt", "-d", "postgres", "-c", query)

    def run_in_leader(self, container: str, *command: str) -> str:
        """What a command prints in a container of the instance that leads."""
        return self._run_in(self.leader(), container, *command)

    def _run_in(self, pod: Pod, container: str, *command: str) -> str:
        place = ("exec", pod.name, "--namespace", DATA, "--container", container, "--")
        return self._bench.kubectl(*place, *command).strip()

    def waiting_segments(self) -> int:
        """Segments of the log that wait for the archive, at who leads."""
        return int(self.ask_leader("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"))

    def switch_over(self) -> None:
        """Hand the lead to the first standby."""
        leader, candidate = self.leader(), self.standbys()[0]
        answer = self.ask(leader, "POST", "switchover", {"leader": leader.name, "candidate": candidate.name})
        if answer.status_code != 200:
            raise DrillError(f"switchover: {answer.status_code} {answer.text}")

    def set(self, **changes: Any) -> None:
        """Change what the cluster agreed on."""
        answer = self.ask(self.leader(), "PATCH", "config", changes)
        if answer.status_code != 200:
            raise DrillError(f"configuration: {answer.status_code} {answer.text}")
