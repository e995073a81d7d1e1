"""Services reach pods, on ports the pods have."""

from collections.abc import Iterator
from functools import partial

from ..kubernetes import PodTemplate, makes_pods, pod_template
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..node import Node
from ..options import Options


def check(stack: Stack, _options: Options) -> Iterator[Finding]:
    """Services that select no pod of the stack, or name a port that no selected pod has."""
    workloads = [item for item in stack.resources if makes_pods(item)]
    yield from each_resource(stack.of_kind("Service"), partial(_service, workloads=workloads))


def _service(service: Resource, workloads: list[Resource]) -> Iterator[Finding]:
    selector = service.props.at("spec", "selector")
    if selector.empty:
        return
    pods = [pod_template(item) for item in workloads if item.namespace == service.namespace]
    selected = [pod for pod in pods if _selects(selector, pod)]
    if not selected:
        yield Finding(what="selects no pod of the stack", path=selector.path, resource=service)
        return
    names = {
        port.at("name").text for pod in selected for item in pod.long_running for port in item.node.at("ports").items
    }
    for port in service.props.at("spec", "ports").items:
        target = port.at("targetPort")
        if target.text and target.text not in names:
            yield Finding(what=f"leads to the port {target.text}, which no pod has", path=target.path, resource=service)


def _selects(selector: Node, pod: PodTemplate) -> bool:
    """Every label of the selector; a label that is set at run time, such as a database's role, counts as there."""
    labels = pod.metadata.at("labels")
    known = [(key, wanted) for key, wanted in selector.entries if not labels.at(key).absent]
    return bool(known) and all(labels.at(key).text == wanted.text for key, wanted in known)


RULE = StackRule(
    name="reaching-services",
    title="Services reach pods, on ports the pods have",
    why="a Service that reaches nothing looks deployed and answers nobody",
    mend="align spec.selector with the pod template's labels, and targetPort with the name of a container's port",
    severity=Severity.MEDIUM,
    references=("kube-linter: dangling-service", "kube-linter: invalid-target-ports"),
    check=check,
)
