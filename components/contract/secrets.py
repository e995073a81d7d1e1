"""Which secrets there are, and who reads which of them in what form.

Each component declares the files that its pods read as templates over generated values; Credentials fills them
and writes one Kubernetes Secret per consumer. The matrix of consumers and values follows from the declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter

import pulumi

MOUNT_PATH = "/run/secrets/airflow-platform"
"""Folder of a pod in which the files of its consumer lie."""


class SecretValue(StrEnum):
    """A generated value; a template names it in braces.

    In templates a password also has `.letter`, the suffix of its login, and the generations `.settled` and `.other`
    (`components/credentials/generations.py`), each with a `.letter` of its own; `{name:url}` is the value as a part of a
    URL.
    """

    DATABASE_OWNER_PASSWORD = "database_owner_password"
    DATABASE_REPLICATION_PASSWORD = "database_replication_password"
    DATABASE_REWIND_PASSWORD = "database_rewind_password"
    DATABASE_AIRFLOW_PASSWORD = "database_airflow_password"
    DATABASE_READER_PASSWORD = "database_reader_password"
    DATABASE_MONITOR_PASSWORD = "database_monitor_password"
    DATABASE_BACKUP_PASSWORD = "database_backup_password"
    DATABASE_ADMIN_PASSWORD = "database_admin_password"
    """Of who makes the roles in a database that somebody else runs; given."""
    PATRONI_API_PASSWORD = "patroni_api_password"
    BACKUP_ACCESS_KEY = "backup_access_key"
    BACKUP_SECRET_KEY = "backup_secret_key"
    BACKUP_REPOSITORY_PASSPHRASE = "backup_repository_passphrase"
    """Encrypts every file of the backup store; a store keeps the one it was made with."""
    RESTORE_ACCESS_KEY = "restore_access_key"
    RESTORE_SECRET_KEY = "restore_secret_key"
    RESTORE_REPOSITORY_PASSPHRASE = "restore_repository_passphrase"
    """Of the store that a new cluster is made from, where that is another stack's."""
    IMPORT_PASSWORD = "import_password"
    """Of the login by which a new database is filled from another one."""
    BACKUP_ESCROW_PASSPHRASE = "backup_escrow_passphrase"
    """Opens the key escrow; in no backup."""
    KEY_ESCROW = "key_escrow"
    """The sealed document of `credentials/escrow.py`, a JSON text; goes with every backup."""
    LOGS_ACCESS_KEY = "logs_access_key"
    LOGS_SECRET_KEY = "logs_secret_key"
    BROKER_AIRFLOW_PASSWORD = "broker_airflow_password"
    BROKER_REPLICATION_PASSWORD = "broker_replication_password"
    BROKER_SENTINEL_PASSWORD = "broker_sentinel_password"
    BROKER_MONITOR_PASSWORD = "broker_monitor_password"
    FERNET_KEY = "fernet_key"
    """URL-safe base64 of 32 bytes, two of them with a comma during a rotation; encrypts connections in the database."""
    API_SECRET_KEY = "api_secret_key"
    """Signs sessions and requests for task logs."""
    JWT_PRIVATE_KEY = "jwt_private_key"
    """Ed25519 in PEM (PKCS #8); signs API tokens. Airflow reads it through `[api_auth] jwt_private_key_path`, with
    `jwt_algorithm = EdDSA` and `jwt_kid` unset: Airflow then takes the key's RFC 7638 thumbprint, as the JWKS does."""
    JWT_PUBLIC_KEYS = "jwt_public_keys"
    """The matching public keys as a JWKS document, `kid` its RFC 7638 thumbprint; not secret. Airflow reads it as the
    plain file path in `[api_auth] trusted_jwks_url`, which needs `jwt_algorithm = EdDSA` beside it."""
    ADMIN_PASSWORD = "admin_password"
    DECLARED_PASSWORD = "declared_password"
    AUTHORITY_CERTIFICATE = "authority_certificate"
    """PEM of the private authority, of both generations during a rotation; not secret."""
    TLS_CERTIFICATE = "tls_certificate"
    """PEM chain for the consumer's `tls_names`; not secret."""
    TLS_PRIVATE_KEY = "tls_private_key"
    """PEM (PKCS #8, P-256) for the consumer's `tls_names`."""
    OIDC_CLIENT_SECRET = "oidc_client_secret"
    """Given by the stack secret `oidcClientSecret`, empty without one."""


CERTIFICATE_VALUES = frozenset(
    {SecretValue.AUTHORITY_CERTIFICATE, SecretValue.TLS_CERTIFICATE, SecretValue.TLS_PRIVATE_KEY}
)
"""Values that follow from the private authority and change when it is renewed."""

NOT_SECRET = frozenset({SecretValue.JWT_PUBLIC_KEYS, SecretValue.AUTHORITY_CERTIFICATE, SecretValue.TLS_CERTIFICATE})
"""Values that anybody may read; they travel in Secrets because that is where their private halves are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenText:
    """A text of the user's own in the stack secret `givenValues`.

    Attributes:
        name: its name there.
        keys: where the stack file refers to it.
    """

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretConsumer:
    """The Secret of one consumer.

    Attributes:
        name: consumer and beginning of the Secret's name, which ends in its version.
        namespace: where it lies.
        files: file name to template; braces hold a `SecretValue`, literal braces are doubled.
        given: file name to a text of the user's own, which becomes the file as it is.
        tls_names: DNS names of its certificate, when a template uses the TLS values; `localhost` brings the
            loopback addresses along. The certificate serves servers and clients alike.
    """

    name: str
    namespace: str
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    given: Mapping[str, GivenText] = field(default_factory=dict[str, GivenText])
    tls_names: tuple[str, ...] = ()

    def values(self) -> frozenset[SecretValue]:
        """The values that its templates name.

        Raises:
            ValueError: a template names a value that does not exist.
        """
        named = {
            name
            for template in self.files.values()
            for _, name, _, _ in Formatter().parse(template)
            if name is not None
        }
        return frozenset(SecretValue(name.partition(".")[0]) for name in named)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """A consumer's Secret, for its pods.

    Attributes:
        name: name of the Kubernetes Secret. Another content is another Secret: pods that run keep what they started with.
        version: changes when a rotation or renewal changed its content; an annotation of the pods, so that they restart.
    """

    name: pulumi.Output[str]
    version: str


def login(group: str, value: SecretValue, generation: str = "") -> str:
    """Template of a database login's name: two logins take turns, so that both generations of a password work.

    Args:
        group: what the login may do.
        value: its password.
        generation: `settled`, or the newest when left out.
    """
    path = f"{value}.{generation}.letter" if generation else f"{value}.letter"
    return f"{group}_{{{path}}}"


def logins(group: str) -> tuple[str, str]:
    """Both names that a login can have."""
    return (f"{group}_a", f"{group}_b")
