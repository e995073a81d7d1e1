"""PgBouncer's configuration."""

import configparser

from components.postgres_ha.patroni import agreed_config
from components.postgres_ha.pooler import pooler_config
from tests.harness import settings_of

SETTINGS = settings_of("prod")


def read() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(pooler_config(SETTINGS))
    return parser


def test_one_pod_holds_no_more_connections_than_the_budget_proves() -> None:
    options, pooler = read()["pgbouncer"], SETTINGS.postgres.pooler
    assert int(options["default_pool_size"]) == int(options["max_db_connections"]) == pooler.pool_size
    assert int(options["max_client_conn"]) == pooler.max_client_connections
    assert "reserve_pool_size" not in options


def test_transactions_are_shared_and_prepared_statements_followed() -> None:
    options = read()["pgbouncer"]
    assert options["pool_mode"] == "transaction"
    assert int(options["max_prepared_statements"]) > 0


def test_both_sides_speak_tls_and_the_server_is_verified() -> None:
    options = read()["pgbouncer"]
    assert options["client_tls_sslmode"] == "require"
    assert options["server_tls_sslmode"] == "verify-full"
    assert options["server_tls_ca_file"] == options["client_tls_ca_file"]
    assert options["auth_type"] == "scram-sha-256"


def test_only_the_one_database_is_served_and_a_connection_leaves_a_standby() -> None:
    databases = dict(read()["databases"])
    assert list(databases) == ["airflow"]
    assert "host=postgres-rw.airflow-data.svc.cluster.local" in databases["airflow"]
    assert "pg_terminate_backend(pg_backend_pid()) WHERE pg_is_in_recovery()" in databases["airflow"]


def test_a_failover_is_noticed_within_seconds() -> None:
    options = read()["pgbouncer"]
    assert float(options["server_login_retry"]) <= 1
    assert int(options["server_connect_timeout"]) <= 2
    assert int(options["tcp_user_timeout"]) <= 5000


def test_what_hangs_on_a_frozen_primary_ends_when_a_standby_leads() -> None:
    """Nothing else ends it: the kernel of a frozen server goes on confirming bytes."""
    options = read()["pgbouncer"]
    ttl = agreed_config(SETTINGS.postgres)["ttl"]
    assert int(options["query_timeout"]) == SETTINGS.postgres.pooler.query_timeout_seconds
    # 25 s is where the first of Airflow's workers gives up.
    assert ttl <= int(options["query_timeout"]) < 25
    assert 0 < int(options["server_check_delay"]) < int(options["server_idle_timeout"])
