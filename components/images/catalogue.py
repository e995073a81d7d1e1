"""The list of our images and the digests that were built of them, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from components.contract.images import ImageRefs
from settings.platform_settings import PlatformSettings
from settings.stack import ImageSettings

CATALOGUE = "catalogue.yaml"
LOCK = "lock.yaml"
NAMES = tuple(entry.name.replace("_", "-") for entry in fields(ImageRefs))
"""Every image that some pod runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One image of the catalogue.

    Attributes:
        name: last part of its reference.
        version: its tag.
        context: build context, relative to the root of the repository.
        dockerfile: relative to the root of the repository.
    """

    name: str
    version: str
    context: str
    dockerfile: str


def read_catalogue(folder: Path) -> dict[str, Entry]:
    """Image name to its entry."""
    document: dict[str, Any] = yaml.safe_load((folder / CATALOGUE).read_text(encoding="utf-8"))
    listed: list[dict[str, Any]] = document["images"]
    wanted = [entry.name for entry in fields(Entry)]
    return {item["name"]: Entry(**{key: str(item[key]) for key in wanted}) for item in listed}


def read_lock(folder: Path) -> dict[str, str]:
    """Image name to its digest, `sha256:...`; empty where nothing was built yet."""
    file = folder / LOCK
    document: dict[str, Any] = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.exists() else {}
    return {str(name): str(digest) for name, digest in document.items()}


def overridden(settings: ImageSettings) -> Mapping[str, str]:
    """The references that a stack gives itself.

    Raises:
        ValueError: it names an image that there is not.
    """
    unknown = sorted(set(settings.overrides) - set(NAMES))
    if unknown:
        raise ValueError(
            "\n".join(
                f"images.overrides.{name}: there is no such image. Known are {', '.join(sorted(NAMES))}"
                for name in unknown
            )
        )
    return settings.overrides


def unneeded(settings: PlatformSettings) -> frozenset[str]:
    """Images that no pod of the stack runs: building these takes minutes."""
    logs = settings.airflow.logs
    stores = (settings.postgres.backup.bundled, logs.bundled if logs else None)
    runs = {"keda": settings.workers.brings_keda, "versitygw": any(stores)}
    return frozenset(image for image, needed in runs.items() if not needed)


def locked(settings: ImageSettings, lock: Mapping[str, str]) -> dict[str, str]:
    """Image name to its reference by digest, overrides first.

    Raises:
        ValueError: an image has neither, with every such image named.
    """
    given = overridden(settings)
    references = {name: f"{settings.registry}/{name}@{digest}" for name, digest in lock.items() if name in NAMES}
    missing = sorted(set(NAMES) - set(references) - set(given))
    if missing:
        raise ValueError(
            f"images/{LOCK} has no digest of {', '.join(missing)}. Build and push them (`make images`), name a reference "
            "by digest in images.overrides, or set images.build: true where the stack may build"
        )
    return {**references, **given}
