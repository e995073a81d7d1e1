"""A stack file is read whole: all problems at once, each with key, value and way out."""

import json

import pulumi
import pytest

from settings import load
from settings.load import parse
from settings.problems import SettingsError
from settings.stack import Environment
from tests.settings.stack_files import STACKS, changed, values_of


@pytest.mark.parametrize("stack", STACKS)
def test_the_real_stack_files_are_valid(stack: str) -> None:
    assert parse(values_of(stack), stack).environment is Environment(stack)


def test_values_arrive_under_the_same_name() -> None:
    settings = parse(values_of("prod"))
    assert settings.workers.queues["default"].max_replicas == 50
    assert settings.airflow.parallelism == 400


def test_all_problems_of_shape_are_told_at_once() -> None:
    values = changed(values_of("dev"), "postgres.instancez", 3)
    values = changed(values, "redis.maxClients", "many")
    values = changed(values, "postgres.storage.size", "3Q")
    values = changed(values, "ingress", None)
    values = changed(values, "wrokers", {})
    with pytest.raises(SettingsError) as caught:
        parse(values, "dev")
    problems = {problem.key: problem for problem in caught.value.problems}
    assert set(problems) == {"postgres.instancez", "redis.maxClients", "postgres.storage.size", "ingress", "wrokers"}
    assert problems["postgres.instancez"].way_out == "Write 'instances'"
    assert problems["wrokers"].way_out == "Write 'workers'"
    assert problems["redis.maxClients"].value == '"many"'
    assert "'3Q' is no memory quantity" in problems["postgres.storage.size"].reason
    assert str(caught.value).startswith("5 problems in Pulumi.dev.yaml:\n")


def test_a_key_that_resembles_nothing_gets_the_list_of_keys() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(changed(values_of("dev"), "redis.zzz", 1))
    assert "maxClients" in caught.value.problems[0].way_out


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(changed(values_of("dev"), "redis.maxClients", "x" * 1000))
    assert len(caught.value.problems[0].value) == 80


def test_settings_cannot_be_changed() -> None:
    settings = parse(values_of("dev"))
    with pytest.raises(ValueError, match="frozen"):
        settings.environment = Environment.PROD


def test_load_reads_objects_and_scalars_from_the_stack_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        f"airflow-platform:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values_of("dev").items()
    }
    pulumi.runtime.set_all_config({**texts, "airflow-platform:oidcClientSecret": "x"})
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
    try:
        assert load.load() == parse(values_of("dev"))
        pulumi.runtime.set_all_config({**texts, "airflow-platform:nonsense": "1"})
        with pytest.raises(pulumi.RunError, match=r"nonsense = \"1\": there is no such key"):
            load.load()
    finally:
        pulumi.runtime.set_all_config({})
