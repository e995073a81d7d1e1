"""The asymmetric key pair of API tokens and the Fernet key, as pure functions of random bytes."""

import base64
import hashlib
import json
from collections.abc import Sequence

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_FERNET_BYTES = 32
_TO_STANDARD = str.maketrans("-_", "+/")


def jwt_private_key(seed: bytes) -> str:
    """The Ed25519 private key in PEM, PKCS #8; `seed` is 32 random bytes."""
    return (
        Ed25519PrivateKey.from_private_bytes(seed)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def jwt_public_keys(seeds: Sequence[bytes]) -> str:
    """The matching public keys as a JWKS document; `kid` is the RFC 7638 thumbprint."""
    return json.dumps({"keys": [_public_key(seed) for seed in seeds]})


def _public_key(seed: bytes) -> dict[str, str]:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}
    thumbprint = hashlib.sha256(json.dumps(key, separators=(",", ":"), sort_keys=True).encode()).digest()
    return {**key, "kid": _base64url(thumbprint), "alg": "EdDSA", "use": "sig"}


def fernet_key(seed: bytes) -> str:
    """URL-safe base64 of 32 random bytes, padding included, as Fernet wants it."""
    return base64.urlsafe_b64encode(seed).decode()


def fernet_seeds(text: str) -> list[bytes]:
    """The random bytes of one Fernet key, or of several with commas between, in either alphabet of base64.

    Raises:
        ValueError: one is not base64 of 32 bytes.
    """
    seeds = [base64.b64decode(key.strip().translate(_TO_STANDARD), validate=True) for key in text.split(",")]
    if any(len(seed) != _FERNET_BYTES for seed in seeds):
        raise ValueError(f"a Fernet key is base64 of {_FERNET_BYTES} bytes")
    return seeds


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
