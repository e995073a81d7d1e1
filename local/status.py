"""`make status`: what runs and what it uses."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from kubernetes import client, config
from rich.console import Console
from rich.table import Table

from local import cluster, deploy, engines
from local.errors import LocalError
from local.stacks import context_of, is_local, stack_file


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadStatus:
    """A Deployment or StatefulSet of the platform."""

    namespace: str
    name: str
    ready: int
    wanted: int


def show(stack: str, context: str | None, *, as_json: bool) -> int:
    """Print the state of cluster and platform. Returns 1 when something that should run does not."""
    stack_file(stack)
    node = cluster.status() if is_local(stack, context) else None
    workloads = _workloads(stack, context) if node is None or node.ready else []
    well = (node is None or node.ready) and bool(workloads) and all(w.ready >= w.wanted for w in workloads)
    if as_json:
        document = {"well": well, "cluster": _plain(node), "workloads": [asdict(workload) for workload in workloads]}
        Console(soft_wrap=True).print_json(json.dumps(document))
    else:
        _print(node, workloads)
    return 0 if well else 1


def _workloads(stack: str, context: str | None) -> list[WorkloadStatus]:
    environ = engines.environment(stack, context)
    try:
        connect: Any = config.new_client_from_config  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        apps: Any = client.AppsV1Api(connect(environ.get("KUBECONFIG"), context_of(stack, context)))
        selector = {"label_selector": "app.kubernetes.io/part-of=airflow-platform", "_request_timeout": 10}
        found = [
            *apps.list_deployment_for_all_namespaces(**selector).items,
            *apps.list_stateful_set_for_all_namespaces(**selector).items,
        ]
    except Exception as error:  # the client raises what urllib3, yaml and itself raise
        raise LocalError(f"the cluster of stack {stack} does not answer: {error}") from error
    ours = set(deploy.output_values(stack).get("namespaces") or {})
    return sorted(
        (
            WorkloadStatus(
                namespace=item.metadata.namespace,
                name=item.metadata.name,
                ready=item.status.ready_replicas or 0,
                wanted=item.spec.replicas,
            )
            for item in found
            if item.metadata.namespace in ours
        ),
        key=lambda workload: (workload.namespace, workload.name),
    )


def _plain(node: cluster.Status | None) -> dict[str, Any] | None:
    return json.loads(node.to_json()) if node else None


def _print(node: cluster.Status | None, workloads: list[WorkloadStatus]) -> None:
    console = Console(soft_wrap=True)
    if node:
        state = "ready" if node.ready else "running, not ready" if node.running else "stopped"
        console.print(f"cluster {node.context}: {state}", highlight=False)
        for name, load in (("control plane", node.control_plane), ("pods", node.pods), ("in all", node.total)):
            if load:
                console.print(
                    f"  {name:<14}{load.cores:6.2f} cores {load.memory_bytes / 2**30:6.2f} GiB", highlight=False
                )
    table = Table("namespace", "workload", "ready", box=None)
    for workload in workloads:
        style = None if workload.ready >= workload.wanted else "red"
        table.add_row(workload.namespace, workload.name, f"{workload.ready}/{workload.wanted}", style=style)
    console.print(table if workloads else "no platform is deployed")
