"""Policy packs beside a run: real processes that speak the real protocol."""

import json
from pathlib import Path
from typing import Any

import pytest

from local import paths
from local.engine.analyzer import PolicyPack, load_pack
from local.engine.api import up
from local.engine.errors import BadInputError

from .conftest import Bench
from .script import Script, Thing, thing

PACK = """
import sys
from concurrent import futures
import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2 as pb, analyzer_pb2_grpc

LEVELS = {"label": pb.MANDATORY}


def diagnostic(name, message, urn=""):
    return pb.AnalyzeDiagnostic(
        policyName=name, policyPackName="tiny", message=message, urn=urn,
        enforcementLevel=LEVELS.get(name, pb.ADVISORY), severity=pb.POLICY_SEVERITY_HIGH,
    )


class Tiny(analyzer_pb2_grpc.AnalyzerServicer):
    def GetAnalyzerInfo(self, request, context):
        label = pb.PolicyInfo(name="label", displayName="Labels are good", enforcementLevel=pb.MANDATORY)
        return pb.AnalyzerInfo(name="tiny", policies=[label, pb.PolicyInfo(name="crowd")])

    def ConfigureStack(self, request, context):
        self.stack = request.stack
        return pb.AnalyzerStackConfigureResponse()

    def Configure(self, request, context):
        for name, config in request.policyConfig.items():
            if name == "unheard-of":
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "there is no rule 'unheard-of'")
            LEVELS[name] = config.enforcementLevel
        return empty_pb2.Empty()

    def Analyze(self, request, context):
        found = []
        if "label" in request.properties and request.properties["label"] == "bad":
            found.append(diagnostic("label", f"{request.name} of {self.stack} has a bad label", request.urn))
        if "secret" in request.properties and request.properties["secret"] == "plain":
            found.append(diagnostic("label", "a secret in plain sight", request.urn))
        return pb.AnalyzeResponse(diagnostics=found)

    def AnalyzeStack(self, request, context):
        things = [item for item in request.resources if item.type == "shelf:index:Thing"]
        if len(things) > 2:
            return pb.AnalyzeResponse(diagnostics=[diagnostic("crowd", f"{len(things)} things")])
        return pb.AnalyzeResponse()


server = grpc.server(futures.ThreadPoolExecutor())
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Tiny(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(PACK)
    return folder


def test_a_mandatory_violation_stops_a_thing_before_it_is_touched(bench: Bench, folder: Path) -> None:
    options = bench.options(Script((thing("a"), thing("b", label="bad"))), policies=(PolicyPack(folder=folder),))
    result = up("dev", options)
    assert result.exit_code == 1
    assert bench.shelf.calls == [("create", "a")]
    assert bench.witness.failures == [("b", "policy label: b of dev has a bad label")]
    (violation,) = bench.witness.violations
    assert (violation.policy, violation.level, violation.severity) == ("label", "mandatory", "high")
    assert violation.urn.endswith("::b")


def test_an_advisory_violation_is_only_told_and_secrets_stay_hidden(bench: Bench, folder: Path) -> None:
    script = Script((thing("a", label="bad"), Thing(name="b", props={"secret": "plain"}, secret=("secret",))))
    options = bench.options(script, policies=(PolicyPack(folder=folder, config={"label": "advisory"}),))
    assert up("dev", options).exit_code == 0
    assert [(v.policy, v.level) for v in bench.witness.violations] == [("label", "advisory")]


def test_the_whole_stack_is_judged_before_anything_is_deleted(bench: Bench, folder: Path) -> None:
    bench.up(thing("old"))
    pack = PolicyPack(folder=folder, config={"crowd": {"enforcementLevel": "mandatory"}})
    result = up("dev", bench.options(Script((thing("a"), thing("b"), thing("c"))), policies=(pack,)))
    assert result.exit_code == 1
    assert "crowd: 3 things" in result.error
    assert ("delete", "old") not in bench.shelf.calls


@pytest.mark.parametrize(
    ("config", "level"),
    [
        ({"label": {"words": ["bad"]}}, "mandatory"),
        ({"all": "advisory", "label": {"words": ["bad"]}}, "advisory"),
        ({"all": "mandatory", "label": {"enforcementLevel": "advisory", "words": ["bad"]}}, "advisory"),
        ({"all": {}, "label": {"words": ["bad"]}}, "mandatory"),
    ],
)
def test_a_setting_without_a_level_gets_that_of_all_or_of_the_rule(
    bench: Bench, folder: Path, config: dict[str, Any], level: str
) -> None:
    up("dev", bench.options(Script((thing("b", label="bad"),)), policies=(PolicyPack(folder=folder, config=config),)))
    assert [violation.level for violation in bench.witness.violations] == [level]


def test_a_pack_that_refuses_its_configuration_is_bad_input(bench: Bench, folder: Path) -> None:
    pack = PolicyPack(folder=folder, config={"unheard-of": "mandatory"})
    result = up("dev", bench.options(Script((thing("a"),)), policies=(pack,)))
    assert result.exit_code == 2
    assert "there is no rule 'unheard-of'" in result.error
    assert bench.shelf.calls == []


def test_a_pack_that_does_not_start_says_why(bench: Bench, folder: Path) -> None:
    (folder / "__main__.py").write_text("raise SystemExit('no rules today')\n")
    result = up("dev", bench.options(Script((thing("a"),)), policies=(PolicyPack(folder=folder),)))
    assert result.exit_code == 1
    assert "no rules today" in result.error
    assert bench.shelf.calls == []


def test_a_pack_that_dies_fails_the_run(bench: Bench, folder: Path) -> None:
    (folder / "__main__.py").write_text(PACK.replace("        found = []\n", "        import os; os._exit(1)\n"))
    result = up("dev", bench.options(Script((thing("a"),)), policies=(PolicyPack(folder=folder),)))
    assert result.exit_code == 1
    assert "the policy pack pack failed" in result.error
    assert bench.shelf.calls == []


def test_configuration_files_are_read_and_checked(folder: Path) -> None:
    file = folder / "config.json"
    assert load_pack(folder, file).config == {}
    file.write_text(json.dumps({"all": "advisory"}))
    assert load_pack(folder, file).config == {"all": "advisory"}
    for text, said in (("{", "not valid JSON"), ("[]", "JSON object")):
        file.write_text(text)
        with pytest.raises(BadInputError, match=said):
            load_pack(folder, file)
    with pytest.raises(BadInputError, match=r"PulumiPolicy\.yaml is missing"):
        load_pack(paths.checkout() / "docs", None)
