"""From what each value is made: the random roots that are generated once and the functions over them."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from components.contract.secrets import CERTIFICATE_VALUES, SecretConsumer, SecretValue
from components.credentials import certificates, tokens
from settings.stack import AuthoritySettings, CredentialSettings

AUTHORITY_SEED = "authority"
TLS_SEED = "tls"


class RootKind(StrEnum):
    """How a root is generated."""

    PASSWORD = "password"  # noqa: S105
    """Letters and digits."""
    BYTES = "bytes"
    """Bytes, handed on as base64."""
    GIVEN = "given"
    """Not generated: the stack file holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Something random that values are made of; rotated as one.

    Attributes:
        name: key in `credentials.rotation`.
        kind: how it is generated.
        length: characters of a password, or bytes.
    """

    name: str
    kind: RootKind = RootKind.PASSWORD
    length: int = 32


_AUTHORITY = Root(name=AUTHORITY_SEED, kind=RootKind.BYTES)
_TLS = Root(name=TLS_SEED, kind=RootKind.BYTES)
_JWT = Root(name=SecretValue.JWT_PRIVATE_KEY.value, kind=RootKind.BYTES)

_SPECIAL: Mapping[SecretValue, tuple[Root, ...]] = {
    # It keys HMAC-SHA512, which wants as many bytes as its digest has.
    SecretValue.API_SECRET_KEY: (Root(name=SecretValue.API_SECRET_KEY.value, length=64),),
    SecretValue.FERNET_KEY: (Root(name=SecretValue.FERNET_KEY.value, kind=RootKind.BYTES),),
    SecretValue.JWT_PRIVATE_KEY: (_JWT,),
    SecretValue.JWT_PUBLIC_KEYS: (_JWT,),
    SecretValue.AUTHORITY_CERTIFICATE: (_AUTHORITY,),
    SecretValue.TLS_CERTIFICATE: (_AUTHORITY, _TLS),
    SecretValue.TLS_PRIVATE_KEY: (_TLS,),
    SecretValue.OIDC_CLIENT_SECRET: (Root(name=SecretValue.OIDC_CLIENT_SECRET.value, kind=RootKind.GIVEN),),
}


def roots_of(value: SecretValue) -> tuple[Root, ...]:
    """The roots that a value is made of: for a password the password itself."""
    return _SPECIAL.get(value, (Root(name=value.value),))


def roots(values: Iterable[SecretValue]) -> tuple[Root, ...]:
    """The roots of several values, each once, by name."""
    found = {root.name: root for value in values for root in roots_of(value)}
    return tuple(found[name] for name in sorted(found))


def rotatable() -> frozenset[str]:
    """Every name that may stand in `credentials.rotation`."""
    return frozenset(root.name for root in roots(SecretValue) if root.kind is not RootKind.GIVEN)


def unknown_rotations(settings: CredentialSettings) -> list[str]:
    """What is wrong with `credentials.rotation`, one line each."""
    known = ", ".join(sorted(rotatable()))
    return [
        f"credentials.rotation.{name} = {counter}: there is no such generated value. Known are {known}"
        for name, counter in sorted(settings.rotation.items())
        if name not in rotatable()
    ]


def version(consumer: SecretConsumer, settings: CredentialSettings) -> str:
    """A short text that changes whenever the consumer's files change; plain, for it tells nothing about them."""
    values = consumer.values()
    facts = {
        "files": dict(consumer.files),
        "rotation": {root.name: settings.rotation.get(root.name, 0) for root in roots(values)},
        "authority": settings.authority.model_dump(mode="json") if values & CERTIFICATE_VALUES else None,
        "names": list(consumer.tls_names),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def fill(consumer: SecretConsumer, generated: Mapping[str, str], authority: AuthoritySettings) -> dict[str, str]:
    """The consumer's files with their values filled in.

    Args:
        consumer: whose files.
        generated: root name to its text; bytes as base64.
        authority: dates of the certificates.

    Raises:
        ValueError: a template asks for a certificate and the consumer lists no names.
    """
    values = {value.value: _value(value, consumer, generated, authority) for value in consumer.values()}
    return {file: template.format_map(values) for file, template in consumer.files.items()}


def authority_certificate(seed: str, dates: AuthoritySettings) -> str:
    """The private authority's certificate, PEM; `seed` is base64."""
    return certificates.pem(_authority(seed, dates).certificate)


def _authority(seed: str, dates: AuthoritySettings) -> certificates.Authority:
    validity = certificates.Validity(issued=dates.issued, days=dates.authority_days)
    return certificates.authority(base64.b64decode(seed), validity)


def _value(
    value: SecretValue, consumer: SecretConsumer, generated: Mapping[str, str], authority: AuthoritySettings
) -> str:
    if value in CERTIFICATE_VALUES:
        return _certificate_value(value, consumer, generated, authority)
    first = generated[roots_of(value)[0].name]
    match value:
        case SecretValue.FERNET_KEY:
            return tokens.fernet_key(base64.b64decode(first))
        case SecretValue.JWT_PRIVATE_KEY:
            return tokens.jwt_private_key(base64.b64decode(first))
        case SecretValue.JWT_PUBLIC_KEYS:
            return tokens.jwt_public_keys(base64.b64decode(first))
        case _:
            return first


def _certificate_value(
    value: SecretValue, consumer: SecretConsumer, generated: Mapping[str, str], dates: AuthoritySettings
) -> str:
    if value is SecretValue.TLS_PRIVATE_KEY:
        return certificates.leaf_key(base64.b64decode(generated[TLS_SEED]), consumer.name)
    if value is SecretValue.AUTHORITY_CERTIFICATE:
        return authority_certificate(generated[AUTHORITY_SEED], dates)
    return certificates.leaf(
        _authority(generated[AUTHORITY_SEED], dates),
        base64.b64decode(generated[TLS_SEED]),
        consumer=consumer.name,
        names=consumer.tls_names,
        validity=certificates.Validity(issued=dates.issued, days=dates.leaf_days),
    )
