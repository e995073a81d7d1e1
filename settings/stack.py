"""Settings of the stack as a whole: where it runs and what its namespaces are called."""

from datetime import date, timedelta
from enum import StrEnum

from pydantic import Field

from settings.base import Name, Settings


class Environment(StrEnum):
    """Which promise a stack makes; production floors are proved for `prod`."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class NamespaceSettings(Settings):
    """Names of the namespaces."""

    edge: Name = "airflow-edge"
    """The TLS edge, the only namespace reached from outside."""
    airflow: Name = "airflow"
    """Schedulers, api-servers, dag-processors, triggerers, workers."""
    tasks: Name = "airflow-tasks"
    """Pods of single tasks, with the executors `kubernetes` and `hybrid`; there is none with the others."""
    data: Name = "airflow-data"
    """PostgreSQL, the pooler and the broker."""
    monitoring: Name = "airflow-monitoring"
    """Prometheus, Alertmanager and exporters."""


class ImageSettings(Settings):
    """Where pods get their images from."""

    registry: str = Field(default="registry.example.com/airflow-platform", pattern=r"^[a-z0-9][a-z0-9.\-/:]*[a-z0-9]$")
    """Registry and path before the image's name."""
    build: bool = False
    """Build and push every image of `images/catalogue.yaml`; otherwise use the digests of `images/lock.yaml`."""
    base: str = "debian:trixie-slim"
    """Base image of the builds, the `BASE` build argument."""
    overrides: dict[str, str] = Field(default_factory=dict)
    """Image name to a full reference by digest that replaces ours, for example an upstream image."""


class AuthoritySettings(Settings):
    """The private certificate authority that signs every certificate inside the platform."""

    issued: date = date(2026, 11, 1)
    """First day of validity of the certificates; move it on to renew them all."""
    leaf_days: int = Field(default=825, ge=30, le=825)
    """Days that a server certificate is valid."""
    authority_days: int = Field(default=3650, ge=365, le=7300)
    """Days that the authority itself is valid."""

    @property
    def last_day(self) -> date:
        """With its midnight (UTC) the first of the certificates ends: the servers', or the authority's own."""
        return self.issued + timedelta(days=min(self.leaf_days, self.authority_days))


class CredentialSettings(Settings):
    """Generated secrets and their rotation."""

    rotation: dict[str, int] = Field(default_factory=dict)
    """Name of a generated value (`docs/operations/secrets.md` lists them) to a counter; raised by one, it makes a new
    value, and the one before stays accepted."""
    retired: dict[str, int] = Field(default_factory=dict)
    """Name of a generated value to the highest counter that is out of use; the second update of a rotation."""
    given: list[str] = Field(default_factory=list)
    """Names of values that are not generated: the stack secret `givenValues` maps each of them to its text."""
    authority: AuthoritySettings = AuthoritySettings()
    """The private certificate authority."""

    def finishes(self, name: str) -> bool:
        """True for a value that was rotated and whose generation before is retired."""
        newest = self.rotation.get(name, 0)
        return newest > 0 and self.retired.get(name) == newest - 1
