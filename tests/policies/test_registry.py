import ast
import importlib
import sys
from pathlib import Path

import pytest
from airflow_guard.model import ResourceRule, Rule
from airflow_guard.node import UNKNOWN, Node, NotKnownError, Value
from airflow_guard.options import defaults
from airflow_guard.registry import RULES
from hypothesis import given
from hypothesis import strategies as st

from tests.policies.conftest import PACK
from tests.policies.objects import deployment, resource, stack_of

FOLDERS = ("security", "reliability", "network", "secrets", "capacity")
HELPERS = {"__init__", "places", "shapes"}
RULE_FILES = sorted(
    path for folder in FOLDERS for path in (PACK / "airflow_guard" / folder).glob("*.py") if path.stem not in HELPERS
)
TESTS = Path(__file__).parent


def test_every_rule_file_is_listed() -> None:
    names = [f"airflow_guard.{path.parent.name}.{path.stem}" for path in RULE_FILES]
    assert [importlib.import_module(name).RULE.name for name in names] != []
    assert {importlib.import_module(name).RULE.name for name in names} == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_every_rule_has_its_four_tests(path: Path) -> None:
    file = TESTS / path.parent.name / f"test_{path.stem}.py"
    names = [node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
    for case in ("compliant", "absent", "unknown"):
        assert any(case in name for name in names), f"{file.name} has no test of the case {case}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_explains_itself(rule: Rule) -> None:
    assert rule.name == rule.name.lower().replace("_", "-").replace(" ", "-")
    assert rule.references
    for said in (rule.title, rule.why, rule.mend):
        assert len(said) > 20
        assert not said.endswith(".")
    for option in rule.options:
        assert option.parse(option.default) == option.default
        assert option.description


def test_the_pack_imports_nothing_of_the_project() -> None:
    allowed = {"airflow_guard", "google", "grpc", "pulumi"} | sys.stdlib_module_names
    for path in PACK.rglob("airflow_guard/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                roots = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                roots = {(node.module or "").partition(".")[0]}
            else:
                continue
            assert roots <= allowed, f"{path}: {roots}"


SCALARS = st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=8), st.just(UNKNOWN))
KEYS = st.sampled_from(
    ["spec", "template", "metadata", "containers", "securityContext", "env", "value", "name", "image", "args", "data"]
)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5))


@given(
    kind=st.sampled_from(
        ["Deployment", "StatefulSet", "CronJob", "Pod", "ConfigMap", "Secret", "Gateway", "Namespace"]
    ),
    tree=st.dictionaries(KEYS, TREES, max_size=5),
)
def test_no_shape_of_an_object_breaks_a_rule(kind: str, tree: dict[str, Value]) -> None:
    item = resource(deployment(), type_token=f"kubernetes:v1:{kind}")
    item = type(item)(item.type, item.name, item.urn, Node(tree), stack="prod")
    for rule in RULES:
        options = defaults(rule.options)
        try:
            if isinstance(rule, ResourceRule):
                found = list(rule.check(item, options)) if rule.applies(item) else []
            else:
                found = list(rule.check(stack_of(item), options))
        except NotKnownError:
            continue
        assert all(finding.what for finding in found)
