from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.security.restricted_pods import RULE

from tests.policies.objects import (
    ABSENT,
    change,
    config_map,
    deployment,
    judge,
    paths,
    pod,
    resource,
    stateful_set,
    worker,
)

POD = "spec.template.spec"
FIRST = f"{POD}.containers[0]"
INIT = f"{POD}.initContainers[0]"


@pytest.mark.parametrize("made", [deployment(), worker(), stateful_set()])
def test_silent_on_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


def test_reads_every_kind_of_pod() -> None:
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod(hostPID=True)}
    job = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": pod(hostPID=True)}}}}}
    assert paths(judge(RULE, bare)) == ["spec.hostPID"]
    assert paths(judge(RULE, job)) == ["spec.jobTemplate.spec.template.spec.hostPID"]


def test_says_nothing_of_other_kinds() -> None:
    assert not RULE.applies(resource(config_map()))


VIOLATIONS = [
    (f"{POD}.hostNetwork", True),
    (f"{POD}.hostPID", True),
    (f"{POD}.hostIPC", True),
    (f"{POD}.volumes[0].hostPath", {"path": "/"}),
    (f"{POD}.volumes[0].nfs", {"server": "x", "path": "/"}),
    (f"{FIRST}.securityContext.privileged", True),
    (f"{FIRST}.securityContext.allowPrivilegeEscalation", True),
    (f"{FIRST}.securityContext.allowPrivilegeEscalation", ABSENT),
    (f"{FIRST}.securityContext.readOnlyRootFilesystem", False),
    (f"{FIRST}.securityContext.readOnlyRootFilesystem", ABSENT),
    (f"{FIRST}.securityContext.procMount", "Unmasked"),
    (f"{FIRST}.securityContext.capabilities.drop", ["NET_RAW"]),
    (f"{FIRST}.securityContext.capabilities.drop", ABSENT),
    (f"{FIRST}.securityContext.runAsNonRoot", False),
    (f"{FIRST}.securityContext.runAsUser", 0),
    (f"{FIRST}.securityContext.seccompProfile.type", "Unconfined"),
    (f"{FIRST}.ports[0].hostPort", 80),
    (f"{FIRST}.readinessProbe.httpGet.host", "10.0.0.1"),
    (f"{FIRST}.securityContext.appArmorProfile.type", "Unconfined"),
    (f"{FIRST}.securityContext.windowsOptions.hostProcess", True),
    (f"{INIT}.securityContext.privileged", True),
    (f"{INIT}.securityContext.capabilities.drop", []),
]


@pytest.mark.parametrize(("path", "value"), VIOLATIONS)
def test_finds_one_change(path: str, value: Any) -> None:
    assert paths(judge(RULE, change(deployment(), path, value))) == [path]


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (f"{FIRST}.securityContext.capabilities.add", ["SYS_ADMIN"], f"{FIRST}.securityContext.capabilities.add[0]"),
        (f"{POD}.securityContext.sysctls", [{"name": "kernel.msgmax"}], f"{POD}.securityContext.sysctls[0].name"),
        (f"{POD}.securityContext.seLinuxOptions", {"user": "root"}, f"{POD}.securityContext.seLinuxOptions"),
        (
            f"{POD}.ephemeralContainers",
            [{"name": "debug"}],
            f"{POD}.ephemeralContainers[0].securityContext.capabilities.drop",
        ),
    ],
)
def test_finds_additions(path: str, value: Any, found: str) -> None:
    assert found in paths(judge(RULE, change(deployment(), path, value)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{FIRST}.securityContext.capabilities.add", ["NET_BIND_SERVICE"]),
        (f"{POD}.securityContext.sysctls", [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]),
        (f"{POD}.securityContext.seLinuxOptions", {"type": "container_t"}),
        (f"{FIRST}.securityContext.seccompProfile", {"type": "Localhost", "localhostProfile": "x"}),
    ],
)
def test_allows_what_the_standard_allows(path: str, value: Any) -> None:
    assert judge(RULE, change(deployment(), path, value)) == []


@pytest.mark.parametrize("key", ["runAsNonRoot", "seccompProfile"])
def test_absent_on_the_pod_is_found_in_each_container(key: str) -> None:
    found = judge(RULE, change(deployment(), f"{POD}.securityContext.{key}", ABSENT))
    assert {finding.part for finding in found} == {"container scheduler", "init container wait"}


def test_unknown_is_reported_and_hides_nothing() -> None:
    made = change(deployment(), f"{FIRST}.securityContext.privileged", UNKNOWN)
    found = judge(RULE, change(made, f"{INIT}.securityContext.privileged", True))
    assert [(finding.path, finding.unknown) for finding in found] == [
        (f"{FIRST}.securityContext.privileged", True),
        (f"{INIT}.securityContext.privileged", False),
    ]
