"""The key escrow: what a restored database is worthless without, encrypted by a passphrase that no backup holds.

Sealing is a pure function: equal keys give an equal document, so that nothing changes from one deployment to the next.
`python -m scripts.open_escrow` opens a document.
"""

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_COST, _BLOCK, _PARALLEL = 2**14, 8, 1
_KEY_BYTES, _SALT_BYTES = 64, 16
_ASSOCIATED = [b"airflow-platform escrow 1"]


def seal(keys: Mapping[str, str], passphrase: str) -> str:
    """A JSON document that gives the keys back to whoever knows the passphrase."""
    text = json.dumps(dict(keys), sort_keys=True).encode()
    # From what is sealed and a passphrase of 190 random bits: it tells nothing, and holds still.
    salt = hashlib.sha256(passphrase.encode() + b"\0" + text).digest()[:_SALT_BYTES]
    sealed = AESSIV(_derive(passphrase, salt)).encrypt(text, _ASSOCIATED)
    return json.dumps(
        {
            "format": 1,
            "keys": sorted(keys),
            "kdf": f"scrypt n={_COST} r={_BLOCK} p={_PARALLEL}",
            "cipher": "AES-256-SIV",
            "salt": base64.b64encode(salt).decode(),
            "sealed": base64.b64encode(sealed).decode(),
        }
    )


def unseal(document: str, passphrase: str) -> dict[str, str]:
    """The keys of a sealed document.

    Raises:
        ValueError: it is no such document, or the passphrase is another one.
    """
    try:
        content = json.loads(document)
        salt, sealed = (base64.b64decode(content[part]) for part in ("salt", "sealed"))
        text = AESSIV(_derive(passphrase, salt)).decrypt(sealed, _ASSOCIATED)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError("this is no key escrow: it has to be the JSON document of airflow_platform.escrow") from error
    except InvalidTag as error:
        raise ValueError("the passphrase does not open this key escrow: was it made with an older one?") from error
    keys: dict[str, str] = json.loads(text)
    return keys


def _derive(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=_KEY_BYTES, n=_COST, r=_BLOCK, p=_PARALLEL).derive(passphrase.encode())
