"""From what each value is made: the random roots that are generated once and the functions over them."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from components.contract.secrets import CERTIFICATE_VALUES, SecretConsumer, SecretValue
from components.credentials import certificates, escrow, tokens
from components.credentials.generations import Counter, Rotated
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
    """Not generated: the stack gives it."""


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

_FERNET = Root(name=SecretValue.FERNET_KEY.value, kind=RootKind.BYTES)
# It keys HMAC-SHA512, which wants as many bytes as its digest has.
_API_SECRET = Root(name=SecretValue.API_SECRET_KEY.value, length=64)
_ESCROW_PASSPHRASE = Root(name=SecretValue.BACKUP_ESCROW_PASSPHRASE.value)

Generated = Mapping[str, Sequence[str]]
"""Root name to the texts of its generations, oldest first."""

_Select = Callable[[Counter], Sequence[int]]


def _newest(counter: Counter) -> Sequence[int]:
    return (counter.newest,)


def _settled(counter: Counter) -> Sequence[int]:
    return (counter.settled,)


def _all(counter: Counter) -> Sequence[int]:
    return counter.settled_first


_DERIVED: Mapping[SecretValue, tuple[tuple[Root, _Select], ...]] = {
    # Written with the first, read with all: a key is known to every reader before anybody writes with it.
    SecretValue.FERNET_KEY: ((_FERNET, _all),),
    SecretValue.JWT_PRIVATE_KEY: ((_JWT, _settled),),
    SecretValue.JWT_PUBLIC_KEYS: ((_JWT, _all),),
    SecretValue.AUTHORITY_CERTIFICATE: ((_AUTHORITY, _all),),
    SecretValue.TLS_CERTIFICATE: ((_AUTHORITY, _settled), (_TLS, _newest)),
    SecretValue.TLS_PRIVATE_KEY: ((_TLS, _newest),),
    SecretValue.KEY_ESCROW: (
        (_ESCROW_PASSPHRASE, _newest),
        (_API_SECRET, _settled),
        (_JWT, _settled),
        (_FERNET, _all),
    ),
}
"""Values that are made of roots, with the generations that they use."""

_PLAIN: Mapping[SecretValue, Root] = {
    SecretValue.API_SECRET_KEY: _API_SECRET,
    SecretValue.OIDC_CLIENT_SECRET: Root(name=SecretValue.OIDC_CLIENT_SECRET.value, kind=RootKind.GIVEN),
}


def roots_of(value: SecretValue) -> tuple[Root, ...]:
    """The roots that a value is made of: for a password the password itself."""
    if value in _DERIVED:
        return tuple(root for root, _ in _DERIVED[value])
    return (_PLAIN.get(value, Root(name=value.value)),)


def roots(values: Iterable[SecretValue]) -> tuple[Root, ...]:
    """The roots of several values, each once, by name."""
    found = {root.name: root for value in values for root in roots_of(value)}
    return tuple(found[name] for name in sorted(found))


def rotatable() -> frozenset[str]:
    """Every name that may stand in `credentials.rotation`."""
    return frozenset(root.name for root in roots(SecretValue) if root.kind is not RootKind.GIVEN)


def own_texts(consumers: Sequence[SecretConsumer]) -> dict[str, list[str]]:
    """Names of the user's own texts in `givenValues`, to the keys that refer to them."""
    found: dict[str, list[str]] = {}
    for consumer in consumers:
        for text in consumer.given.values():
            found.setdefault(text.name, []).extend(text.keys)
    return found


def wrong_references(consumers: Sequence[SecretConsumer], given: Mapping[str, object]) -> list[str]:
    """References to texts that are not there or that nobody may refer to, one line for each key.

    Args:
        consumers: of all components.
        given: the values that the stack's secret `givenValues` holds.
    """
    own = sorted(given.keys() - rotatable())
    problems: list[str] = []
    for name, keys in sorted(own_texts(consumers).items()):
        if name in rotatable():
            problems += [f"{key} = {name}: it is a secret of the platform itself. Take another name" for key in keys]
        elif not given.get(name):
            there = f"It holds {', '.join(own)}" if own else "It holds none of your own"
            problems += [f"{key} = {name}: the stack secret givenValues does not hold it. {there}" for key in keys]
    return problems


def wrongly_given(settings: CredentialSettings, given: Mapping[str, object]) -> list[str]:
    """What is wrong with `credentials.given`, one line each.

    Args:
        settings: that list the names.
        given: the values that the stack's secret `givenValues` holds.
    """
    known = ", ".join(sorted(rotatable()))
    unknown = [
        f"credentials.given = {name}: there is no such value. Known are {known}"
        for name in settings.given
        if name not in rotatable()
    ]
    missing = [
        f"credentials.given = {name}: the stack secret givenValues does not hold it. It maps names to texts; set it with "
        "`pulumi config set --secret givenValues`"
        for name in settings.given
        if name in rotatable() and not given.get(name)
    ]
    return [*unknown, *missing, *_malformed(settings, given)]


def _malformed(settings: CredentialSettings, given: Mapping[str, object]) -> list[str]:
    """A Fernet key from elsewhere that is none would only show as rows that nobody can read."""
    text = given.get(_FERNET.name)
    if _FERNET.name not in settings.given or not text:
        return []
    try:
        tokens.fernet_seeds(str(text))
    except ValueError:
        problem = (
            f"credentials.given = {_FERNET.name}: the text in givenValues is no Fernet key. It is base64 of 32 bytes, as "
            "Airflow's `[core] fernet_key`; several stand with commas between, the first to write with"
        )
        return [problem]
    return []


