"""The pods of a queue, from the first to the last, by one watch of the API server."""

import json
import subprocess
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from local.forward import kubectl
from tests.drills.scaling.figures import Worker
from tests.drills.waiting import DrillError


def seconds_of(text: str) -> float:
    """Seconds since the epoch of a time as Kubernetes and Airflow write it."""
    return datetime.fromisoformat(text).timestamp()


def told(metadata: Mapping[str, Any], seen: float) -> float | None:
    """When a pod was told to stop: the API server says the second, the arrival of the event the moment within it."""
    if "deletionTimestamp" not in metadata:
        return None
    # The time stamp is the end of the grace, not its beginning.
    second = seconds_of(metadata["deletionTimestamp"]) - metadata.get("deletionGracePeriodSeconds", 0)
    return min(max(seen, second), second + 1)


def after(event: Mapping[str, Any], known: Worker | None, seen: float) -> Worker:
    """What is known of a pod after an event.

    Args:
        event: `type` and `object` of a watch.
        known: what was known before; None for a pod that is new.
        seen: when the event arrived.
    """
    metadata, status = event["object"]["metadata"], event["object"].get("status", {})
    worker = known or Worker(name=metadata["name"], address="", created=seconds_of(metadata["creationTimestamp"]))
    ended = [
        found for item in status.get("containerStatuses", ()) if (found := item.get("state", {}).get("terminated"))
    ]
    ready = [
        seconds_of(item["lastTransitionTime"])
        for item in status.get("conditions", ())
        if item["type"] == "Ready" and item["status"] == "True"
    ]
    return replace(
        worker,
        address=status.get("podIP") or worker.address,
        ready=worker.ready or (ready[0] if ready else None),
        # A second word to stop, with a shorter grace, is not the first.
        told=worker.told or told(metadata, seen),
        ended=worker.ended or (seconds_of(ended[0]["finishedAt"]) if ended else None),
        exit_code=ended[0]["exitCode"] if ended else worker.exit_code,
        gone=seen if event["type"] == "DELETED" else None,
    )


class PodWatch:
    """Remembers every pod of a workload while the block runs."""

    def __init__(self, namespace: str, workload: str, environment: Mapping[str, str]) -> None:
        selector = f"app.kubernetes.io/name={workload}"
        self._command = [kubectl(), "get", "pods", "--namespace", namespace, "--selector", selector]
        self._command += ["--watch", "--output-watch-events", "--output", "json"]
        self._environment = environment
        self._known: dict[str, Worker] = {}
        self._ended = False

    @contextmanager
    def watching(self) -> Generator["PodWatch"]:
        """Watch while the block runs, with one process."""
        with subprocess.Popen(self._command, env=self._environment, stdout=subprocess.PIPE, text=True) as process:
            thread = threading.Thread(target=self._read, args=(process,))
            thread.start()
            try:
                yield self
            finally:
                process.terminate()
                thread.join()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        # One line for each event.
        for line in process.stdout or ():
            event: dict[str, Any] = json.loads(line)
            uid = event["object"]["metadata"]["uid"]
            self._known[uid] = after(event, self._known.get(uid), time.time())
        self._ended = True

    def workers(self) -> list[Worker]:
        """All pods there were, in the order in which they came.

        Raises:
            DrillError: the watch has ended: what came after it is not known.
        """
        if self._ended:
            raise DrillError("the watch of the pods has ended before the drill")
        return sorted(self._known.values(), key=lambda worker: (worker.created, worker.name))

    def consuming(self) -> list[Worker]:
        """Those that take tasks now."""
        return [worker for worker in self.workers() if worker.ready and not worker.told and not worker.gone]

    def leaving(self) -> list[Worker]:
        """Those that were told to stop and are still there."""
        return [worker for worker in self.workers() if worker.told and not worker.gone]
