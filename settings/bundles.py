"""Settings of DAGs that come from Git."""

from typing import Annotated

from pydantic import AfterValidator, Field

from settings.base import Memory, ResourceList, Resources, Settings
from settings.declared import GivenName
from settings.external import Certificates, Network


def _plain_url(url: str) -> str:
    if "@" in url:
        raise ValueError(
            "a name or token in the URL would stand in configuration files; write user and tokenFrom instead"
        )
    return url


def _inner_folder(folder: str) -> str:
    if folder.startswith("/") or ".." in folder.split("/"):
        raise ValueError("it is a folder inside the repository, such as 'dags' or 'teams/analytics'")
    return folder.rstrip("/")


class BundleProcessorSettings(Settings):
    """The dag-processors of one bundle."""

    replicas: int = Field(default=1, ge=1, le=10)
    """Pods; each reads every file of the bundle."""
    resources: Resources = Resources(
        requests=ResourceList(cpu="250m", memory="512Mi"), limits=ResourceList(memory="1Gi")
    )
    """Per pod."""


class BundleSettings(Settings):
    """DAGs of one Git repository, or of a folder in it, read by dag-processors of their own.

    A task runs what was in the repository when its run began, whatever was pushed since. Dag-processors and workers fetch
    by HTTPS themselves; nobody else holds the token.
    """

    url: Annotated[str, Field(pattern=r"^https://[^\s?#/\"\\]+/[^\s?#\"\\]+$"), AfterValidator(_plain_url)]
    """Of the repository, by HTTPS."""
    ref: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=200)
    """What is read: the 40 digits of a commit, or in dev a branch or tag."""
    subdir: Annotated[str, Field(pattern=r"^[\w./-]*$"), AfterValidator(_inner_folder)] = ""
    """Folder inside the repository that holds the DAGs; all of it when left out."""
    refresh_seconds: int = Field(default=60, ge=5, le=600)
    """Seconds between two looks for something new."""
    user: str = Field(default="git", pattern=r"^[A-Za-z0-9._-]+$")
    """Log-in name that goes with the token; most servers take any."""
    token_from: GivenName | None = None
    """Name of the text in the stack secret `givenValues` that is the token; none is sent when left out."""
    authority: Certificates | None = None
    """Certificates, PEM, of the authority that signed the server's; the public ones of the image when left out."""
    networks: list[Network] = Field(default_factory=list)
    """Networks in which the server's addresses lie, such as `10.20.0.0/24`: NetworkPolicies open its port to these alone,
    or to any address when left out."""
    storage: Memory = "1Gi"
    """Room in bytes for its clones, in each of its dag-processors and in each worker."""
    dag_processor: BundleProcessorSettings = BundleProcessorSettings()
    """Who reads it."""