def version(consumer: SecretConsumer, settings: CredentialSettings) -> str:
    """A short text that changes whenever the consumer's files change; plain, for it tells nothing about them."""
    values = consumer.values()
    named = {root.name: _generation_names(root, settings) for root in roots(values)}
    symbols = {value.value: _filler(value, settings, named, ",".join) for value in values}
    facts = {
        "files": {file: template.format_map(symbols) for file, template in consumer.files.items()},
        "authority": settings.authority.model_dump(mode="json") if values & CERTIFICATE_VALUES else None,
        "names": list(consumer.tls_names),
        **({"given": _given_generations(consumer, settings)} if consumer.given else {}),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _given_generations(consumer: SecretConsumer, settings: CredentialSettings) -> dict[str, str]:
    """A plain text for each of the user's own texts: its name, and the counter that tells of another text."""
    return {file: f"{text.name}#{settings.rotation.get(text.name, 0)}" for file, text in consumer.given.items()}


def _generation_names(root: Root, settings: CredentialSettings) -> list[str]:
    """A plain text for each generation. What is given has one at a time, and its counter tells which."""
    if root.name in settings.given:
        return [f"{root.name}#given{settings.rotation.get(root.name) or ''}"]
    return [f"{root.name}#{number}" for number in counter_of(root, settings).generations]


def fill(consumer: SecretConsumer, generated: Generated, settings: CredentialSettings) -> dict[str, str]:
    """The consumer's files with their values filled in.

    Args:
        consumer: whose files.
        generated: root name to the texts of its generations, oldest first; bytes as base64.
        settings: where each rotation stands, dates of the certificates.

    Raises:
        ValueError: a template asks for a certificate and the consumer lists no names.
    """
    values = {
        value.value: _filler(value, settings, generated, _maker(value, consumer, settings.authority))
        for value in consumer.values()
    }
    return {file: template.format_map(values) for file, template in consumer.files.items()}


def _filler(
    value: SecretValue, settings: CredentialSettings, texts: Generated, make: Callable[[Sequence[str]], str]
) -> str | Rotated:
    """What stands for a value in templates: its generations, or what is made of those that it uses."""
    if value not in _DERIVED:
        (root,) = roots_of(value)
        return Rotated.of(counter_of(root, settings), texts[root.name])
    used = [
        texts[root.name][counter.generations.index(number)]
        for root, select in _DERIVED[value]
        for counter in [counter_of(root, settings)]
        for number in select(counter)
    ]
    return make(used)


def counter_of(root: Root, settings: CredentialSettings) -> Counter:
    """Where the rotation of a root stands; what the stack gives has one generation at a time."""
    given = root.kind is RootKind.GIVEN or root.name in settings.given
    return Counter(newest=0) if given else Counter.of(root.name, settings)


def authority_certificates(seeds: Sequence[str], dates: AuthoritySettings) -> str:
    """The private authority's certificates, PEM, as many as there are generations; `seeds` are base64."""
    return "".join(certificates.pem(_authority(seed, dates).certificate) for seed in seeds)


def _authority(seed: str, dates: AuthoritySettings) -> certificates.Authority:
    validity = certificates.Validity(issued=dates.issued, days=dates.authority_days)
    return certificates.authority(base64.b64decode(seed), validity)


def _maker(value: SecretValue, consumer: SecretConsumer, dates: AuthoritySettings) -> Callable[[Sequence[str]], str]:
    """The function from the texts that a derived value uses to the value."""

    def leaf(used: Sequence[str]) -> str:
        authority_seed, tls_seed = used
        return certificates.leaf(
            _authority(authority_seed, dates),
            base64.b64decode(tls_seed),
            consumer=consumer.name,
            names=consumer.tls_names,
            validity=certificates.Validity(issued=dates.issued, days=dates.leaf_days),
        )

    makers: Mapping[SecretValue, Callable[[Sequence[str]], str]] = {
        # One that is given may be two: an escrow holds as many as there were, the first to write with.
        SecretValue.FERNET_KEY: lambda used: ",".join(
            tokens.fernet_key(seed) for text in used for seed in tokens.fernet_seeds(text)
        ),
        SecretValue.JWT_PRIVATE_KEY: lambda used: tokens.jwt_private_key(base64.b64decode(used[0])),
        SecretValue.JWT_PUBLIC_KEYS: lambda used: tokens.jwt_public_keys([base64.b64decode(seed) for seed in used]),
        SecretValue.AUTHORITY_CERTIFICATE: lambda used: authority_certificates(used, dates),
        SecretValue.TLS_CERTIFICATE: leaf,
        SecretValue.TLS_PRIVATE_KEY: lambda used: certificates.leaf_key(base64.b64decode(used[0]), consumer.name),
        SecretValue.KEY_ESCROW: _sealed,
    }
    return makers.get(value, "".join)


def _sealed(used: Sequence[str]) -> str:
    """The key escrow of a passphrase and the roots, in the order of `_DERIVED`."""
    passphrase, api_secret, jwt, *fernet = used
    keys = {_API_SECRET.name: api_secret, _JWT.name: jwt, _FERNET.name: ",".join(fernet)}
    return escrow.seal(keys, passphrase)
