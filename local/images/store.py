"""Where the builder keeps its things, and how it calls buildah."""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local import paths

_POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}\n'


@dataclass(frozen=True, slots=True)
class Store:
    """The builder's folder. buildah's own defaults (/var/lib/containers, /run/containers) are not touched."""

    folder: Path

    @classmethod
    def default(cls) -> "Store":
        """The store in the cache folder."""
        return cls(paths.images())

    @property
    def storage(self) -> Path:
        """Images and layers of buildah."""
        return self.folder / "storage"

    @property
    def scratch(self) -> Path:
        """Temporary files of a build; emptied before the first."""
        return self.folder / "tmp"

    @property
    def shared(self) -> Path:
        """What RUN steps see at `/mnt`: downloads worth keeping, the machine's certificate bundle."""
        return self.folder / "shared"

    @property
    def base(self) -> Path:
        """The base image's archive and record."""
        return self.folder / "base"

    @property
    def policy(self) -> Path:
        """The signature policy given to buildah, so that the machine's does not matter."""
        return self.folder / "policy.json"

    def archives(self, label: str) -> Path:
        """Downloaded Debian packages of one image. One folder each: apt-get locks it."""
        return self.folder / "apt" / label

    def record(self, label: str) -> Path:
        """What was built last of one image."""
        return self.folder / "records" / f"{label}.json"

    def prepare(self) -> None:
        """Make the folders and files that a build expects."""
        for folder in (self.storage, self.scratch, self.shared / "cache", self.base, self.folder / "records"):
            folder.mkdir(parents=True, exist_ok=True)
        self.policy.write_text(_POLICY, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """Environment of every buildah call."""
        own = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "overlay", "TMPDIR": str(self.scratch)}
        return os.environ | own

    def buildah(self, *arguments: str | Path) -> list[str]:
        """The command line of a buildah call."""
        store = ["--root", self.storage / "root", "--runroot", self.storage / "run"]
        return ["buildah", *map(str, store), *map(str, arguments)]

    def has_image(self, reference: str) -> bool:
        """True when buildah's storage holds the image."""
        command = self.buildah("inspect", "--type", "image", "--format", "{{.FromImageID}}", reference)
        result = subprocess.run(command, env=self.environment(), capture_output=True, check=False)
        return result.returncode == 0


def clean_leftovers(store: Store) -> None:
    """End processes and remove working containers and mounts that a killed build left. No build may be running."""
    if store.storage.is_dir():
        _end_leftover_processes(store)
        subprocess.run(store.buildah("rm", "--all"), env=store.environment(), capture_output=True, check=False)
        release_mounts(store)


def release_mounts(store: Store) -> None:
    """Unmount everything below the builder's storage, deepest first."""
    table = Path("/proc/self/mounts").read_text(encoding="utf-8")
    prefix = f"{store.storage.resolve()}/"
    points = [line.split()[1].replace("\\040", " ") for line in table.splitlines()]
    for point in sorted((p for p in points if p.startswith(prefix)), key=len, reverse=True):
        subprocess.run(["umount", point], capture_output=True, check=False)


def _end_leftover_processes(store: Store) -> None:
    """Kill what still runs with its root below the store: steps of a build whose builder was killed."""
    folder = store.folder.resolve()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # It ended by itself, or is not ours to look at.
            if (process / "root").readlink().is_relative_to(folder):
                os.kill(int(process.name), signal.SIGKILL)
