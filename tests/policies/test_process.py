"""The real process, started as the Pulumi command line starts it."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from airflow_guard.registry import RULES
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto import analyzer_pb2_grpc

from tests.policies.conftest import PACK
from tests.policies.objects import budget, change, default_deny, deployment, quota

URN = "urn:pulumi:prod::airflow-platform::kubernetes:apps/v1:Deployment::scheduler"
ROOT = "spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem"
UNKNOWN_BOOLEAN = "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"


def struct(value: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(value, struct_pb2.Struct())


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    with subprocess.Popen(command, cwd=PACK, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


@pytest.fixture(scope="module")
def pack(process: subprocess.Popen[str]) -> Iterator[Any]:
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = analyzer_pb2_grpc.AnalyzerStub(channel)
        stub.Handshake(pb.AnalyzerHandshakeRequest(engine_address="127.0.0.1:1"))
        stub.ConfigureStack(pb.AnalyzerStackConfigureRequest(stack="prod", project="airflow-platform"))
        yield stub


def analyze(pack: Any, made: dict[str, Any]) -> list[Any]:
    request = pb.AnalyzeRequest(
        type="kubernetes:apps/v1:Deployment", name="scheduler", urn=URN, properties=struct(made)
    )
    return list(pack.Analyze(request).diagnostics)


def test_describes_every_rule(pack: Any) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert (info.name, info.supportsConfig) == ("airflow-guard", True)
    assert [policy.name for policy in info.policies] == [*(rule.name for rule in RULES), "exemptions"]
    floors = next(policy for policy in info.policies if policy.name == "replica-floors")
    assert floors.policy_type == pb.POLICY_TYPE_STACK
    assert json_format.MessageToDict(floors.configSchema)["properties"]["floors"]["default"]["postgres"] == 3


def test_refuses_a_configuration_it_does_not_understand(pack: Any) -> None:
    wrong = pb.ConfigureAnalyzerRequest(policyConfig={"default-denny": pb.PolicyConfig(enforcementLevel=pb.ADVISORY)})
    with pytest.raises(grpc.RpcError) as caught:
        pack.Configure(wrong)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "did you mean 'default-deny'?" in caught.value.details()


def test_reports_violations_at_the_level_in_force(pack: Any) -> None:
    assert analyze(pack, deployment()) == []
    [found] = analyze(pack, change(deployment(), ROOT, False))
    assert (found.policyName, found.urn) == ("restricted-pods", URN)
    assert (found.enforcementLevel, found.severity) == (pb.MANDATORY, pb.POLICY_SEVERITY_CRITICAL)
    pack.Configure(pb.ConfigureAnalyzerRequest(policyConfig={"all": pb.PolicyConfig(enforcementLevel=pb.ADVISORY)}))
    [found] = analyze(pack, change(deployment(), ROOT, False))
    assert found.enforcementLevel == pb.ADVISORY
    pack.Configure(pb.ConfigureAnalyzerRequest())


def test_a_value_unknown_in_a_preview_blocks_a_mandatory_rule(pack: Any) -> None:
    [found] = analyze(pack, change(deployment(), ROOT, UNKNOWN_BOOLEAN))
    assert found.enforcementLevel == pb.MANDATORY
    assert f"not known in a preview, so the rule cannot be decided ({ROOT})" in found.message


def test_judges_the_stack_as_a_whole(pack: Any) -> None:
    made = [default_deny(), budget(), quota(), quota("LimitRange"), deployment()]
    resources = [
        pb.AnalyzerResource(
            type=f"kubernetes:{props['apiVersion']}:{props['kind']}", name="x", urn=URN, properties=struct(props)
        )
        for props in made
    ]
    assert list(pack.AnalyzeStack(pb.AnalyzeStackRequest(resources=resources)).diagnostics) == []
    [found] = pack.AnalyzeStack(pb.AnalyzeStackRequest(resources=resources[1:])).diagnostics
    assert (found.policyName, found.urn) == ("default-deny", URN)


def test_five_thousand_objects(pack: Any) -> None:
    properties = struct({"metadata": {"name": "x"}, "spec": {"replicas": 1}})
    many = [
        pb.AnalyzerResource(
            type="kubernetes:core/v1:Thing", name=str(number), urn=f"{URN}{number}", properties=properties
        )
        for number in range(5000)
    ]
    assert list(pack.AnalyzeStack(pb.AnalyzeStackRequest(resources=many), timeout=60).diagnostics) == []


def test_ends_when_the_engine_cancels(pack: Any, process: subprocess.Popen[str]) -> None:
    pack.Cancel(empty_pb2.Empty())
    assert process.wait(timeout=20) == 0
