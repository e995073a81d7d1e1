"""The passphrase secrets provider, byte for byte as the Pulumi CLI writes it.

A key is drawn from the passphrase with PBKDF2 and a salt. Texts are encrypted with AES-256-GCM and written
`v1:<nonce>:<ciphertext>`, both base64. The salt travels as `v1:<salt>:<the word pulumi, encrypted>`, which also
tells a wrong passphrase from a right one.
"""

import base64
import binascii
import functools
import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.engine.errors import BadInputError

_ROUNDS: Final = 1_000_000
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_PROBE: Final = "pulumi"
_VERSION: Final = "v1"


class Crypter:
    """Encrypts and decrypts with one key. Safe to use from many threads."""

    def __init__(self, passphrase: str, salt: bytes) -> None:
        self._salt = salt
        self._cipher = AESGCM(_key(passphrase, salt))

    def encrypt(self, plain: str) -> str:
        """`plain` as `v1:<nonce>:<ciphertext>`."""
        nonce = os.urandom(_NONCE_BYTES)
        return f"{_VERSION}:{_encode(nonce)}:{_encode(self._cipher.encrypt(nonce, plain.encode(), None))}"

    def decrypt(self, text: str) -> str:
        """The text behind `v1:<nonce>:<ciphertext>`.

        Raises:
            BadInputError: the key does not fit, or the text is not of this form.
        """
        try:
            nonce, ciphertext = _parts(text, 2)
            return self._cipher.decrypt(_decode(nonce), _decode(ciphertext), None).decode()
        except InvalidTag as error:
            msg = "a secret cannot be decrypted: it was encrypted with another passphrase or salt"
            raise BadInputError(msg) from error
        except ValueError as error:
            msg = "a secret cannot be read: it is not of the form v1:<nonce>:<ciphertext>"
            raise BadInputError(msg) from error

    @functools.cached_property
    def salt_line(self) -> str:
        """The salt as the stack file and the state keep it (`encryptionsalt`)."""
        return f"{_VERSION}:{_encode(self._salt)}:{self.encrypt(_PROBE)}"


def new_crypter(passphrase: str) -> Crypter:
    """A crypter with a fresh salt."""
    return Crypter(passphrase, os.urandom(_SALT_BYTES))


def open_crypter(passphrase: str, salt_line: str) -> Crypter:
    """The crypter of a stack, checked against its salt line.

    Raises:
        BadInputError: the passphrase is wrong, or the salt line is damaged.
    """
    try:
        salt, probe = _parts(salt_line, 2)
        crypter = Crypter(passphrase, _decode(salt))
    except ValueError as error:
        msg = "encryptionsalt is damaged: it must read v1:<salt>:v1:<nonce>:<ciphertext>"
        raise BadInputError(msg) from error
    try:
        fits = crypter.decrypt(probe) == _PROBE
    except BadInputError:
        fits = False
    if not fits:
        msg = (
            "wrong passphrase: it does not open the secrets of this stack; "
            "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one the stack was made with"
        )
        raise BadInputError(msg)
    # The line it came with is as good as a new one and keeps the state free of needless change.
    crypter.__dict__["salt_line"] = salt_line
    return crypter


@functools.lru_cache(maxsize=8)
def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, _KEY_BYTES)


def _parts(text: str, count: int) -> list[str]:
    """What follows the version, cut at the first `count` - 1 colons."""
    version, *rest = text.split(":", count)
    if version != _VERSION or len(rest) != count:
        raise ValueError(text)
    return rest


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
