"""The deployed drill stack, as drills see it from the machine it runs on."""

import base64
from pathlib import Path

from tests.drills.clients import conninfo
from tests.drills.stack import DeployedStack

STACK = "drill"
AIRFLOW, DATA, MONITORING = "drill-airflow", "drill-data", "drill-monitoring"


class Bench(DeployedStack):
    """The drill stack: its pods, Services and secrets."""

    def __init__(self, folder: Path) -> None:
        """Read the outputs of the deployed stack; `folder` takes the authority's certificate."""
        super().__init__(STACK, folder)

    def api_addresses(self) -> list[str]:
        """Where the pods of the data namespace find the API server."""
        service = self.get("service", "kubernetes", "--namespace", "default")["spec"]["clusterIP"]
        hosts = {item["status"]["hostIP"] for item in self.get("pods", "--namespace", DATA)["items"]}
        return [service, *sorted(hosts)]

    def secret(self, namespace: str, consumer: str, file: str) -> str:
        """One file of a consumer's newest Secret; secrets that pods wait for have another name with another content."""
        found = [
            item
            for item in self.get("secrets", "--namespace", namespace)["items"]
            if item["metadata"]["name"].startswith(f"{consumer}-secrets")
        ]
        newest = max(found, key=lambda item: item["metadata"]["creationTimestamp"])
        return base64.b64decode(newest["data"][file]).decode()

    def conninfo(self, consumer: str, service: str) -> str:
        """A client like an Airflow process's.

        Args:
            consumer: whose login, such as `scheduler`.
            service: through which Service of the data namespace.
        """
        url = self.secret(AIRFLOW, consumer, "database_url")
        return conninfo(url, f"{service}.{DATA}.svc.cluster.local", self.address(DATA, service), self.authority)

    def all_ready(self) -> bool:
        """Every Deployment and StatefulSet of the stack has all its pods ready."""
        for namespace in (AIRFLOW, DATA):
            for item in self.get("deployments,statefulsets", "--namespace", namespace)["items"]:
                wanted, status = item["spec"].get("replicas", 1), item.get("status", {})
                if status.get("readyReplicas", 0) < wanted or status.get("updatedReplicas", 0) < wanted:
                    return False
        return True

    def renew_restarted(self, namespace: str) -> None:
        """Delete pods with a container that was started again more than once: the kubelet waits longer each time, up to
        five minutes, which belongs to the faults before and not to the next one."""
        for item in self.get("pods", "--namespace", namespace)["items"]:
            restarts = [status["restartCount"] for status in item["status"].get("containerStatuses", ())]
            if max(restarts, default=0) > 1:
                self.kubectl("delete", "pod", item["metadata"]["name"], "--namespace", namespace, "--wait=false")
