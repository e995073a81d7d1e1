"""What Images is built from."""

from dataclasses import dataclass
from pathlib import Path

from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesArgs:
    """Arguments of Images.

    Attributes:
        settings: of the whole stack; `images` is used.
        folder: where `catalogue.yaml` and `lock.yaml` lie.
    """

    settings: PlatformSettings
    folder: Path = Path(__file__).resolve().parents[2] / "images"
