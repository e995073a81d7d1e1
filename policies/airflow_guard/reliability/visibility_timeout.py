"""The broker does not hand out a running task a second time."""

from collections.abc import Iterator
from functools import partial

from ..airflow_settings import airflow_settings
from ..kubernetes import makes_pods, pod_template
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..options import Options
from .worker_drain import LONGEST_TASK_ANNOTATION

_SETTING = "celery_broker_transport_options.visibility_timeout"


def check(stack: Stack, _options: Options) -> Iterator[Finding]:
    """Visibility timeouts below the longest task of any worker."""
    longest = max((_longest(item) for item in stack.resources if makes_pods(item)), default=0)
    sources = [item for item in stack.resources if makes_pods(item) or item.kind == "ConfigMap"]
    yield from each_resource(sources, partial(_source, longest=longest))


def _longest(workload: Resource) -> int:
    text = pod_template(workload).metadata.at("annotations", LONGEST_TASK_ANNOTATION).text
    return int(text) if text.isdigit() else 0


def _source(resource: Resource, longest: int) -> Iterator[Finding]:
    for setting in airflow_settings(resource):
        if setting.name == _SETTING and (not setting.value.isdigit() or int(setting.value) <= longest):
            yield Finding(
                what=f"hands a task out again after {setting.value} s, the longest runs {longest} s",
                path=setting.node.path,
                part=setting.part,
                resource=resource,
            )


RULE = StackRule(
    name="visibility-timeout",
    title="The broker's visibility timeout is longer than the longest task",
    why="a task that still runs when the timeout ends is delivered again, and runs twice",
    mend="set [celery_broker_transport_options] visibility_timeout above the longest task",
    severity=Severity.HIGH,
    references=("Celery: Redis broker, visibility timeout", "Airflow: CeleryExecutor"),
    check=check,
)
