"""Where the local machine keeps its things. Everything lies below one cache folder."""

import os
from pathlib import Path

CACHE_VARIABLE = "AIRFLOW_PLATFORM_CACHE"
STACKS_VARIABLE = "AIRFLOW_PLATFORM_STACKS"


def checkout() -> Path:
    """The root of this checkout."""
    return Path(__file__).resolve().parent.parent


def cache_root() -> Path:
    """The cache folder: `AIRFLOW_PLATFORM_CACHE`, or `~/.cache/airflow-platform`."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given).expanduser().resolve() if given else Path.home() / ".cache" / "airflow-platform"


def stack_files(root: Path | None = None) -> Path:
    """The folder of the files `Pulumi.<stack>.yaml`: `AIRFLOW_PLATFORM_STACKS`, or the project's own."""
    given = os.environ.get(STACKS_VARIABLE)
    return Path(given).expanduser().resolve() if given else root or checkout()


def toolchain() -> Path:
    """Binaries built from Go modules (`bin/`) and the scratch space of a build (`work/`)."""
    return cache_root() / "toolchain"


def cluster() -> Path:
    """Everything of the local cluster: keys, etcd, containerd, kubeconfig, process ids."""
    return cache_root() / "cluster"


def registry() -> Path:
    """The data of the local image registry."""
    return cache_root() / "registry"


def images() -> Path:
    """The image builder's storage and records of what was built."""
    return cache_root() / "images"


def state() -> Path:
    """The embedded engine's file backend and its generated passphrase."""
    return cache_root() / "state"


def venvs() -> Path:
    """Python environments beside the project's own, such as the policy pack's."""
    return cache_root() / "venvs"


def logs() -> Path:
    """Log files of everything that runs in the background."""
    return cache_root() / "logs"


def kubeconfig() -> Path:
    """The administrator's kubeconfig of the local cluster."""
    return cluster() / "kubeconfig"
