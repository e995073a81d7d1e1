"""Who gets which secret, and that none is anywhere else."""

import json
from collections.abc import Iterator

import pytest

from components.contract.secrets import NOT_SECRET, SecretValue
from components.credentials import matrix
from components.platform.declarations import consumers
from local.engine.recording import Recorded, Recording, Secret
from local.engine.values import contains_secret, unwrap
from tests.harness import STACKS, record_stack, settings_of

V = SecretValue
DATABASE_USER = {V.DATABASE_AIRFLOW_PASSWORD, V.FERNET_KEY, V.AUTHORITY_CERTIFICATE}
BROKER_USER = {V.BROKER_AIRFLOW_PASSWORD, V.AUTHORITY_CERTIFICATE}
TLS = {V.TLS_CERTIFICATE, V.TLS_PRIVATE_KEY, V.AUTHORITY_CERTIFICATE}
JWT_PAIR = {V.JWT_PRIVATE_KEY, V.JWT_PUBLIC_KEYS}

DEV: dict[str, set[SecretValue]] = {
    "postgres": {
        *TLS,
        V.DATABASE_REPLICATION_PASSWORD,
        V.DATABASE_REWIND_PASSWORD,
        V.PATRONI_API_PASSWORD,
    },
    "postgres-configure": {
        *TLS,
        V.DATABASE_OWNER_PASSWORD,
        V.DATABASE_AIRFLOW_PASSWORD,
        V.DATABASE_READER_PASSWORD,
        V.DATABASE_MONITOR_PASSWORD,
        V.DATABASE_REPLICATION_PASSWORD,
        V.DATABASE_REWIND_PASSWORD,
        V.PATRONI_API_PASSWORD,
        V.DATABASE_BACKUP_PASSWORD,
        V.KEY_ESCROW,
    },
    "postgres-archive": {V.BACKUP_REPOSITORY_PASSPHRASE, V.AUTHORITY_CERTIFICATE},
    "postgres-backup": {V.DATABASE_BACKUP_PASSWORD, V.AUTHORITY_CERTIFICATE},
    "postgres-restore-drill": {
        V.BACKUP_REPOSITORY_PASSPHRASE,
        V.BACKUP_ESCROW_PASSPHRASE,
        V.DATABASE_BACKUP_PASSWORD,
        V.AUTHORITY_CERTIFICATE,
    },
    "postgres-exporter": {V.DATABASE_MONITOR_PASSWORD},
    "postgres-pooler": {*TLS, V.DATABASE_AIRFLOW_PASSWORD, V.DATABASE_MONITOR_PASSWORD},
    "postgres-pooler-exporter": {V.DATABASE_MONITOR_PASSWORD, V.AUTHORITY_CERTIFICATE},
    "valkey": {*TLS, V.BROKER_AIRFLOW_PASSWORD, V.BROKER_MONITOR_PASSWORD},
    "valkey-exporter": {V.BROKER_MONITOR_PASSWORD, V.AUTHORITY_CERTIFICATE},
    "migration": {
        V.DATABASE_OWNER_PASSWORD,
        V.FERNET_KEY,
        V.AUTHORITY_CERTIFICATE,
        V.ADMIN_PASSWORD,
        V.DECLARED_PASSWORD,
    },
    "declared": {V.DECLARED_PASSWORD, V.AUTHORITY_CERTIFICATE},
    "resumption": {*DATABASE_USER},
    "scheduler": {*DATABASE_USER, *BROKER_USER, V.JWT_PRIVATE_KEY},
    "dag-processor": {*DATABASE_USER},
    "triggerer": {*DATABASE_USER, V.API_SECRET_KEY},
    "api-core": {*DATABASE_USER, *TLS, *JWT_PAIR, V.API_SECRET_KEY},
    "api-execution": {*DATABASE_USER, *TLS, *JWT_PAIR},
    "worker-default": {*BROKER_USER, V.API_SECRET_KEY},
    "edge": {*TLS},
    "prometheus": {V.AUTHORITY_CERTIFICATE},
}
"""The whole matrix of the dev stack. A new line or value here is a decision, not an accident."""

