import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.engine.providers.base import UNKNOWN, ProviderError
from local.engine.providers.kubernetes.config import ProviderConfig, parse_config
from local.engine.providers.kubernetes.errors import UnreachableError
from local.engine.providers.kubernetes.kubeconfig import load_kubeconfig
from local.engine.providers.kubernetes.transport import connect

KUBECONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [
        {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "first"}},
        {"name": "two", "context": {"cluster": "c", "user": "u"}},
    ],
    "current-context": "one",
    "users": [{"name": "u", "user": {"token": "t"}}],
}


@pytest.fixture(autouse=True)
def no_ambient_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    for variable in ("KUBECONFIG", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"):
        monkeypatch.delenv(variable, raising=False)


def test_switches_arrive_as_json_text_or_truth() -> None:
    assert parse_config({"enableSecretMutable": "true"}).secrets_mutable
    assert parse_config({"enableSecretMutable": True}).secrets_mutable
    assert not parse_config({"enableSecretMutable": "false"}).secrets_mutable
    assert not parse_config({}).secrets_mutable


def test_an_environment_variable_stands_in_for_a_missing_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_K8S_ENABLE_SECRET_MUTABLE", "true")
    assert parse_config({}).secrets_mutable
    assert not parse_config({"enableSecretMutable": "false"}).secrets_mutable


@pytest.mark.parametrize("properties", [{"enablePatchForce": "maybe"}, {"renderYamlToDirectory": "out"}])
def test_what_cannot_be_heeded_is_refused(properties: dict[str, Any]) -> None:
    with pytest.raises(ProviderError, match=next(iter(properties))):
        parse_config(properties)


def test_a_kubeconfig_still_to_be_made_is_not_known() -> None:
    assert not parse_config({"kubeconfig": UNKNOWN}).known
    assert parse_config({"kubeconfig": "x", "context": "y"}).known


@pytest.mark.parametrize("spelled", [json.dumps, yaml.safe_dump])
def test_content_and_path_give_the_same(spelled: Any, tmp_path: Path) -> None:
    text = spelled(KUBECONFIG)
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    for given in (text, str(path)):
        config = ProviderConfig(kubeconfig=given)
        assert load_kubeconfig(config).content == KUBECONFIG


def test_the_environment_names_the_first_file_that_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'missing'}:{path}")
    assert load_kubeconfig(ProviderConfig()).origin == str(path)


def test_the_namespace_comes_from_the_provider_then_the_context() -> None:
    text = json.dumps(KUBECONFIG)
    for config, namespace in (
        (ProviderConfig(kubeconfig=text), "first"),
        (ProviderConfig(kubeconfig=text, context="two"), "default"),
        (ProviderConfig(kubeconfig=text, namespace="mine"), "mine"),
    ):
        assert load_kubeconfig(config).namespace(config) == namespace


def test_no_kubeconfig_at_all_says_where_it_was_looked_for() -> None:
    with pytest.raises(UnreachableError, match=r"nobody/\.kube/config.*KUBECONFIG"):
        load_kubeconfig(ProviderConfig())


@pytest.mark.parametrize("text", ["{a: [", "{}", '{"a": 1}'])
def test_what_is_no_kubeconfig_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UnreachableError, match=r"is not (YAML|a kubeconfig)"):
        load_kubeconfig(ProviderConfig(kubeconfig=text if text.startswith("{") else "{" + text))


def test_a_context_that_is_not_there_names_those_that_are() -> None:
    config = ProviderConfig(kubeconfig=json.dumps(KUBECONFIG), context="three")
    with pytest.raises(UnreachableError, match=r"'three'.*one, two"):
        connect(config, load_kubeconfig(config))


def test_a_server_that_does_not_answer_is_named() -> None:
    config = ProviderConfig(kubeconfig=json.dumps(KUBECONFIG))
    with pytest.raises(UnreachableError, match=r"https://127\.0\.0\.1:1 .*refused"):
        connect(config, load_kubeconfig(config)).send("GET", "/version", None, "application/json")
