"""Rules between settings of services that somebody else runs."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from settings.base import Settings
from settings.external import ExternalService
from settings.problems import Problem
from settings.redis import RedisMode
from settings.schema import key_of

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

_OURS_OF_A_DATABASE = {"mode", "external", "pooler", "max_connections"}
_ADMIN_PASSWORD = "database_admin_password"  # noqa: S105 - a name
_BROKER_PASSWORD = "broker_airflow_password"  # noqa: S105 - a name


def external_broker(settings: "PlatformSettings") -> Iterator[Problem]:
    """Where the broker is somebody else's: where it is, its password, and nothing that it decides itself."""
    redis = settings.redis
    is_external = redis.mode is RedisMode.EXTERNAL
    yield from _where("redis", redis.external, redis.mode, is_external, "host, or write mode 'sentinel'")
    if not is_external:
        return
    yield from _decided_by_the_service("redis", redis, {"mode", "external"})
    yield from given_value(settings, _BROKER_PASSWORD, "the broker's password is not the platform's to generate")


def external_database(settings: "PlatformSettings") -> Iterator[Problem]:
    """The same of the database: its backups, its instances and their shape are the service's own."""
    postgres = settings.postgres
    way_out = "host and authority, or write mode 'patroni'"
    yield from _where("postgres", postgres.external, postgres.mode, postgres.is_external, way_out)
    if not postgres.is_external:
        return
    for name, key in (("backup", "backup"), ("restore_from", "restoreFrom")):
        if name in postgres.model_fields_set:
            yield Problem(
                key=f"postgres.{key}",
                value="(given)",
                reason="with mode 'external' the service makes and restores its own backups; its log cannot be archived "
                "from here",
                way_out="Remove it, and turn on the service's backups with recovery to a point in time",
            )
    yield from _decided_by_the_service("postgres", postgres, _OURS_OF_A_DATABASE | {"backup", "restore_from"})
    yield from given_value(settings, _ADMIN_PASSWORD, "the password of postgres.external.adminUser is the service's")


def _where(
    section: str, service: ExternalService | None, mode: StrEnum, is_external: bool, needed: str
) -> Iterator[Problem]:
    """The service's place is told where mode 'external' needs it, and nowhere else."""
    if is_external and service is None:
        yield Problem(
            key=f"{section}.external",
            value="(missing)",
            reason="mode 'external' needs it",
            way_out=f"Add {section}.external with {needed}",
        )
    if not is_external and service is not None:
        yield Problem(
            key=f"{section}.external",
            value=service.host,
            reason=f"mode '{mode.value}' does not use it",
            way_out="Remove it or write mode 'external'",
        )


def _decided_by_the_service(section: str, model: Settings, ours: set[str]) -> Iterator[Problem]:
    for name in sorted(model.model_fields_set - ours):
        yield Problem(
            key=f"{section}.{key_of(name, type(model).model_fields[name])}",
            value="(given)",
            reason="with mode 'external' it is the service's own matter and would be ignored",
            way_out="Remove it",
        )


def given_value(settings: "PlatformSettings", name: str, reason: str, what: str = "the password") -> Iterator[Problem]:
    """What only the stack can give is listed; `what` it is goes into the stack secret."""
    if name not in settings.credentials.given:
        yield Problem(
            key="credentials.given",
            value=", ".join(settings.credentials.given) or "(empty)",
            reason=f"{reason}: it lacks '{name}'",
            way_out=f"Add '{name}' to it, and {what} to the stack secret givenValues "
            "(`pulumi config set --secret givenValues`)",
        )


EXTERNAL_RULES = (external_database, external_broker)
