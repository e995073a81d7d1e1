"""The `random` package: values that are drawn once and then only live in the state.

Outputs, defaults and ids are those of the real provider (4.21), so that a state can go back and forth. Every
input makes a new value when it changes, `keepers` above all; nothing else ever does.
"""

import base64
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import bcrypt

from local.engine.providers.base import UNKNOWN, Created, Diff, Properties, ProviderError, StepContext

LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
UPPER: Final = LOWER.upper()
DIGITS: Final = "0123456789"
SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"

# What the hash reads of a longer password.
_BCRYPT_BYTES: Final = 72
_BCRYPT_ROUNDS: Final = 10
_CLASSES: Final = ("lower", "upper", "numeric", "special")
_STRING_DEFAULTS: Final[Properties] = {
    "lower": True,
    "upper": True,
    "numeric": True,
    "number": True,
    "special": True,
    "minLower": 0,
    "minUpper": 0,
    "minNumeric": 0,
    "minSpecial": 0,
}


class Chance(Protocol):
    """Where values come from."""

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1, each as likely."""
        ...

    def octets(self, count: int) -> bytes:
        """So many bytes."""
        ...

    def salt(self) -> bytes:
        """The salt of a password hash: 16 bytes."""
        ...


class StrongChance:
    """The system's cryptographic generator."""

    def below(self, limit: int) -> int:
        """See `Chance`."""
        return secrets.randbelow(limit)

    def octets(self, count: int) -> bytes:
        """See `Chance`."""
        return secrets.token_bytes(count)

    def salt(self) -> bytes:
        """See `Chance`."""
        return secrets.token_bytes(16)


@dataclass(frozen=True, slots=True)
class _Kind:
    draw: Callable[[Properties, Chance], Created]
    results: tuple[str, ...]
    defaults: Mapping[str, Any]
    required: tuple[str, ...]


def draw(type_token: str, inputs: Properties, chance: Chance) -> Created:
    """A new value of the type. Raises ProviderError for a type or inputs that cannot be."""
    kind = _kind(type_token)
    return kind.draw({**kind.defaults, **inputs}, chance)


def unknown(type_token: str, inputs: Properties) -> Properties:
    """The outputs of a value that is yet to be drawn."""
    kind = _kind(type_token)
    return {**kind.defaults, **inputs} | dict.fromkeys(kind.results, UNKNOWN)


