"""Rules of `postgres.importFrom`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.external_proofs import given_value
from settings.problems import Problem

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

_GIVEN = {
    "import_password": "the source's password is not the platform's to generate",
    "fernet_key": "connections and variables come encrypted with the source's key",
}


def import_source(settings: "PlatformSettings") -> Iterator[Problem]:
    """There is one thing that a new database is made from."""
    source = settings.postgres.import_from
    if source is not None and settings.postgres.restore_from is not None:
        yield Problem(
            key="postgres.importFrom",
            value=source.host,
            reason="postgres.restoreFrom is given as well, and a new database is filled from one of them",
            way_out="Remove one of the two",
        )


def import_keys(settings: "PlatformSettings") -> Iterator[Problem]:
    """What opens the source, and what opens its rows."""
    for name, reason in _GIVEN.items() if settings.postgres.import_from else ():
        yield from given_value(settings, name, f"with postgres.importFrom {reason}", "its text")


IMPORT_RULES = (import_source, import_keys)
