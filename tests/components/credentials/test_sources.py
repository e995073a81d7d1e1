import base64
import json

import pytest

from components.contract.secrets import SecretConsumer, SecretValue
from components.credentials import matrix
from components.credentials.sources import fill, roots_of, rotatable, unknown_rotations, version
from settings.stack import AuthoritySettings, CredentialSettings

BYTES = base64.b64encode(bytes(range(32))).decode()
GENERATED = {root.name: BYTES for value in SecretValue for root in roots_of(value)} | {
    "database_airflow_password": "word"
}
DATES = AuthoritySettings()
TEMPLATES = {
    "url": "postgresql://airflow:{database_airflow_password}@db/airflow",
    "acl.json": '{{"password": "{database_airflow_password}"}}',
    "tls.crt": "{tls_certificate}",
    "tls.key": "{tls_private_key}",
    "ca.crt": "{authority_certificate}",
}
CONSUMER = SecretConsumer(name="scheduler", namespace="airflow", files=TEMPLATES, tls_names=("localhost",))


def test_templates_are_filled_and_doubled_braces_stay() -> None:
    files = fill(CONSUMER, GENERATED, DATES)
    assert files["url"] == "postgresql://airflow:word@db/airflow"
    assert json.loads(files["acl.json"]) == {"password": "word"}
    assert files["tls.crt"].startswith("-----BEGIN CERTIFICATE-----")
    assert files["tls.key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert files["ca.crt"] != files["tls.crt"]


def test_every_value_can_be_filled() -> None:
    everything = SecretConsumer(
        name="all", namespace="x", files={value: f"{{{value}}}" for value in SecretValue}, tls_names=("localhost",)
    )
    assert all(fill(everything, GENERATED, DATES).values())


def test_a_certificate_without_names_is_an_error() -> None:
    nameless = SecretConsumer(name="edge", namespace="edge", files={"tls.crt": "{tls_certificate}"})
    with pytest.raises(ValueError, match="edge asks for a certificate but lists no tls_names"):
        fill(nameless, GENERATED, DATES)


def test_the_matrix_states_what_templates_name() -> None:
    assert matrix([CONSUMER]) == {
        "scheduler": {
            SecretValue.DATABASE_AIRFLOW_PASSWORD,
            SecretValue.TLS_CERTIFICATE,
            SecretValue.TLS_PRIVATE_KEY,
            SecretValue.AUTHORITY_CERTIFICATE,
        }
    }


def test_a_template_with_an_unknown_value_is_an_error() -> None:
    wrong = SecretConsumer(name="x", namespace="y", files={"f": "{databse_password}"})
    with pytest.raises(ValueError, match="databse_password"):
        matrix([wrong])


def test_two_consumers_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="declared more than once: scheduler"):
        matrix([CONSUMER, CONSUMER])


PLAIN = SecretConsumer(name="plain", namespace="x", files={"f": "{broker_airflow_password}"})


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({"rotation": {"database_airflow_password": 1}}, {"scheduler"}),
        ({"rotation": {"broker_airflow_password": 1}}, {"plain"}),
        ({"rotation": {"tls": 1}}, {"scheduler"}),
        ({"rotation": {"fernet_key": 1}}, set[str]()),
        ({"authority": {"issued": "2027-01-01"}}, {"scheduler"}),
    ],
)
def test_the_version_changes_for_those_whose_files_change(settings: dict[str, object], changed: set[str]) -> None:
    before, after = CredentialSettings(), CredentialSettings.model_validate(settings)
    assert {c.name for c in (CONSUMER, PLAIN) if version(c, before) != version(c, after)} == changed


def test_an_unknown_name_in_rotation_is_named_with_what_there_is() -> None:
    (problem,) = unknown_rotations(CredentialSettings(rotation={"fernetkey": 1}))
    assert problem.startswith("credentials.rotation.fernetkey = 1: there is no such generated value. Known are ")
    assert "fernet_key" in problem


def test_all_that_is_generated_can_be_rotated() -> None:
    assert {"authority", "tls", "fernet_key", "jwt_private_key", "database_airflow_password"} <= rotatable()
    assert not {"oidc_client_secret", "jwt_public_keys", "tls_certificate"} & rotatable()
