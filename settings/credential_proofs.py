"""Rules of `credentials.authority`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from settings.problems import Problem

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings


def certificate_dates(settings: "PlatformSettings") -> Iterator[Problem]:
    """With certificates that hold no more, or not yet, nobody inside the platform would talk to anybody."""
    authority, today = settings.credentials.authority, datetime.now(UTC).date()
    if authority.issued > today:
        yield Problem(
            key="credentials.authority.issued",
            value=authority.issued.isoformat(),
            reason=f"it is in the future: it is {today} (UTC), and no client takes such a certificate before",
            way_out="Write today or a day that has passed",
        )
    elif authority.last_day <= today:
        yield Problem(
            key="credentials.authority.issued",
            value=authority.issued.isoformat(),
            reason=f"the certificates of this date ended on {authority.last_day}",
            way_out=f"Write {today}, which renews them all",
        )


CREDENTIAL_RULES = (certificate_dates,)