FORBIDDEN_TO_WORKERS = {
    V.DATABASE_AIRFLOW_PASSWORD,
    V.DATABASE_OWNER_PASSWORD,
    V.DATABASE_READER_PASSWORD,
    V.DATABASE_MONITOR_PASSWORD,
    V.FERNET_KEY,
    V.JWT_PRIVATE_KEY,
    V.ADMIN_PASSWORD,
    V.DECLARED_PASSWORD,
    V.PATRONI_API_PASSWORD,
    V.OIDC_CLIENT_SECRET,
    V.DATABASE_BACKUP_PASSWORD,
    V.BACKUP_REPOSITORY_PASSPHRASE,
    V.BACKUP_ESCROW_PASSPHRASE,
    V.KEY_ESCROW,
}


def test_the_dev_stack_hands_out_exactly_this() -> None:
    assert matrix(consumers(settings_of("dev"))) == DEV


@pytest.mark.parametrize("stack", STACKS)
def test_workers_hold_nothing_that_opens_the_control_plane(stack: str) -> None:
    found = matrix(consumers(settings_of(stack)))
    workers = {name: values for name, values in found.items() if name.startswith("worker-")}
    assert workers
    for name, values in workers.items():
        assert not values & FORBIDDEN_TO_WORKERS, name


@pytest.mark.parametrize("stack", STACKS)
def test_texts_of_the_users_own_are_read_by_who_declares_objects_alone(stack: str) -> None:
    readers = {consumer.name for consumer in consumers(settings_of(stack)) if consumer.given}
    assert readers <= {"declared"}


@pytest.mark.parametrize("stack", STACKS)
def test_only_airflow_itself_reads_the_fernet_key(stack: str) -> None:
    settings = settings_of(stack)
    readers = [consumer for consumer in consumers(settings) if V.FERNET_KEY in consumer.values()]
    assert {consumer.namespace for consumer in readers} == {settings.namespaces.airflow}


@pytest.mark.parametrize("stack", STACKS)
def test_secrets_travel_in_secrets_and_nowhere_else(stack: str) -> None:
    leaking = [
        resource.urn
        for resource in record_stack(stack).resources
        if not _may_hold_secrets(resource) and contains_secret(resource.inputs)
    ]
    assert leaking == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_generated_value_stands_in_plain_text_outside_a_secret(stack: str) -> None:
    recording = record_stack(stack)
    values = set(_secret_texts(recording))
    assert len(values) > 5
    for resource in recording.resources:
        if _may_hold_secrets(resource):
            continue
        text = json.dumps(unwrap(resource.inputs))
        assert not [value for value in values if json.dumps(value)[1:-1] in text], resource.urn


def test_what_a_stack_exports_is_plain_but_for_the_password() -> None:
    outputs = record_stack("dev").outputs
    assert {name for name, value in outputs.items() if isinstance(value, Secret)} == {"admin_password"}
    assert outputs["admin_user"] == "admin"


def _may_hold_secrets(resource: Recorded) -> bool:
    # What a component registers is checked by its name; inputs of components and of random resources are empty.
    return resource.type == "kubernetes:core/v1:Secret"


def _secret_texts(recording: Recording) -> Iterator[str]:
    for resource in recording.resources:
        if resource.package == "random":
            outputs = unwrap(resource.outputs)
            yield from (outputs[key] for key in ("result", "base64", "hex", "bcryptHash") if outputs.get(key))
        if resource.type == "kubernetes:core/v1:Secret":
            yield from _private_keys(unwrap(resource.inputs)["stringData"].values())


def _private_keys(files: Iterator[str]) -> Iterator[str]:
    for text in files:
        if "PRIVATE KEY" in text:
            # The body alone: the frame is the same for every key.
            yield text.splitlines()[1]


def test_what_counts_as_public_is_public() -> None:
    assert {V.AUTHORITY_CERTIFICATE, V.TLS_CERTIFICATE, V.JWT_PUBLIC_KEYS} == NOT_SECRET
