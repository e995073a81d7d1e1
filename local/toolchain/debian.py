"""Debian packages that the host itself needs."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError, PreflightError
from local.progress import Reporter, SilentReporter
from local.toolchain.table import bin_folder


@dataclass(frozen=True)
class HostPackage:
    """A Debian package, a program or file that proves it is there, and what it is for."""

    name: str
    proof: str
    purpose: str


HOST_PACKAGES: tuple[HostPackage, ...] = (
    HostPackage("runc", "runc", "runs containers"),
    HostPackage("nftables", "nft", "services and masquerading"),
    HostPackage("conntrack", "conntrack", "stale UDP flows of services"),
    HostPackage("ethtool", "ethtool", "kubelet"),
    HostPackage("socat", "socat", "port forwarding"),
    HostPackage("iproute2", "ip", "bridge and routes"),
    HostPackage("mount", "umount", "volumes"),
    HostPackage("gcc", "gcc", "the parent process of pods"),
    HostPackage("libc6-dev", "/usr/include/stdio.h", "the parent process of pods"),
    HostPackage("buildah", "buildah", "builds images"),
    HostPackage("mmdebstrap", "mmdebstrap", "the base of images"),
)

TEST_PACKAGES: tuple[HostPackage, ...] = (
    HostPackage("prometheus", "promtool", "tests of alerting rules"),
    HostPackage("prometheus-alertmanager", "amtool", "tests of alert routes"),
)
"""What `make test` needs; only their tools are run, never their services."""


def missing_packages(packages: tuple[HostPackage, ...] | None = None) -> list[HostPackage]:
    """Those whose proof is not on this machine; of `HOST_PACKAGES` unless others are given."""
    wanted = HOST_PACKAGES if packages is None else packages
    return [package for package in wanted if not _present(package.proof)]


def ensure_packages(reporter: Reporter | None = None, packages: tuple[HostPackage, ...] | None = None) -> list[str]:
    """Install what is missing with apt-get. Returns the names of what was installed.

    Raises:
        PreflightError: something is missing and apt-get is not there.
        LocalError: apt-get failed; the message holds its last lines.
    """
    missing = missing_packages(packages)
    if not missing:
        return []
    names = [package.name for package in missing]
    if not shutil.which("apt-get"):
        wanted = "; ".join(f"{package.name} ({package.purpose})" for package in missing)
        raise PreflightError(
            f"Missing on this machine: {wanted}. There is no apt-get to install them with: "
            "install their counterparts with your own package manager and run this again."
        )
    reporter = reporter or SilentReporter()
    with reporter.step(f"Installing {', '.join(names)}"):
        _apt_get("update", "-q")
        _apt_get("install", "-q", "-y", "--no-install-recommends", *names)
    still = [package.name for package in missing_packages(packages)]
    if still:
        raise LocalError(
            f"apt-get reported success, yet {', '.join(still)} cannot be found. "
            "Install them by hand and run this again."
        )
    return names


def ensure_busybox(reporter: Reporter | None = None) -> Path:
    """The shell of small helper pods: one static program out of a Debian package, not installed.

    Raises:
        LocalError: the package could not be fetched or unpacked.
    """
    target = bin_folder() / "busybox"
    if target.is_file():
        return target
    reporter = reporter or SilentReporter()
    with reporter.step("Fetching busybox"), tempfile.TemporaryDirectory(prefix="busybox-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _apt_get("download", "-q", "busybox-static", folder=folder)
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", archive, folder], check=True, capture_output=True)
        found = next(folder.glob("**/bin/busybox"), None)
        if found is None:
            raise LocalError("The package busybox-static holds no program `busybox`.")
        fresh = target.with_name(".busybox.new")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(found, fresh)
        fresh.replace(target)
    return target


def _present(proof: str) -> bool:
    if proof.startswith("/"):
        return os.path.exists(proof)  # noqa: PTH110 - a plain question about a plain string
    # Root's PATH lacks the sbin folders on some machines.
    return shutil.which(proof, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _apt_get(*arguments: str, folder: Path | None = None) -> None:
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        tail = "\n".join((result.stdout + result.stderr).strip().splitlines()[-12:])
        raise LocalError(
            f"`{' '.join(command)}` failed. Mend what it names (often the network or the package "
            f"sources), then run this again.\n{tail}"
        )
