"""Services reach pods, on ports the pods have."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from ..kubernetes import PodTemplate, makes_pods, pod_template
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..options import Options
from ..selectors import Labels


def check(stack: Stack, _options: Options) -> Iterator[Finding]:
    """Services that select no pod of the stack, or name a port that no selected pod has."""
    workloads = [_Workload(item) for item in stack.resources if makes_pods(item)]
    yield from each_resource(stack.of_kind("Service"), partial(_service, workloads=workloads))


@dataclass(frozen=True)
class _Workload:
    resource: Resource

    @cached_property
    def pod(self) -> PodTemplate:
        return pod_template(self.resource)

    @cached_property
    def labels(self) -> Labels:
        return Labels(self.pod.metadata.at("labels"))


def _service(service: Resource, workloads: list[_Workload]) -> Iterator[Finding]:
    selector = service.props.at("spec", "selector")
    if selector.empty:
        return
    wanted = [(key, value.text) for key, value in selector.entries]
    near = [item for item in workloads if item.resource.namespace == service.namespace]
    selected = [item.pod for item in near if _selects(wanted, item.labels)]
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


def _selects(wanted: list[tuple[str, str]], labels: Labels) -> bool:
    """Every label of the selector; a label that is set at run time, such as a database's role, counts as there."""
    matches = False
    for key, text in wanted:
        label = labels.get(key)
        if label is not None and label != text:
            return False
        matches = matches or label is not None
    return matches


RULE = StackRule(
    name="reaching-services",
    title="Services reach pods, on ports the pods have",
    why="a Service that reaches nothing looks deployed and answers nobody",
    mend="align spec.selector with the pod template's labels, and targetPort with the name of a container's port",
    severity=Severity.MEDIUM,
    references=("kube-linter: dangling-service", "kube-linter: invalid-target-ports"),
    check=check,
)
