import base64
import json

import pytest
from cryptography import x509
from cryptography.fernet import Fernet, MultiFernet

from components.contract.secrets import SecretConsumer, SecretValue
from components.credentials import matrix
from components.credentials.sources import fill, roots_of, rotatable, version, wrongly_given
from settings.stack import CredentialSettings

BYTES = base64.b64encode(bytes(range(32))).decode()
GENERATED = {root.name: [BYTES] for value in SecretValue for root in roots_of(value)} | {
    "database_airflow_password": ["word"]
}
SETTINGS = CredentialSettings()
TEMPLATES = {
    "url": "postgresql://airflow:{database_airflow_password}@db/airflow",
    "acl.json": '{{"password": "{database_airflow_password}"}}',
    "tls.crt": "{tls_certificate}",
    "tls.key": "{tls_private_key}",
    "ca.crt": "{authority_certificate}",
}
CONSUMER = SecretConsumer(name="scheduler", namespace="airflow", files=TEMPLATES, tls_names=("localhost",))


def test_templates_are_filled_and_doubled_braces_stay() -> None:
    files = fill(CONSUMER, GENERATED, SETTINGS)
    assert files["url"] == "postgresql://airflow:word@db/airflow"
    assert json.loads(files["acl.json"]) == {"password": "word"}
    assert files["tls.crt"].startswith("-----BEGIN CERTIFICATE-----")
    assert files["tls.key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert files["ca.crt"] != files["tls.crt"]


def test_a_part_of_a_url_is_quoted() -> None:
    url = SecretConsumer(
        name="x",
        namespace="y",
        files={"f": "redis://u:{broker_airflow_password:url}@h", "g": "{broker_airflow_password}"},
    )
    assert fill(url, {"broker_airflow_password": ["p@ss/w=rd:%,"]}, SETTINGS) == {
        "f": "redis://u:p%40ss%2Fw%3Drd%3A%25%2C@h",
        "g": "p@ss/w=rd:%,",
    }


def test_an_unknown_form_is_an_error() -> None:
    wrong = SecretConsumer(name="x", namespace="y", files={"f": "{broker_airflow_password:uri}"})
    with pytest.raises(ValueError, match="'uri'; there is 'url'"):
        fill(wrong, {"broker_airflow_password": ["x"]}, SETTINGS)


def test_every_value_can_be_filled() -> None:
    everything = SecretConsumer(
        name="all", namespace="x", files={value: f"{{{value}}}" for value in SecretValue}, tls_names=("localhost",)
    )
    assert all(fill(everything, GENERATED, SETTINGS).values())


def test_a_certificate_without_names_is_an_error() -> None:
    nameless = SecretConsumer(name="edge", namespace="edge", files={"tls.crt": "{tls_certificate}"})
    with pytest.raises(ValueError, match="edge asks for a certificate but lists no tls_names"):
        fill(nameless, GENERATED, SETTINGS)


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
        ({"retired": {"database_airflow_password": 3}}, set[str]()),
    ],
)
def test_the_version_changes_for_those_whose_files_change(settings: dict[str, object], changed: set[str]) -> None:
    before, after = CredentialSettings(), CredentialSettings.model_validate(settings)
    assert {c.name for c in (CONSUMER, PLAIN) if version(c, before) != version(c, after)} == changed


def test_all_that_is_generated_can_be_rotated() -> None:
    assert {"authority", "tls", "fernet_key", "jwt_private_key", "database_airflow_password"} <= rotatable()
    assert not {"oidc_client_secret", "jwt_public_keys", "tls_certificate"} & rotatable()


SEEDS = [base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2)]
ROTATING = CredentialSettings(rotation={"fernet_key": 1, "jwt_private_key": 1, "authority": 1})
RETIRED = ROTATING.model_copy(update={"retired": dict.fromkeys(ROTATING.rotation, 0)})
KEYS = SecretConsumer(
    name="keys",
    namespace="x",
    files={
        "fernet": "{fernet_key}",
        "sign": "{jwt_private_key}",
        "check": "{jwt_public_keys}",
        "ca.crt": "{authority_certificate}",
        "tls.crt": "{tls_certificate}",
    },
    tls_names=("localhost",),
)


def keys(settings: CredentialSettings) -> dict[str, str]:
    rotating = dict.fromkeys(("fernet_key", "jwt_private_key", "authority"), SEEDS)
    return fill(KEYS, {**rotating, "tls": [BYTES]}, settings)


def encrypted_by(fernet: str, at: int) -> str:
    return Fernet(fernet.split(",")[at]).encrypt(b"x").decode()


def test_a_new_fernet_key_is_read_by_all_before_anybody_writes_with_it() -> None:
    old = keys_of_one(SEEDS[0])
    first, second = keys(ROTATING)["fernet"], keys(RETIRED)["fernet"]
    assert first.split(",")[0] == old
    assert second.split(",") == first.split(",")[::-1]
    for one, another in ((old, first), (first, second)):
        # Whoever has not restarted yet and whoever has: each reads what the other writes.
        reading = [MultiFernet([Fernet(key) for key in text.split(",")]) for text in (one, another)]
        assert reading[0].decrypt(encrypted_by(another, 0)) == reading[1].decrypt(encrypted_by(one, 0)) == b"x"


def keys_of_one(seed: str) -> str:
    return fill(
        SecretConsumer(name="x", namespace="y", files={"fernet": "{fernet_key}"}), {"fernet_key": [seed]}, SETTINGS
    )["fernet"]


def test_a_new_signing_key_is_known_to_all_before_anybody_signs_with_it() -> None:
    before, after = keys(ROTATING), keys(RETIRED)
    assert before["sign"] != after["sign"]
    published = [[key["kid"] for key in json.loads(files["check"])["keys"]] for files in (before, after)]
    assert published[0] == published[1][::-1]
    assert len(set(published[0])) == 2


def test_a_new_authority_is_trusted_by_all_before_it_signs() -> None:
    before, after = keys(ROTATING), keys(RETIRED)
    bundles = [x509.load_pem_x509_certificates(files["ca.crt"].encode()) for files in (before, after)]
    assert bundles[0] == bundles[1][::-1]
    for files, bundle in ((before, bundles[0]), (after, bundles[1])):
        x509.load_pem_x509_certificate(files["tls.crt"].encode()).verify_directly_issued_by(bundle[0])


def test_a_fernet_key_from_elsewhere_comes_in_either_alphabet() -> None:
    key = base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode()
    assert {"-", "_"} & set(key)
    standard = key.translate(str.maketrans("-_", "+/"))
    consumer = SecretConsumer(name="x", namespace="y", files={"fernet": "{fernet_key}"})
    filled = [
        fill(consumer, {"fernet_key": [text]}, SETTINGS)["fernet"] for text in (key, standard, f"{standard},{key}")
    ]
    assert filled == [key, key, f"{key},{key}"]


@pytest.mark.parametrize("text", ["too-short", base64.b64encode(b"x" * 31).decode(), "no base64!" * 5])
def test_a_fernet_key_that_is_none_is_named(text: str) -> None:
    settings = CredentialSettings(given=["fernet_key"])
    (problem,) = wrongly_given(settings, {"fernet_key": text})
    assert "no Fernet key" in problem
    assert text not in problem, "a secret stays out of messages"
