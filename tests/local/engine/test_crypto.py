"""Secrets as the Pulumi CLI writes them."""

import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from local.engine import crypto
from local.engine.crypto import Crypter, new_crypter, open_crypter
from local.engine.errors import BadInputError


def independent_salt_line(passphrase: str, salt: bytes) -> tuple[bytes, str]:
    """A key and a salt line made by the documented format, without the code under test."""
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, 1_000_000, 32)
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, b"pulumi", None)
    parts = [salt, nonce, sealed]
    encoded = [base64.b64encode(part).decode() for part in parts]
    return key, f"v1:{encoded[0]}:v1:{encoded[1]}:{encoded[2]}"


def test_a_salt_line_and_secret_of_the_documented_format_open() -> None:
    key, line = independent_salt_line("correct horse", b"8 bytes.")
    nonce = b"12 bytes now"
    sealed = AESGCM(key).encrypt(nonce, b'"s3cret"', None)
    text = f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"
    opened = open_crypter("correct horse", line)
    assert opened.decrypt(text) == '"s3cret"'
    assert opened.salt_line == line
    ours = opened.encrypt("back").split(":")
    assert ours[0] == "v1"
    assert AESGCM(key).decrypt(base64.b64decode(ours[1]), base64.b64decode(ours[2]), None) == b"back"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_ROUNDS", 10)
    crypto._key.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_a_wrong_passphrase_is_told_from_a_right_one(quick: None) -> None:
    line = new_crypter("right").salt_line
    assert open_crypter("right", line).salt_line == line
    with pytest.raises(BadInputError, match="wrong passphrase"):
        open_crypter("wrong", line)


@pytest.mark.parametrize("line", ["", "v1", "v2:aaaa:v1:bbbb:cccc", "v1:not base64!:v1:aaaa:aaaa"])
def test_a_damaged_salt_line_is_refused(quick: None, line: str) -> None:
    with pytest.raises(BadInputError, match="encryptionsalt"):
        open_crypter("right", line)


@pytest.mark.parametrize("text", ["plain", "v1:aaaa", "v2:aaaa:aaaa", "v1:!!:aaaa"])
def test_what_is_no_secret_is_refused(quick: None, text: str) -> None:
    with pytest.raises(BadInputError):
        new_crypter("right").decrypt(text)


def test_a_changed_ciphertext_is_refused(quick: None) -> None:
    crypter = new_crypter("right")
    version, nonce, sealed = crypter.encrypt("text").split(":")
    raw = bytearray(base64.b64decode(sealed))
    raw[0] ^= 1
    with pytest.raises(BadInputError, match="cannot be decrypted"):
        crypter.decrypt(f"{version}:{nonce}:{base64.b64encode(bytes(raw)).decode()}")


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_everything_comes_back(text: str) -> None:
    crypter = Crypter.__new__(Crypter)
    crypter._cipher = AESGCM(b"k" * 32)  # pyright: ignore[reportPrivateUsage]
    sealed = crypter.encrypt(text)
    assert crypter.decrypt(sealed) == text
    assert crypter.encrypt(text) != sealed
