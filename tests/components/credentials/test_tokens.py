import base64
import hashlib
import json

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from components.credentials.tokens import fernet_key, jwt_private_key, jwt_public_keys

SEED = bytes(range(32))


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_public_key_checks_what_the_private_key_signed() -> None:
    private = load_pem_private_key(jwt_private_key(SEED).encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    (key,) = json.loads(jwt_public_keys([SEED]))["keys"]
    Ed25519PublicKey.from_public_bytes(decode(key["x"])).verify(private.sign(b"claims"), b"claims")


def test_the_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    (key,) = json.loads(jwt_public_keys([SEED]))["keys"]
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{key["x"]}"}}'
    assert decode(key["kid"]) == hashlib.sha256(canonical.encode()).digest()


def test_the_example_of_rfc_8037_has_its_published_thumbprint() -> None:
    seed = decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    (key,) = json.loads(jwt_public_keys([seed]))["keys"]
    assert key["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_fernet_key_encrypts() -> None:
    fernet = Fernet(fernet_key(SEED))
    assert fernet.decrypt(fernet.encrypt(b"password")) == b"password"
