"""The base of all images: Debian trixie, made from packages, the counterpart of `debian:trixie-slim`."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.images import process
from local.images.registry import LOCAL_REGISTRY
from local.images.store import Store

BASE_REFERENCE = f"{LOCAL_REGISTRY}/base:trixie"
"""Reference of the base; a build whose `BASE` argument is this one needs no other registry."""

# What debian:trixie-slim leaves out too.
_LEFT_OUT = ("doc", "info", "groff", "linda", "lintian", "locale", "man")
_KEPT = ("/usr/share/doc/*/copyright", "/usr/share/locale/locale.alias")
_APT = ('Acquire::Languages "none"', 'Dir::Cache::pkgcache ""', 'Dir::Cache::srcpkgcache ""')


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRecord:
    """Which base was made: by which recipe, and what came out."""

    recipe: str
    archive: str


def bootstrap_command(target: Path) -> list[str]:
    """The command that makes the base's archive."""
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
    kept = [f"--dpkgopt=path-include={path}" for path in _KEPT]
    apt = [f"--aptopt={option}" for option in _APT]
    return ["mmdebstrap", "--variant=minbase", "--format=tar", *apt, *left_out, *kept, "trixie", str(target)]


def recipe() -> str:
    """Digest of how the base is made."""
    return hashlib.sha256(json.dumps(bootstrap_command(Path("base.tar"))).encode()).hexdigest()


def read_record(store: Store) -> BaseRecord | None:
    """The base that the store holds, when it was made by today's recipe."""
    try:
        raw: dict[str, Any] = json.loads((store.base / "base.json").read_text(encoding="utf-8"))
        record = BaseRecord(recipe=raw["recipe"], archive=raw["archive"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if record.recipe == recipe() else None


def ensure_base(store: Store, log: Path, note: process.Note) -> None:
    """Make the base if it is not there and see that buildah's storage holds it under `BASE_REFERENCE`.

    Raises:
        LocalError: a step failed; the message holds its last lines.
    """
    archive = store.base / "trixie.tar"
    fresh = read_record(store) is None or not archive.is_file()
    if fresh:
        note("base image: bootstrapping Debian")
        _bootstrap(store, archive, log)
    if fresh or not store.has_image(BASE_REFERENCE):
        note("base image: importing")
        _import(store, archive, log)


def _bootstrap(store: Store, archive: Path, log: Path) -> None:
    partial = archive.with_name(".trixie.tar.partial")
    partial.unlink(missing_ok=True)
    # The epoch makes the archive the same for the same packages.
    env = store.environment() | {"SOURCE_DATE_EPOCH": "0"}
    process.run(bootstrap_command(partial), what="Bootstrapping the base image", log=log, env=env)
    with partial.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    partial.replace(archive)
    record = BaseRecord(recipe=recipe(), archive=digest)
    (store.base / "base.json").write_text(json.dumps(asdict(record)), encoding="utf-8")


def _import(store: Store, archive: Path, log: Path) -> None:
    context = store.base / "context"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text('FROM scratch\nADD trixie.tar /\nCMD ["bash"]\n', encoding="utf-8")
    link = context / archive.name
    link.unlink(missing_ok=True)
    link.hardlink_to(archive)
    command = store.buildah(
        "build", "--signature-policy", store.policy, "--timestamp", "0", "--tag", BASE_REFERENCE, context
    )
    process.run(command, what="Importing the base image", log=log, env=store.environment())
