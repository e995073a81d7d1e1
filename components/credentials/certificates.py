"""X.509 certificates as pure functions: the same seed, names and dates always give the same bytes.

That is what keeps a preview of an unchanged stack unchanged without a key or certificate in its settings.
"""

import hashlib
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_NAME = "airflow-platform private authority"
_ORDER = int("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
"""Order of the group P-256; a private key is a number from 1 to one less."""
_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When a certificate is valid: so many days from midnight (UTC) of its first day on."""

    issued: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The private authority: its key and its own certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def authority(seed: bytes, validity: Validity) -> Authority:
    """The private authority.

    Args:
        seed: 32 random bytes.
        validity: when it is valid.
    """
    key = _derive(seed, "authority")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY_NAME)])
    builder = _builder(subject=name, issuer=name, key=key, validity=validity)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Authority(key=key, certificate=_signed(builder, key))


def leaf(signer: Authority, seed: bytes, *, consumer: str, names: Sequence[str], validity: Validity) -> str:
    """A certificate for servers and clients, PEM.

    Args:
        signer: the private authority.
        seed: 32 random bytes, shared by all leaves; the key is derived from it and the consumer's name.
        consumer: whose certificate it is, its subject.
        names: DNS names or addresses; `localhost` brings the loopback addresses along.
        validity: when it is valid.

    Raises:
        ValueError: there are no names.
    """
    if not names:
        raise ValueError(f"{consumer} asks for a certificate but lists no tls_names")
    key = _leaf_key(seed, consumer)
    builder = _builder(
        subject=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, consumer)]),
        issuer=signer.certificate.subject,
        key=key,
        validity=validity,
        names=sorted(names),
    )
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(alternative_names(names)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
    )
    return pem(_signed(builder, signer.key))


def leaf_key(seed: bytes, consumer: str) -> str:
    """The private key that belongs to a consumer's certificate, PEM (PKCS #8)."""
    return (
        _leaf_key(seed, consumer)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def alternative_names(names: Sequence[str]) -> list[x509.GeneralName]:
    """DNS names and addresses, each once, in a fixed order."""
    wanted = set(names) | (set(_LOOPBACK) if "localhost" in names else set[str]())
    return [_general_name(name) for name in sorted(wanted)]


def pem(certificate: x509.Certificate) -> str:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _leaf_key(seed: bytes, consumer: str) -> ec.EllipticCurvePrivateKey:
    return _derive(seed, f"leaf {consumer}")


def _derive(seed: bytes, purpose: str) -> ec.EllipticCurvePrivateKey:
    # 48 bytes for a 32-byte order: what the reduction favours is then far below anything that can be told apart.
    stretched = HKDF(algorithm=hashes.SHA256(), length=48, salt=None, info=purpose.encode()).derive(seed)
    return ec.derive_private_key(int.from_bytes(stretched) % (_ORDER - 1) + 1, ec.SECP256R1())


def _builder(
    *,
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    validity: Validity,
    names: Sequence[str] = (),
) -> x509.CertificateBuilder:
    begin = datetime.combine(validity.issued, time(), UTC)
    public = key.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    facts = (subject.rfc4514_string(), identifier.digest.hex(), validity.issued.isoformat(), validity.days, *names)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(_serial(*facts))
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=validity.days))
        .add_extension(identifier, critical=False)
    )


def _serial(*facts: str | int) -> int:
    """A number of at most 159 bits that differs wherever two certificates do."""
    digest = hashlib.sha256(json.dumps(facts).encode()).digest()
    return int.from_bytes(digest[:20]) >> 1 or 1


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
