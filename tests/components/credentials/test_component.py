"""Credentials as a whole, recorded."""

import pulumi

from components.contract.secrets import SecretConsumer, SecretValue
from components.credentials import Credentials, CredentialsArgs
from local.engine.recording import Secret
from tests.harness import Stage, as_config, inputs, kubernetes, record_program

CONSUMERS = (
    SecretConsumer(
        name="postgres",
        namespace="airflow-data",
        files={
            "superuser": "{database_superuser_password}",
            "tls.key": "{tls_private_key}",
            "ca.crt": "{authority_certificate}",
        },
        tls_names=("postgres.airflow-data.svc.cluster.local",),
    ),
    SecretConsumer(
        name="scheduler", namespace="airflow", files={"fernet": "{fernet_key}", "admin": "{admin_password}"}
    ),
)


def build() -> None:
    stage = Stage.of_stack()
    created = Credentials(
        "credentials",
        CredentialsArgs(
            settings=stage.settings,
            labels=stage.labels,
            namespaces={name: pulumi.Output.from_input(name) for name in ("airflow", "airflow-data")},
            consumers=CONSUMERS,
        ),
        stage.opts,
    )
    pulumi.export("admin_password", created.admin_password)


def test_one_secret_per_consumer_with_its_files_and_no_more() -> None:
    secrets = kubernetes(record_program(build), "Secret")
    assert {name: set(item["stringData"]) for name, item in secrets.items()} == {
        "postgres-secrets": {"superuser", "tls.key", "ca.crt"},
        "scheduler-secrets": {"fernet", "admin"},
    }
    assert {name: item["metadata"]["namespace"] for name, item in secrets.items()} == {
        "postgres-secrets": "airflow-data",
        "scheduler-secrets": "airflow",
    }


def test_contents_travel_as_secrets() -> None:
    recording = record_program(build)
    for resource in recording.of_type("kubernetes:core/v1:Secret"):
        assert isinstance(resource.inputs["stringData"], Secret)
    assert isinstance(recording.outputs["admin_password"], Secret)


def test_only_what_somebody_reads_is_generated() -> None:
    random = {r.name for r in record_program(build).resources if r.package == "random"}
    assert random == {
        "credentials-admin-password",
        "credentials-authority",
        "credentials-database-superuser-password",
        "credentials-fernet-key",
        "credentials-tls",
    }


ROTATED = as_config(credentials={"rotation": {"fernet_key": 3}})


def test_raising_a_counter_changes_the_keepers_of_that_value_alone() -> None:
    random = [r for r in record_program(build, "dev", ROTATED).resources if r.package == "random"]
    assert {r.name for r in random if inputs(r)["keepers"] == {"rotation": "3"}} == {"credentials-fernet-key"}


def test_two_runs_with_the_same_random_values_give_the_same_bytes() -> None:
    first, second = (kubernetes(record_program(build, "dev", config), "Secret") for config in ((), ROTATED))
    assert first["postgres-secrets"] == second["postgres-secrets"]


def test_passwords_are_letters_and_digits() -> None:
    (password,) = [
        inputs(r) for r in record_program(build).resources if r.name == "credentials-database-superuser-password"
    ]
    assert (password["length"], password["special"]) == (32, False)
    assert SecretValue.DATABASE_SUPERUSER_PASSWORD in CONSUMERS[0].values()
