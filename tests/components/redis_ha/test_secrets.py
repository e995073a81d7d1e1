"""Who of RedisHA reads what, and what each user of the broker may do."""

import json
from collections.abc import Mapping

import pytest

from components.contract.secrets import SecretConsumer, SecretValue
from components.credentials.generations import Rotated
from components.redis_ha.secrets import consumers
from tests.harness import made_up_values, settings_of

MADE_UP = made_up_values()
ROTATING = made_up_values(generations=2)
TLS = {SecretValue.TLS_CERTIFICATE, SecretValue.TLS_PRIVATE_KEY, SecretValue.AUTHORITY_CERTIFICATE}
AIRFLOW, MONITOR = SecretValue.BROKER_AIRFLOW_PASSWORD, SecretValue.BROKER_MONITOR_PASSWORD
REPLICATION, SENTINEL = SecretValue.BROKER_REPLICATION_PASSWORD, SecretValue.BROKER_SENTINEL_PASSWORD


def found(stack: str) -> dict[str, SecretConsumer]:
    return {item.name: item for item in consumers(settings_of(stack))}


def users(consumer: SecretConsumer, values: Mapping[str, Rotated] | None = None) -> dict[str, list[str]]:
    lines = consumer.files["users.acl"].format(**(values or MADE_UP)).splitlines()
    assert all(line.startswith("user ") for line in lines)
    return {line.split()[1]: line.split()[2:] for line in lines}


@pytest.mark.parametrize(
    ("stack", "matrix"),
    [
        (
            "dev",
            {
                "valkey": {AIRFLOW, MONITOR, *TLS},
                "valkey-exporter": {MONITOR, SecretValue.AUTHORITY_CERTIFICATE},
            },
        ),
        (
            "prod",
            {
                "valkey": {AIRFLOW, MONITOR, REPLICATION, SENTINEL, *TLS},
                "valkey-exporter": {MONITOR, SecretValue.AUTHORITY_CERTIFICATE},
                "valkey-sentinel": {AIRFLOW, MONITOR, SENTINEL, *TLS},
            },
        ),
    ],
)
def test_each_consumer_reads_what_it_needs_and_no_more(stack: str, matrix: dict[str, set[SecretValue]]) -> None:
    assert {name: set(item.values()) for name, item in found(stack).items()} == matrix


@pytest.mark.parametrize("consumer", ["valkey", "valkey-sentinel"])
def test_nobody_comes_in_without_a_name(consumer: str) -> None:
    rules = users(found("prod")[consumer])
    assert rules["default"][:2] == ["off", "resetpass"]
    assert not {"on", "nopass"} & set(rules["default"])
    assert all(
        rule[0] == "on" and rule[1].startswith(">value-0-of-broker_")
        for name, rule in rules.items()
        if name != "default"
    )


def test_a_node_may_do_again_what_it_did_before_and_a_sentinel_has_nothing_to_do_again() -> None:
    """Who loads the file of its writes is the default user."""
    assert {"~*", "&*", "+@all"} < set(users(found("dev")["valkey"])["default"])
    assert "-@all" in users(found("prod")["valkey-sentinel"])["default"]


def test_airflow_may_queue_but_not_rule() -> None:
    rule = users(found("dev")["valkey"])["airflow"]
    assert rule[1] == rule[2], "without a rotation there is one password"
    assert rule[3:] == ["~*", "&*", "+@all", "-@admin", "-@dangerous", "+info", "+role"]
    on_sentinels = users(found("prod")["valkey-sentinel"])["airflow"]
    assert "-@all" in on_sentinels
    assert "+sentinel|get-master-addr-by-name" in on_sentinels
    assert not {"+@all", "+sentinel", "+sentinel|failover"} & set(on_sentinels)


def test_monitoring_reads_no_content_and_no_configuration() -> None:
    rule = set(users(found("prod")["valkey"])["monitor"])
    assert "-@all" in rule
    assert not {item for item in rule if item.startswith(("+@", "+config", "+get", "+lrange"))}


def test_the_exporters_passwords_are_json_by_account() -> None:
    text = found("dev")["valkey-exporter"].files["passwords.json"].format(**MADE_UP)
    assert json.loads(text) == {"rediss://monitor@localhost:6379": "value-0-of-broker_monitor_password"}


def test_certificates_name_every_service() -> None:
    names = found("prod")
    for workload in ("valkey", "valkey-sentinel"):
        services = (workload, *(f"{workload}-{ordinal}" for ordinal in range(3)))
        assert set(names[workload].tls_names) == {
            *(f"{service}.airflow-data.svc.cluster.local" for service in services),
            "localhost",
        }
    assert set(found("dev")["valkey"].tls_names) == {"valkey.airflow-data.svc.cluster.local", "localhost"}


def test_in_a_rotation_clients_and_peers_are_let_in_with_both_passwords() -> None:
    node, sentinel = found("prod")["valkey"], found("prod")["valkey-sentinel"]
    for consumer in (node, sentinel):
        for name, rule in users(consumer, ROTATING).items():
            passwords = {word for word in rule if word.startswith(">")}
            wanted = {f">value-{number}-of-broker_{name}_password" for number in (0, 1)}
            assert passwords == (wanted if name != "default" else set())
    # Nobody of them can be told first, so they go on with what all of them know.
    for consumer in (node, sentinel):
        assert consumer.files["sentinel-password"].format(**ROTATING) == "value-0-of-broker_sentinel_password"
    assert node.files["replication-password"].format(**ROTATING) == "value-0-of-broker_replication_password"
