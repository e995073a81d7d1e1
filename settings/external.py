"""Settings of services that somebody else runs, and that the platform uses in place of its own."""

import ipaddress
import ssl
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.base import Settings


def _certificates(text: str) -> str:
    try:
        ssl.create_default_context(cadata=text)
    except ssl.SSLError as error:
        raise ValueError(f"it holds no certificate that can be read ({error.reason or error})") from None
    return text if text.endswith("\n") else f"{text}\n"


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


Certificates = Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----"), AfterValidator(_certificates)]
"""One or more certificates, PEM."""

Network = Annotated[str, AfterValidator(_network), Field(examples=["10.20.0.0/24"])]
"""Addresses in CIDR notation, such as `10.20.0.0/24`."""

Host = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
"""A host name in lower case, or an IPv4 address."""

Login = Annotated[str, Field(pattern=r"^\S+$", max_length=128)]
"""A log-in name."""

Database = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*$", max_length=63)]
"""Name of a database, in lower case."""


class ExternalService(Settings):
    """Where a service is and who reaches it; always by TLS, and its certificate is always verified."""

    host: Host
    """Name that clients connect to, which its certificate must carry."""
    port: int = Field(ge=1, le=65535)
    """Its port."""
    networks: list[Network] = Field(default_factory=list)
    """Networks in which its addresses lie, such as `10.20.0.0/24`: NetworkPolicies open the port to these alone, or to
    any address when left out."""


class ExternalPostgresSettings(ExternalService):
    """A PostgreSQL 15 to 18 that a cloud or another team runs, behind the platform's own pooler."""

    port: int = Field(default=5432, ge=1, le=65535)
    """Its port; not that of a pooler in transaction mode, through which a migration's locks do not hold."""
    authority: Certificates
    """Certificates, PEM, of the authority that signed the service's."""
    database: Database = "airflow"
    """The platform's database; made when it is missing."""
    admin_user: Login = "postgres"
    """Log-in name that may create roles, and makes the platform's; its password is the value `database_admin_password`
    of `credentials.given`. Used by the configuring Job alone."""
    max_round_trip_milliseconds: int = Field(default=10, ge=1, le=1000)
    """The preflight refuses a database whose median answer takes longer: a scheduler asks hundreds of times a loop. A
    choice, not a measured limit."""


class ExternalRedisSettings(ExternalService):
    """A Redis or Valkey that a cloud or another team runs: one endpoint, no cluster mode."""

    port: int = Field(default=6379, ge=1, le=65535)
    """Its port; TLS is the only way in."""
    authority: Certificates | None = None
    """Certificates, PEM, of the authority that signed the service's; the public ones of the image when left out."""
    user: Login = "default"
    """Log-in name; its password is the value `broker_airflow_password` of `credentials.given`."""
    broker_database: int = Field(default=0, ge=0, le=255)
    """Number of the database that holds the queues."""
    result_database: int = Field(default=1, ge=0, le=255)
    """Number of the database that holds results; may be the same where the service has only one."""
