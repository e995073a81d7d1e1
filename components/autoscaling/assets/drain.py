# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false
"""The drain controller: sees to it that a scale-in takes an idle worker, and none while nobody can tell which is idle.

* Writes what it would cost to lose a worker's pod (`controller.kubernetes.io/pod-deletion-cost`): 0 for an idle one, 10
  and the age in seconds of its oldest task for a busy one. Written only while a scale-in is possible, and only when the
  order of the pods has changed: all ages grow alike, so a cost that was right stays right until a task ends or begins.
* Holds scale-ins back (`autoscaling.keda.sh/paused-scale-in`) while the database does not answer or workers have lost
  the broker, and takes back only what it set itself.
* Tells KEDA how many pods a queue's Deployment asks for, and Prometheus what it sees.

State lives in the objects alone: a second one, or one that starts anew, does and says the same.
Runs inside the Airflow image without loading Airflow: `drain.py CONFIG`.
"""

import json
import logging
import os
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COST = "controller.kubernetes.io/pod-deletion-cost"
PAUSED = "autoscaling.keda.sh/paused-scale-in"
HELD_BY = "airflow-platform/scale-in-held-for"
"""The reason, on a scaled object that this controller holds; nobody else writes it."""

BUSY, LONGEST = 10, 86400
LIVELY_SECONDS, QUIET_SECONDS = 5, 15
"""Between two rounds: while some queue can shrink, and otherwise."""
BAD_ROUNDS, GOOD_ROUNDS = 2, 3
"""In a row, until the brake is put on or released: one lost answer is no outage, one answer no recovery."""
STALE_SECONDS = 120

DATABASE, BROKER = "database", "broker"
TASKS = """
    SELECT hostname, extract(epoch FROM now() - min(start_date)) FROM task_instance
    WHERE state = 'running' AND queue = ANY(%s) GROUP BY hostname
"""

log = logging.getLogger("drain-controller")


@dataclass(frozen=True)
class Pod:
    """A worker's pod: `draining` seconds since it was told to stop, None for one that was not."""

    name: str
    address: str
    started: bool
    ready: bool
    cost: int | None
    draining: float | None
    grace: float


@dataclass
class Queue:
    """What was seen of a queue in the last round."""

    replicas: int = 0
    pods: list[Pod] = field(default_factory=list)
    busy: int = 0
    held_for: str = ""
    scaler_ready: bool = False
    scaler_fallback: bool = False


def costs(pods: Iterable[Pod], oldest: Mapping[str, float]) -> dict[str, int]:
    """Name to cost of every pod that a scale-in could take; `oldest` is the age of a task by the address of its pod."""
    return {
        pod.name: BUSY + min(LONGEST, int(oldest[pod.address])) if pod.address in oldest else 0
        for pod in pods
        if pod.draining is None
    }


def to_write(wanted: Mapping[str, int], written: Mapping[str, int | None]) -> dict[str, int]:
    """The costs that have to be written so that the pods go in the wanted order; none while they would anyway.

    Idle and busy are told apart by their values, not by their order alone: what is idle now is 0.
    """
    kinds_differ = any(
        written.get(name) is None or (written[name] == 0) != (cost == 0) for name, cost in wanted.items()
    )
    by_wanted = sorted(wanted, key=lambda name: (wanted[name], name))
    by_written = sorted(wanted, key=lambda name: (written.get(name) or 0, wanted[name], name))
    if not kinds_differ and by_wanted == by_written:
        return {}
    return {name: cost for name, cost in wanted.items() if written.get(name) != cost}


def lost_broker(pods: Iterable[Pod]) -> bool:
    """At least half of the workers that had begun to consume have no connection to the broker any more."""
    consuming = [pod for pod in pods if pod.started and pod.draining is None]
    return bool(consuming) and sum(not pod.ready for pod in consuming) * 2 >= len(consuming)


