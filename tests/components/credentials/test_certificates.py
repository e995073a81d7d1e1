from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from components.credentials.certificates import Validity, authority, leaf, leaf_key, pem

SEED, OTHER_SEED = bytes(range(32)), bytes(range(32, 64))
VALIDITY = Validity(issued=date(2026, 11, 1), days=825)
NAMES = ("localhost", "postgres.airflow-data.svc.cluster.local")


def issue(consumer: str = "postgres", names: tuple[str, ...] = NAMES, validity: Validity = VALIDITY) -> str:
    signer = authority(SEED, Validity(issued=date(2026, 11, 1), days=3650))
    return leaf(signer, OTHER_SEED, consumer=consumer, names=names, validity=validity)


def verify(certificate: str, name: str, at: datetime) -> None:
    root = authority(SEED, Validity(issued=date(2026, 11, 1), days=3650)).certificate
    verifier = PolicyBuilder().store(Store([root])).time(at).build_server_verifier(x509.DNSName(name))
    verifier.verify(x509.load_pem_x509_certificate(certificate.encode()), [])


def test_same_seed_names_and_dates_give_the_same_bytes() -> None:
    assert issue() == issue()
    assert leaf_key(OTHER_SEED, "postgres") == leaf_key(OTHER_SEED, "postgres")
    first, second = (authority(SEED, VALIDITY).certificate for _ in range(2))
    assert pem(first) == pem(second)


def test_the_order_of_names_does_not_matter() -> None:
    assert issue(names=NAMES) == issue(names=NAMES[::-1])


def test_consumers_do_not_share_keys() -> None:
    assert leaf_key(OTHER_SEED, "postgres") != leaf_key(OTHER_SEED, "valkey")


@pytest.mark.parametrize("name", NAMES)
def test_the_chain_is_trusted_for_each_name(name: str) -> None:
    verify(issue(), name, datetime(2026, 11, 22, tzinfo=UTC))


def test_another_name_is_not_trusted() -> None:
    with pytest.raises(VerificationError):
        verify(issue(), "valkey.airflow-data.svc.cluster.local", datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize("at", [datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC) + timedelta(825)])
def test_outside_its_days_it_is_not_trusted(at: datetime) -> None:
    with pytest.raises(VerificationError):
        verify(issue(), "localhost", at)


def test_the_key_belongs_to_the_certificate() -> None:
    key = load_pem_private_key(leaf_key(OTHER_SEED, "postgres").encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == x509.load_pem_x509_certificate(issue().encode()).public_key()


def test_localhost_brings_the_loopback_addresses() -> None:
    names = x509.load_pem_x509_certificate(issue().encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert {str(address) for address in names.value.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
    plain = x509.load_pem_x509_certificate(issue(names=NAMES[1:]).encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert not plain.value.get_values_for_type(x509.IPAddress)


def test_a_renewal_changes_certificate_and_serial_but_not_the_key() -> None:
    renewed = issue(validity=Validity(issued=date(2027, 11, 1), days=825))
    before, after = (x509.load_pem_x509_certificate(text.encode()) for text in (issue(), renewed))
    assert before.serial_number != after.serial_number
    assert before.public_key() == after.public_key()


def test_no_names_is_an_error() -> None:
    with pytest.raises(ValueError, match="postgres asks for a certificate but lists no tls_names"):
        issue(names=())
