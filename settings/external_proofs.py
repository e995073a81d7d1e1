"""Rules between settings of services that somebody else runs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.base import Settings
from settings.problems import Problem
from settings.redis import RedisMode
from settings.schema import key_of

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

_BROKER_PASSWORD = "broker_airflow_password"  # noqa: S105 - a name


def external_broker(settings: "PlatformSettings") -> Iterator[Problem]:
    """Where the broker is somebody else's: where it is, its password, and nothing that it decides itself."""
    redis = settings.redis
    if redis.mode is not RedisMode.EXTERNAL:
        if redis.external is not None:
            yield Problem(
                key="redis.external",
                value=redis.external.host,
                reason=f"mode '{redis.mode.value}' does not use it",
                way_out="Remove it or write mode 'external'",
            )
        return
    if redis.external is None:
        yield Problem(
            key="redis.external",
            value="(missing)",
            reason="mode 'external' needs it",
            way_out="Add redis.external with host, or write mode 'sentinel'",
        )
    yield from _decided_by_the_service("redis", redis, {"mode", "external"})
    yield from _given(settings, _BROKER_PASSWORD, "the broker's password is not the platform's to generate")


def _decided_by_the_service(section: str, model: Settings, ours: set[str]) -> Iterator[Problem]:
    for name in sorted(model.model_fields_set - ours):
        yield Problem(
            key=f"{section}.{key_of(name, type(model).model_fields[name])}",
            value="(given)",
            reason="with mode 'external' it is the service's own matter and would be ignored",
            way_out="Remove it",
        )


def _given(settings: "PlatformSettings", name: str, reason: str) -> Iterator[Problem]:
    if name not in settings.credentials.given:
        yield Problem(
            key="credentials.given",
            value=", ".join(settings.credentials.given) or "(empty)",
            reason=f"{reason}: it lacks '{name}'",
            way_out=f"Add '{name}' to it, and the password to the stack secret givenValues "
            "(`pulumi config set --secret givenValues`)",
        )


EXTERNAL_RULES = (external_broker,)
