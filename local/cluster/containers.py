"""containerd from outside: images brought in, pods ended, mounts cleared."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from local.cluster import cgroups
from local.cluster.archives import SystemImage, write_archive
from local.cluster.layout import PODS_CGROUP, Layout
from local.errors import LocalError

_PINNED = "io.cri-containerd.pinned=pinned"


def missing_images(layout: Layout, images: dict[str, SystemImage]) -> list[SystemImage]:
    """The cluster's own images that containerd does not have."""
    listed = _ctr(layout, "images", "ls", "-q").splitlines()
    return [image for image in images.values() if image.reference() not in listed]


def import_images(layout: Layout, images: list[SystemImage]) -> None:
    """Bring images into containerd."""
    for image in images:
        archive = write_archive(image, layout.archives)
        # Pinned: kubelet clears away unused images when the disk runs full, and these have no origin.
        _ctr(layout, "images", "import", "--local", "--label", _PINNED, str(archive))
        archive.unlink()


def end_pods(*, grace: float) -> None:
    """End every process of every pod: asked first, killed after `grace` seconds.

    Kubelet must be stopped before, or it would start them again.
    """
    if grace > 0:
        for pid in cgroups.members(PODS_CGROUP):
            # The container's first process gets the signal and ends its own; the others would be
            # taken by surprise (a database's helpers, for example).
            if _namespace_pid(pid) == 1:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while cgroups.members(PODS_CGROUP) and time.monotonic() < deadline:
            time.sleep(0.2)
    left = cgroups.kill(PODS_CGROUP)
    if left:
        raise LocalError(
            f"Processes of pods do not end, even when killed: {sorted(left)}. "
            "They hang in the kernel, often on storage: mend that, or restart the machine."
        )


def unmount_below(*folders: Path) -> int:
    """Unmount everything below folders, the innermost first. Returns how many mounts there were.

    Raises:
        LocalError: something is still mounted afterwards.
    """
    mounts = _mounts_below(folders)
    for mount in mounts:
        subprocess.run(["umount", "--lazy", "--", mount], capture_output=True, check=False)
    left = _mounts_below(folders)
    if left:
        raise LocalError(f"Still mounted: {', '.join(left)}. Unmount them, then run this again.")
    return len(mounts)


def _mounts_below(folders: tuple[Path, ...]) -> list[str]:
    found: list[str] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # Blanks in names are written as \040.
        target = line.split()[4].encode().decode("unicode_escape")
        if any(Path(target).is_relative_to(folder) for folder in folders):
            found.append(target)
    return found[::-1]


def _namespace_pid(pid: int) -> int | None:
    """A process's number in its own process namespace: 1 for the first of a container."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return None


def _ctr(layout: Layout, *arguments: str) -> str:
    command = [str(layout.bin / "ctr"), "--address", str(layout.containerd_socket), "-n", "k8s.io"]
    result = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        raise LocalError(f"`ctr {' '.join(arguments)}` failed: {result.stderr.strip()}")
    return result.stdout
