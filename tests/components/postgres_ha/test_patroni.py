"""Patroni's configuration follows durability and instances; PostgreSQL's parameters follow memory and volume."""

import shlex
from typing import Any

import pytest
import yaml

from components.contract.labels import PlatformLabels
from components.postgres_ha.parameters import agreed_parameters, local_parameters
from components.postgres_ha.patroni import agreed_config, agreed_text, base_config
from settings.base import Storage
from settings.postgres import Durability
from settings.restore import RestoreSettings
from tests.harness import settings_of

DEV, PROD = settings_of("dev").postgres, settings_of("prod").postgres
LABELS = PlatformLabels(environment="dev")


@pytest.mark.parametrize(
    ("durability", "mode", "strict"),
    [(Durability.LOCAL, False, False), (Durability.QUORUM, "quorum", False), (Durability.STRICT, "quorum", True)],
)
def test_durability_is_the_kind_of_commit(durability: Durability, mode: str | bool, strict: bool) -> None:
    agreed = agreed_config(PROD.model_copy(update={"durability": durability}))
    assert agreed["synchronous_mode"] == mode
    assert agreed["synchronous_mode_strict"] is strict
    assert agreed["synchronous_node_count"] == 1


@pytest.mark.parametrize(
    ("settings", "timing", "start_timeout"), [(DEV, (30, 10, 10), 300), (PROD, (20, 3, 5), 0)], ids=("one", "three")
)
def test_three_instances_fail_over_soon_and_one_asks_less_often(
    settings: Any, timing: tuple[int, int, int], start_timeout: int
) -> None:
    agreed = agreed_config(settings)
    ttl, loop_wait, retry_timeout = (agreed[key] for key in ("ttl", "loop_wait", "retry_timeout"))
    assert (ttl, loop_wait, retry_timeout) == timing
    # Patroni lowers them in silence where this does not hold.
    assert loop_wait + 2 * retry_timeout <= ttl
    assert agreed["primary_start_timeout"] == start_timeout
    assert agreed["failsafe_mode"] is True


def test_the_cluster_is_made_with_what_the_job_keeps_up_to_date() -> None:
    base = yaml.safe_load(base_config(PROD, LABELS))
    assert base["bootstrap"]["dcs"] == yaml.safe_load(agreed_text(PROD)) == agreed_config(PROD)


def test_what_only_the_cluster_may_say_stands_nowhere_else() -> None:
    assert not set(agreed_parameters(PROD)) & set(local_parameters(PROD))
    assert agreed_parameters(PROD)["max_connections"] == PROD.max_connections


def test_a_discarded_data_folder_needs_a_quorum_that_holds_its_commits() -> None:
    for settings, allowed in ((DEV, False), (PROD, True)):
        postgresql = yaml.safe_load(base_config(settings, LABELS))["postgresql"]
        assert postgresql["remove_data_directory_on_rewind_failure"] is allowed
        assert postgresql["remove_data_directory_on_diverged_timelines"] is allowed


def test_nobody_comes_in_without_tls_and_password_but_the_superuser_from_inside() -> None:
    rules = yaml.safe_load(base_config(PROD, LABELS))["postgresql"]["pg_hba"]
    assert rules[-2:] == ["local all all reject", "host all all all reject"]
    remote = [rule.split() for rule in rules if rule.startswith("host") and not rule.endswith("reject")]
    assert {rule[0] for rule in remote} == {"hostssl"}
    by_certificate = [rule for rule in remote if rule[-1] != "scram-sha-256"]
    assert by_certificate == [["hostssl", "all", "postgres", "all", "cert", "map=configure"]]
    people = {user for rule in remote if rule not in by_certificate for user in rule[2].split(",")}
    assert people == {
        f"{name}_{letter}"
        for name in ("airflow_app", "airflow_owner", "airflow_reader", "backup", "replication", "rewind")
        for letter in "ab"
    }


def test_instances_verify_one_another() -> None:
    postgresql = yaml.safe_load(base_config(PROD, LABELS))["postgresql"]
    assert postgresql["parameters"]["ssl"] == "on"
    for user in ("replication", "rewind"):
        assert postgresql["authentication"][user]["sslmode"] == "verify-full"


def test_the_configuration_holds_no_password() -> None:
    assert "password:" not in base_config(PROD, LABELS)


@pytest.mark.parametrize("size", ["1Gi", "4Gi", "50Gi", "2Ti"])
def test_the_log_leaves_more_than_half_of_the_volume_to_data(size: str) -> None:
    parameters = local_parameters(PROD.model_copy(update={"storage": Storage(size=size)}))
    volume = int(size[:-2]) * (1024 if size.endswith("Gi") else 1024 * 1024)
    share = sum(int(str(parameters[key])[:-2]) for key in ("max_wal_size", "max_slot_wal_keep_size"))
    assert share < volume / 2
    assert int(str(parameters["wal_keep_size"])[:-2]) <= volume / 16
    assert int(str(parameters["min_wal_size"])[:-2]) >= 32


def test_a_query_stays_within_one_process() -> None:
    parameters = local_parameters(DEV)
    assert parameters["max_parallel_workers_per_gather"] == 0
    assert parameters["max_parallel_maintenance_workers"] == 0
    assert parameters["hash_mem_multiplier"] == 1
    assert parameters["jit"] == "off"


def test_what_led_before_loses_its_label_before_another_is_promoted() -> None:
    command = shlex.split(yaml.safe_load(base_config(PROD, LABELS))["postgresql"]["pre_promote"])
    assert command[:3] == ["/bin/bash", "/etc/airflow-platform/fence.sh", "airflow-platform/role"]
    assert dict(part.split("=") for part in command[3].split(",")) == dict(LABELS.selector("postgres"))


def test_a_standby_looks_for_its_next_leader_every_second() -> None:
    follows = {"restore_from": RestoreSettings.model_construct(follow=True)}
    for settings, every in ((PROD, "1s"), (DEV, "5s"), (PROD.model_copy(update=follows), "5s")):
        assert agreed_parameters(settings)["wal_retrieve_retry_interval"] == every
        assert "wal_retrieve_retry_interval" not in local_parameters(settings), (
            "a promotion would restart the instances"
        )
