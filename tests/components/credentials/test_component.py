"""Credentials as a whole, recorded."""

from typing import Any

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
            "owner": "{database_owner_password}",
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


def secrets_of(config: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The Secrets by the beginning of their names, which end in a version."""
    found = kubernetes(record_program(build, "dev", config), "Secret")
    return {name.rpartition("-")[0]: item for name, item in found.items()}


def test_one_secret_per_consumer_with_its_files_and_no_more() -> None:
    secrets = secrets_of(())
    assert {name: set(item["stringData"]) for name, item in secrets.items()} == {
        "postgres-secrets": {"owner", "tls.key", "ca.crt"},
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
        "credentials-database-owner-password",
        "credentials-fernet-key",
        "credentials-tls",
    }


ROTATED = as_config(credentials={"rotation": {"fernet_key": 1}})
RETIRED = as_config(credentials={"rotation": {"fernet_key": 1}, "retired": {"fernet_key": 0}})


def test_raising_a_counter_adds_a_generation_of_that_value_alone() -> None:
    def keepers(config: tuple[tuple[str, str], ...]) -> dict[str, str]:
        recording = record_program(build, "dev", config)
        return {r.name: inputs(r)["keepers"]["rotation"] for r in recording.resources if r.package == "random"}

    assert keepers(ROTATED) == {**keepers(()), "credentials-fernet-key-b": "1"}
    assert keepers(RETIRED) == keepers(ROTATED)


def test_a_rotation_leaves_the_secrets_of_others_as_they_are() -> None:
    before, after, retired = (secrets_of(config) for config in ((), ROTATED, RETIRED))
    assert before["postgres-secrets"] == after["postgres-secrets"] == retired["postgres-secrets"]


def test_another_content_is_a_secret_of_another_name() -> None:
    named = [secrets_of(config)["scheduler-secrets"]["metadata"]["name"] for config in ((), ROTATED, RETIRED)]
    assert len(set(named)) == 3


def test_a_retired_generation_may_be_replaced_and_those_in_use_may_not() -> None:
    steps = as_config(
        environment="staging",
        credentials={"rotation": {"fernet_key": 1, "tls": 1}, "retired": {"fernet_key": 0}},
    )
    protected = {r.name: r.protect for r in record_program(build, "dev", steps).resources if r.package == "random"}
    assert {name for name, protect in protected.items() if not protect} == {"credentials-fernet-key"}


def test_passwords_are_letters_and_digits() -> None:
    (password,) = [
        inputs(r) for r in record_program(build).resources if r.name == "credentials-database-owner-password"
    ]
    assert (password["length"], password["special"]) == (32, False)
    assert SecretValue.DATABASE_OWNER_PASSWORD in CONSUMERS[0].values()
