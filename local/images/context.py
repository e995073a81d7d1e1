"""What a build reads, and a digest of it that changes exactly when a build could come out differently."""

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import PreflightError
from local.images.dockerignore import Ignore, context_files

_STAGE = re.compile(r"^\s*FROM\s+\S+(?:\s+AS\s+(\S+))?", re.MULTILINE | re.IGNORECASE)
_ARG = re.compile(r"^\s*ARG\s+([A-Za-z_][A-Za-z0-9_]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """One image to build.

    Attributes:
        image_name: reference with tag that the image is pushed as, such as `airflow-platform.local/valkey:8.1`.
        context: folder that the Dockerfile may copy from.
        dockerfile: path of the Dockerfile.
        args: build arguments.
        platform: `os/architecture`, or empty for this machine's.
        target: stage to build, or empty for the last.
    """

    image_name: str
    context: Path
    dockerfile: Path
    args: Mapping[str, str] = field(default_factory=dict[str, str])
    platform: str = ""
    target: str = ""

    @property
    def repository(self) -> str:
        """The image name without tag and digest."""
        name = self.image_name.split("@", 1)[0]
        head, slash, last = name.rpartition("/")
        return head + slash + last.split(":", 1)[0]

    @property
    def label(self) -> str:
        """The last part of the repository, such as `valkey`: what a user calls the image."""
        return self.repository.rpartition("/")[2]

    def declared_args(self) -> frozenset[str]:
        """Names that the Dockerfile declares with ARG; an argument that it does not declare is not passed."""
        return frozenset(_ARG.findall(self.dockerfile.read_text(encoding="utf-8")))

    def earlier_stages(self) -> list[str]:
        """Names of the Dockerfile's stages before the last."""
        return [name for name in _STAGE.findall(self.dockerfile.read_text(encoding="utf-8"))[:-1] if name]


def check_request(request: BuildRequest) -> None:
    """Raise PreflightError, all findings at once, when the folder or the Dockerfile is not there."""
    findings: list[str] = []
    if not request.context.is_dir():
        findings.append(f"context = {request.context}: no such folder; name the folder to build from.")
    if not request.dockerfile.is_file():
        findings.append(f"dockerfile = {request.dockerfile}: no such file; name the Dockerfile to build.")
    if findings:
        raise PreflightError(f"Image {request.image_name}: " + " ".join(findings))


def context_digest(context: Path, dockerfile: Path) -> str:
    """SHA-256 over names, modes and contents of the context's files and the Dockerfile; not over their times.

    Raises:
        PreflightError: a file cannot be read.
    """
    total = hashlib.sha256()
    try:
        total.update(b"dockerfile\0" + _file_digest(dockerfile))
        for relative in context_files(context, Ignore.of(context, dockerfile)):
            path = context / relative
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                line = ["link", str(relative), str(path.readlink())]
            elif stat.S_ISREG(mode):
                # Git keeps of a mode only whether the file can be run, and so does this.
                kind = "program" if mode & 0o100 else "file"
                line = [kind, str(relative), _file_digest(path).hex()]
            else:
                continue
            total.update(json.dumps(line).encode() + b"\n")
    except OSError as error:
        msg = f"Cannot read {error.filename} of the build context: {error.strerror}. Mend its permissions."
        raise PreflightError(msg) from error
    return total.hexdigest()


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").digest()
