"""What Platform is built from."""

from dataclasses import dataclass

from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformArgs:
    """Arguments of Platform.

    Attributes:
        settings: everything that the stack says.
    """

    settings: PlatformSettings