def parse_pod(item: dict, now: float) -> Pod:
    """A pod as the API server tells it."""
    meta, status = item["metadata"], item.get("status", {})
    containers = status.get("containerStatuses", [])
    grace = float(meta.get("deletionGracePeriodSeconds") or 0)
    stopped = meta.get("deletionTimestamp")
    # The time stamp is the end of the grace, not its beginning.
    draining = None if stopped is None else now - (_seconds(stopped) - grace)
    cost = meta.get("annotations", {}).get(COST)
    return Pod(
        name=meta["name"],
        address=status.get("podIP", ""),
        started=bool(containers) and all(container.get("started") for container in containers),
        ready=bool(containers) and all(container.get("ready") for container in containers),
        cost=int(cost) if cost is not None else None,
        draining=draining,
        grace=grace,
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def condition(item: dict, kind: str) -> bool:
    """Whether an object says that a condition holds."""
    found = item.get("status", {}).get("conditions", [])
    return any(entry.get("type") == kind and entry.get("status") == "True" for entry in found)


class Streak:
    """Whether something counts as broken: after some bad answers in a row, until some good ones in a row."""

    def __init__(self) -> None:
        self.broken = False
        self._against = 0

    def tell(self, *, good: bool) -> bool:
        """Take an answer into account; returns whether it is broken now."""
        self._against = 0 if good != self.broken else self._against + 1
        if self._against >= (GOOD_ROUNDS if self.broken else BAD_ROUNDS):
            self.broken, self._against = not self.broken, 0
        return self.broken


class Controller:
    """One round after the other; what it needs of the world is handed to it.

    Args:
        queues: name to `workload` (of the Deployment, its pods and the scaled object) and `minimum` of pods.
        get: reads a path of the API server below the namespace's; None for what is not there.
        patch: changes the annotations of what lies there; None as a value removes one.
        oldest_tasks: address of a pod to the age in seconds of its oldest task.
    """

    def __init__(
        self,
        queues: Mapping[str, Mapping],
        get: Callable[[str], dict | None],
        patch: Callable[[str, Mapping[str, str | None]], None],
        oldest_tasks: Callable[[], Mapping[str, float]],
    ) -> None:
        self.seen = {name: Queue() for name in queues}
        self.errors = {"database": 0, "kubernetes": 0}
        self.written = 0
        self.last_round = 0.0
        self._queues, self._get, self._patch, self._oldest_tasks = queues, get, patch, oldest_tasks
        self._database = Streak()
        self._brokers = {name: Streak() for name in queues}

    def replicas(self, queue: str) -> int:
        """Pods that the queue's Deployment asks for, as of now."""
        found = self._get(f"apis/apps/v1/{{}}/deployments/{self._queues[queue]['workload']}")
        if found is None:
            raise LookupError(queue)
        return int(found["spec"].get("replicas", 1))

    def round(self, now: float) -> None:
        """Look at everything once and do what is to be done."""
        oldest = self._tasks()
        for name in self._queues:
            try:
                self._queue(name, oldest, now)
            except Exception:
                self.errors["kubernetes"] += 1
                log.exception("queue %s: this round is lost", name)
        self.last_round = time.monotonic()

    def can_shrink(self) -> bool:
        """Whether a scale-in can come any moment, or one is going on."""
        return any(
            seen.replicas > self._queues[name]["minimum"] or any(pod.draining is not None for pod in seen.pods)
            for name, seen in self.seen.items()
        )

    def _tasks(self) -> Mapping[str, float] | None:
        try:
            oldest = self._oldest_tasks()
        except Exception as error:  # noqa: BLE001 - whatever the driver raises
            self.errors["database"] += 1
            log.warning("the database does not answer: %s", str(error).strip())
            self._database.tell(good=False)
            return None
        self._database.tell(good=True)
        return oldest

    def _queue(self, name: str, oldest: Mapping[str, float] | None, now: float) -> None:
        workload, seen = self._queues[name]["workload"], self.seen[name]
        seen.replicas = self.replicas(name)
        listed = self._get(f"api/v1/{{}}/pods?labelSelector=app.kubernetes.io%2Fname%3D{workload}") or {}
        seen.pods = [parse_pod(item, now) for item in listed.get("items", [])]
        if oldest is not None:
            wanted = costs(seen.pods, oldest)
            seen.busy = sum(cost > 0 for cost in wanted.values())
            if seen.replicas > self._queues[name]["minimum"]:
                self._write(wanted, {pod.name: pod.cost for pod in seen.pods})
        broker = self._brokers[name].tell(good=not lost_broker(seen.pods))
        self._brake(seen, workload, DATABASE if self._database.broken else BROKER if broker else "")

    def _write(self, wanted: Mapping[str, int], written: Mapping[str, int | None]) -> None:
        for pod, cost in sorted(to_write(wanted, written).items()):
            self._patch(f"api/v1/{{}}/pods/{pod}", {COST: str(cost)})
            self.written += 1

    def _brake(self, seen: Queue, workload: str, reason: str) -> None:
        """Put the brake on or take it off; somebody else's is left alone."""
        path = f"apis/keda.sh/v1alpha1/{{}}/scaledobjects/{workload}"
        scaled = self._get(path)
        seen.scaler_ready = scaled is not None and condition(scaled, "Ready")
        seen.scaler_fallback = scaled is not None and condition(scaled, "Fallback")
        if scaled is None:
            return
        annotations = scaled["metadata"].get("annotations", {})
        ours = annotations.get(HELD_BY, "")
        if reason and not ours and PAUSED not in annotations:
            log.warning("%s: scale-ins are held back, trouble with the %s", workload, reason)
            self._patch(path, {PAUSED: "true", HELD_BY: reason})
            ours = reason
        elif ours and not reason:
            log.warning("%s: scale-ins are let go on, the %s is back", workload, ours)
            self._patch(path, {PAUSED: None, HELD_BY: None})
            ours = ""
        seen.held_for = ours


def metrics(controller: Controller) -> str:
    """What Prometheus reads."""
    lines = [
        f"drain_controller_cost_writes_total {controller.written}",
        *(f'drain_controller_errors_total{{of="{of}"}} {count}' for of, count in controller.errors.items()),
    ]
    for name, seen in controller.seen.items():
        drained = [(pod.draining, pod.grace) for pod in seen.pods if pod.draining is not None]
        gauges = {
            "replicas": seen.replicas,
            "busy_pods": seen.busy,
            "draining_pods": len(drained),
            "draining_seconds": max((seconds for seconds, _ in drained), default=0),
            "draining_share_of_grace": max((seconds / grace for seconds, grace in drained if grace), default=0),
            "scaler_ready": int(seen.scaler_ready),
            "scaler_fallback": int(seen.scaler_fallback),
        }
        lines += [f'airflow_workers_{gauge}{{queue="{name}"}} {value}' for gauge, value in gauges.items()]
        lines += [
            f'airflow_workers_scale_in_held{{queue="{name}",reason="{reason}"}} {int(seen.held_for == reason)}'
            for reason in (DATABASE, BROKER)
        ]
    return "\n".join([*lines, ""])


def kubernetes(namespace: str) -> tuple[Callable, Callable]:
    """`get` and `patch` of the API server, as the pod's own account."""
    import httpx  # noqa: PLC0415 - in the image alone

    folder = Path("/var/run/secrets/kubernetes.io/serviceaccount")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    client = httpx.Client(
        base_url=f"https://{f'[{host}]' if ':' in host else host}:{port}/",
        verify=ssl.create_default_context(cafile=str(folder / "ca.crt")),
        timeout=10,
    )

    def call(method: str, path: str, content: str | None = None) -> httpx.Response:
        headers = {
            # The token is renewed in place.
            "Authorization": f"Bearer {(folder / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        }
        return client.request(method, path.format(f"namespaces/{namespace}"), headers=headers, content=content)

    def get(path: str) -> dict | None:
        answer = call("GET", path)
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def patch(path: str, annotations: Mapping[str, str | None]) -> None:
        body = json.dumps({"metadata": {"annotations": annotations}})
        answer = call("PATCH", path, body)
        if answer.status_code != 404:  # a pod that is gone costs nothing any more
            answer.raise_for_status()

    return get, patch


def database(connection: str, queues: list[str]) -> Callable[[], Mapping[str, float]]:
    """Asks by one connection that is made anew after a failure."""
    import psycopg2  # noqa: PLC0415 - in the image alone

    kept = []

    def ask() -> Mapping[str, float]:
        try:
            if not kept:
                options = "-c statement_timeout=5000"
                # A database that is frozen or cut off answers nothing at all, not even an error.
                patience = "keepalives_idle=5 keepalives_interval=2 keepalives_count=3 tcp_user_timeout=10000"
                told = f"{connection} {patience} options='{options}'"
                kept.append(psycopg2.connect(told, application_name="drain-controller"))
                kept[0].autocommit = True
            with kept[0].cursor() as cursor:
                cursor.execute(TASKS, (queues,))
                return {host: float(age or 0) for host, age in cursor.fetchall()}
        except psycopg2.Error:
            while kept:
                kept.pop().close()
            raise

    return ask


def server(controller: Controller, port: int) -> ThreadingHTTPServer:
    """Answers probes, Prometheus, and KEDA's question how many pods a queue asks for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answer(controller, self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Every probe would be a line."""

    return ThreadingHTTPServer(("", port), Handler)


def answer(controller: Controller, path: str) -> tuple[int, str, bytes]:
    """Status, type and body for a path."""
    text = "text/plain; charset=utf-8"
    _, _, queue = path.partition("/queues/")
    if queue in controller.seen:
        try:
            return 200, "application/json", json.dumps({"replicas": controller.replicas(queue)}).encode()
        except Exception as error:  # noqa: BLE001 - told to who asks
            return 503, text, str(error).encode()
    if path == "/metrics":
        return 200, text, metrics(controller).encode()
    if path == "/ready":
        return (200, text, b"ok\n") if controller.last_round else (503, text, b"no round yet\n")
    if path == "/alive":
        fresh = time.monotonic() - controller.last_round < STALE_SECONDS
        return (200, text, b"ok\n") if fresh else (503, text, b"the last round is too long ago\n")
    return 404, text, b"there are /queues/<queue>, /metrics, /ready and /alive\n"


def main(config_path: str) -> int:
    """Run for ever."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    config = json.loads(Path(config_path).read_text())
    get, patch = kubernetes(config["namespace"])
    connection = Path("/run/secrets/airflow-platform/database").read_text().strip()
    controller = Controller(config["queues"], get, patch, database(connection, list(config["queues"])))
    threading.Thread(target=server(controller, config["port"]).serve_forever, daemon=True).start()
    log.info("watching %s", ", ".join(config["queues"]))
    while True:
        controller.round(time.time())
        time.sleep(LIVELY_SECONDS if controller.can_shrink() else QUIET_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