class RandomProvider:
    """See the module. Thread-safe: it holds nothing."""

    def check(self, context: StepContext, olds: Properties | None, news: Properties) -> Properties:
        """Refuse what cannot be drawn."""
        del olds
        kind = _kind(context.type)
        for key in kind.required:
            if key not in news:
                msg = f"{context.name}: {key} is missing"
                raise ProviderError(msg)
        return news

    def diff(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Diff:
        """Every change makes a new value; a default written out is no change."""
        del old
        defaults = _kind(context.type).defaults
        before, after = {**defaults, **old_inputs}, {**defaults, **news}
        changed = {
            key: (before.get(key), after.get(key))
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key) and not key.startswith("__")
        }
        return Diff(changed=changed, replace=frozenset(changed))

    def create(self, context: StepContext, news: Properties) -> Created:
        """Draw the value."""
        if context.preview:
            return Created(id="", outputs=unknown(context.type, news))
        return draw(context.type, news, StrongChance())

    def update(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Created:
        """Nothing can be updated in place; kept for the protocol."""
        del context, old_inputs
        return Created(id=old.id, outputs={**old.outputs, **news})

    def read(self, context: StepContext, id: str, inputs: Properties) -> Created | None:  # noqa: A002
        """The state is the only place where the value lives, so there is nothing to look up."""
        del context, id, inputs

    def delete(self, context: StepContext, old: Created, old_inputs: Properties) -> None:
        """Forgetting it is enough."""

    def invoke(self, token: str, arguments: Properties, provider_config: Properties) -> Properties:
        """The package has no functions."""
        del arguments, provider_config
        msg = f"{token}: the random package has no functions"
        raise ProviderError(msg)


def _kind(type_token: str) -> _Kind:
    kind = _KINDS.get(type_token)
    if kind is None:
        msg = f"{type_token} is not among the types of the embedded engine: {', '.join(sorted(_KINDS))}"
        raise ProviderError(msg)
    return kind


def _characters(inputs: Properties, chance: Chance) -> str:
    """Characters of the wanted classes: first the wanted least of each, the rest from all, then shuffled."""
    alphabets = {
        "lower": LOWER,
        "upper": UPPER,
        "numeric": DIGITS,
        "special": inputs.get("overrideSpecial") or SPECIAL,
    }
    # `number` is the former name of `numeric`; either one set to false counts.
    wanted = {name: bool(inputs[name]) for name in _CLASSES}
    wanted["numeric"] = wanted["numeric"] and bool(inputs["number"])
    allowed = "".join(alphabets[name] for name in _CLASSES if wanted[name])
    least = {name: int(inputs[f"min{name.capitalize()}"]) for name in _CLASSES}
    length = int(inputs["length"])
    if length < max(1, sum(least.values())):
        msg = f"length is {length}, but must be at least 1 and at least the sum of min* ({sum(least.values())})"
        raise ProviderError(msg)
    if not allowed:
        msg = "lower, upper, numeric and special are all false: nothing is left to draw from"
        raise ProviderError(msg)
    drawn = [_one(alphabets[name], chance) for name in _CLASSES for _ in range(least[name])]
    drawn += [_one(allowed, chance) for _ in range(length - len(drawn))]
    return "".join(_shuffled(drawn, chance))


def _one(alphabet: str, chance: Chance) -> str:
    return alphabet[chance.below(len(alphabet))]


def _shuffled(items: list[str], chance: Chance) -> list[str]:
    for last in range(len(items) - 1, 0, -1):
        other = chance.below(last + 1)
        items[last], items[other] = items[other], items[last]
    return items


def _password(inputs: Properties, chance: Chance) -> Created:
    result = _characters(inputs, chance)
    salt = bcrypt_salt(chance.salt())
    hashed = bcrypt.hashpw(result.encode()[:_BCRYPT_BYTES], salt).decode()
    meta = {"__meta": '{"schema_version":"3"}'}
    return Created(id="none", outputs={**inputs, "result": result, "bcryptHash": hashed, **meta})


def bcrypt_salt(raw: bytes) -> bytes:
    """Sixteen bytes in the form the hash function wants them."""
    standard = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    own = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    text = base64.b64encode(raw).rstrip(b"=").translate(bytes.maketrans(standard, own))
    return b"$2b$%02d$" % _BCRYPT_ROUNDS + text


def _string(inputs: Properties, chance: Chance) -> Created:
    result = _characters(inputs, chance)
    meta = {"__meta": '{"schema_version":"2"}'}
    return Created(id=result, outputs={**inputs, "result": result, **meta})


def _bytes(inputs: Properties, chance: Chance) -> Created:
    raw = chance.octets(_positive(inputs, "length"))
    outputs = {**inputs, "base64": base64.b64encode(raw).decode(), "hex": raw.hex()}
    return Created(id="none", outputs=outputs)


def _identifier(inputs: Properties, chance: Chance) -> Created:
    raw = chance.octets(_positive(inputs, "byteLength"))
    prefix = str(inputs.get("prefix") or "")
    url = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    forms = {
        "b64Std": base64.b64encode(raw).decode(),
        "b64Url": url,
        "hex": raw.hex(),
        "dec": str(int.from_bytes(raw)),
    }
    return Created(id=url, outputs=inputs | {key: prefix + text for key, text in forms.items()})


def _integer(inputs: Properties, chance: Chance) -> Created:
    low, high = int(inputs["min"]), int(inputs["max"])
    if high < low:
        msg = f"max ({high}) is below min ({low})"
        raise ProviderError(msg)
    if inputs.get("seed"):
        msg = "seed is not supported: a seeded value is not random"
        raise ProviderError(msg)
    result = low + chance.below(high - low + 1)
    return Created(id=str(result), outputs={**inputs, "result": result})


def _uuid(inputs: Properties, chance: Chance) -> Created:
    result = str(uuid.UUID(bytes=chance.octets(16), version=4))
    return Created(id=result, outputs={**inputs, "result": result})


def _positive(inputs: Properties, key: str) -> int:
    value = int(inputs[key])
    if value < 1:
        msg = f"{key} is {value}, but must be at least 1"
        raise ProviderError(msg)
    return value


_KINDS: Final[Mapping[str, _Kind]] = {
    "random:index/randomPassword:RandomPassword": _Kind(
        _password, ("result", "bcryptHash"), _STRING_DEFAULTS, ("length",)
    ),
    "random:index/randomString:RandomString": _Kind(_string, ("result",), _STRING_DEFAULTS, ("length",)),
    "random:index/randomBytes:RandomBytes": _Kind(_bytes, ("base64", "hex"), {}, ("length",)),
    "random:index/randomId:RandomId": _Kind(_identifier, ("b64Std", "b64Url", "hex", "dec"), {}, ("byteLength",)),
    "random:index/randomInteger:RandomInteger": _Kind(_integer, ("result",), {}, ("min", "max")),
    "random:index/randomUuid:RandomUuid": _Kind(_uuid, ("result",), {}, ()),
}
