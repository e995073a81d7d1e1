"""The registry that images are pushed to: where it really is, and what it holds."""

from dataclasses import dataclass

import httpx

LOCAL_REGISTRY = "airflow-platform.local"
"""Name of this machine's registry in every image reference."""

LOCAL_ADDRESS = "127.0.0.1:5350"
"""Where it is really served, without TLS."""

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryLogin:
    """User and password of a registry."""

    server: str
    username: str
    password: str


def is_local(reference: str) -> bool:
    """True when a reference names this machine's registry."""
    return reference.split("/", 1)[0] == LOCAL_REGISTRY


def destination(reference: str) -> str:
    """The reference with the registry's real address."""
    return reference.replace(LOCAL_REGISTRY, LOCAL_ADDRESS, 1) if is_local(reference) else reference


def answers() -> bool:
    """True when this machine's registry is up."""
    try:
        return httpx.get(f"http://{LOCAL_ADDRESS}/v2/", timeout=3).is_success
    except httpx.TransportError:
        return False


def holds(reference: str) -> bool | None:
    """Whether this machine's registry has `name@sha256:...`; None when that cannot be known.

    It cannot be known of a foreign registry (it may want a login that is only given to a push), nor while the
    local one does not answer.
    """
    if not is_local(reference):
        return None
    repository, _, digest = reference.partition("/")[2].partition("@")
    url = f"http://{LOCAL_ADDRESS}/v2/{repository}/manifests/{digest}"
    try:
        status = httpx.head(url, headers={"Accept": _MANIFESTS}, timeout=5).status_code
    except httpx.TransportError:
        return None
    return {200: True, 404: False}.get(status)
