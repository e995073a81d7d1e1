"""The pod of a single task: restricted, without a token, with no secret of the control plane and none of a broker."""

import json
import re
from typing import Any

import kubernetes_validate  # pyright: ignore[reportMissingTypeStubs]
import pulumi
import pulumi_kubernetes as k8s
import pytest

from components.contract.secrets import SecretValue
from components.task_pods.configuration import config_files
from components.task_pods.peers import workloads
from components.task_pods.secrets import consumers
from components.task_pods.template import template
from settings.load import parse
from tests.harness import awaited, kubernetes, record_stack_of
from tests.settings.executors import local, pods
from tests.settings.external import BUNDLE
from tests.settings.stack_files import changed, values_of

STACKS = "tests/drills/executors/stacks"
FORBIDDEN = re.compile(
    r"postgres|sql_alchemy_conn|fernet|jwt|jwks|admin_password|oidc|broker|valkey|redis|secret_key\\b", re.IGNORECASE
)


def pod(stack: str = "pods") -> dict[str, Any]:
    """The pod as the scheduler's ConfigMap holds it."""
    text = kubernetes(record_stack_of(STACKS, stack), "ConfigMap")["scheduler-config"]["data"]["task-pod.json"]
    return json.loads(text)


@pytest.mark.parametrize("stack", ["pods", "hybrid"])
def test_the_template_is_a_pod_as_kubernetes_knows_it(stack: str) -> None:
    named = pod(stack)
    named["metadata"]["name"] = "task"
    kubernetes_validate.validate(named, kubernetes_validate.latest_version(), strict=True)


def test_it_is_restricted_and_holds_no_token() -> None:
    spec = pod()["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == "task"
    assert spec["restartPolicy"] == "Never"
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    # The executor finds its container by this name.
    (container,) = spec["containers"]
    assert container["name"] == "base"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"] == {"requests": {"cpu": "10m", "memory": "256Mi"}, "limits": {"memory": "768Mi"}}


def test_a_stop_waits_as_long_as_the_pod_is_given() -> None:
    found = pod()
    grace = found["spec"]["terminationGracePeriodSeconds"]
    assert grace == 300 + 120
    assert found["spec"]["containers"][0]["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", str(grace)]
    assert found["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"


def test_it_names_what_is_there() -> None:
    recording = record_stack_of(STACKS, "pods")
    volumes = {volume["name"]: volume for volume in pod()["spec"]["volumes"]}
    secrets = kubernetes(recording, "Secret")
    assert secrets[volumes["secrets"]["secret"]["secretName"]]["metadata"]["namespace"] == "pods-tasks"
    config = kubernetes(recording, "ConfigMap")[volumes["config"]["configMap"]["name"]]
    assert config["metadata"]["namespace"] == "pods-tasks"
    assert pod()["spec"]["priorityClassName"] in kubernetes(recording, "PriorityClass")


@pytest.mark.parametrize("executor", ["kubernetes", "hybrid"])
def test_it_reads_the_bucket_of_logs_and_the_tokens_of_bundles_and_nothing_else(executor: str) -> None:
    settings = parse(changed(pods(executor), "airflow.bundles", {"team": BUNDLE}))
    (own,) = consumers(settings)
    assert own.namespace == "airflow-tasks"
    wanted = {SecretValue.LOGS_ACCESS_KEY, SecretValue.LOGS_SECRET_KEY, SecretValue.AUTHORITY_CERTIFICATE}
    assert own.values() == wanted
    assert set(own.given) == {"given_team_token"}


def test_its_configuration_names_no_database_no_broker_and_no_key() -> None:
    for executor in ("kubernetes", "hybrid"):
        assert not FORBIDDEN.search(config_files(parse(pods(executor)))["airflow.cfg"])


def test_no_secret_but_its_own_lies_in_its_namespace() -> None:
    found = kubernetes(record_stack_of(STACKS, "pods"), "Secret")
    assert [name for name, secret in found.items() if secret["metadata"]["namespace"] == "pods-tasks"] == [
        name for name in found if name.startswith("task-secrets-")
    ]


def test_stacks_without_such_pods_declare_nothing_of_them() -> None:
    for values in (values_of("dev"), local()):
        assert consumers(parse(values)) == ()
        assert workloads(parse(values)) == ()


def test_what_is_known_later_stands_in_the_text_once_it_is() -> None:
    (container,) = json.loads(awaited(_rendered()))["spec"]["containers"]
    assert container == {
        "name": "base",
        "image": "image",
        "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
        "resources": {"limits": {"example.com/a_gpu": "1"}},
    }


async def _rendered() -> str:
    stop = k8s.core.v1.LifecycleHandlerArgs(exec_=k8s.core.v1.ExecActionArgs(command=["true"]))
    container = k8s.core.v1.ContainerArgs(
        name="base",
        image=pulumi.Output.from_input("image"),
        lifecycle=k8s.core.v1.LifecycleArgs(pre_stop=stop),
        resources=k8s.core.v1.ResourceRequirementsArgs(limits={"example.com/a_gpu": "1"}),
    )
    spec = k8s.core.v1.PodSpecArgs(containers=[container], host_network=False)
    return await template(k8s.core.v1.PodTemplateSpecArgs(spec=spec)).future() or ""
