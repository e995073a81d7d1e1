"""Who mounts which secret."""

from components.airflow_core.secrets import consumers
from components.contract import names
from components.contract.secrets import SecretConsumer, SecretValue
from tests.harness import settings_of


def of(stack: str) -> dict[str, SecretConsumer]:
    return {consumer.name: consumer for consumer in consumers(settings_of(stack))}


def test_only_jobs_go_to_the_primary_and_nobody_without_checking_its_certificate() -> None:
    jobs = (names.MIGRATION, names.RESUMPTION, names.CLEANING)
    for stack in ("dev", "prod"):
        connected = {name: consumer for name, consumer in of(stack).items() if name != names.DECLARED}
        for name, consumer in connected.items():
            wanted = "@postgres-rw." if name in jobs else "@postgres-pooler."
            for file in ("database_url", "database_url_async"):
                assert wanted in consumer.files[file]
                assert "sslmode=verify-full&sslrootcert=/run/secrets/airflow-platform/ca.crt" in consumer.files[file]


def test_matrix_of_roles_and_values() -> None:
    everyone = {SecretValue.FERNET_KEY, SecretValue.AUTHORITY_CERTIFICATE}
    user = {SecretValue.DATABASE_AIRFLOW_PASSWORD}
    serving = {SecretValue.TLS_CERTIFICATE, SecretValue.TLS_PRIVATE_KEY}
    keys = {SecretValue.JWT_PRIVATE_KEY, SecretValue.JWT_PUBLIC_KEYS}
    assert {name: consumer.values() - everyone for name, consumer in of("dev").items()} == {
        "migration": {
            SecretValue.ADMIN_PASSWORD,
            SecretValue.DATABASE_OWNER_PASSWORD,
            SecretValue.DECLARED_PASSWORD,
        },
        "declared": {SecretValue.DECLARED_PASSWORD},
        "resumption": user,
        "scheduler": user | {SecretValue.JWT_PRIVATE_KEY, SecretValue.BROKER_AIRFLOW_PASSWORD},
        "dag-processor": user,
        "triggerer": user | {SecretValue.API_SECRET_KEY},
        "api-core": user | serving | keys | {SecretValue.API_SECRET_KEY},
        "api-execution": user | serving | keys,
    }
    apart = {name for name, consumer in of("dev").items() if not consumer.values() >= everyone}
    assert apart == {"declared"}


def test_who_removes_rows_reads_and_writes_tables_and_opens_no_secret_in_them() -> None:
    cleaning = of("prod")[names.CLEANING]
    assert cleaning.values() == {SecretValue.DATABASE_AIRFLOW_PASSWORD, SecretValue.AUTHORITY_CERTIFICATE}
    url = cleaning.files["database_url"]
    assert url.endswith("&options=-crole%3Dairflow_app%20-csearch_path%3Dcleaning%2Cpublic%20-clock_timeout%3D30000")


def test_with_a_provider_there_is_no_administrator_but_a_client_secret() -> None:
    prod = of("prod")
    assert {name for name, consumer in prod.items() if "oidc_client_secret" in consumer.files} == {"api-core"}
    assert not any("admin_password" in consumer.files for consumer in prod.values())


def test_a_certificate_names_exactly_the_service_that_is_dialled() -> None:
    assert {name: consumer.tls_names for name, consumer in of("dev").items() if consumer.tls_names} == {
        "api-core": ("api-core.airflow.svc.cluster.local",),
        "api-execution": ("api-execution.airflow.svc.cluster.local",),
    }
