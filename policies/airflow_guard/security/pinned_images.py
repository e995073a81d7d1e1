"""Images are named by digest and come from allowed registries."""

import re
from collections.abc import Iterator
from functools import partial

from ..kubernetes import Container, makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import each
from ..options import Option, OptionKind, Options

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_REGISTRIES = "registries"


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Containers whose image is not pinned or comes from elsewhere."""
    allowed = options.texts(_REGISTRIES)
    yield from each(pod_template(resource).containers, partial(_container, allowed), unknown_finding)


def _container(allowed: list[str], container: Container) -> Iterator[Finding]:
    image = container.node.at("image")
    if not image.text:
        yield Finding(what="names no image", path=image.path, part=container.title)
        return
    if not _DIGEST.search(image.text):
        yield Finding(
            what=f"runs the image {image.text!r}, which can change under its name",
            path=image.path,
            part=container.title,
        )
    if allowed and not any(_from(image.text, registry) for registry in allowed):
        yield Finding(
            what=f"takes its image from {registry_of(image.text)!r}",
            path=image.path,
            part=container.title,
            mend=f"take it from {', '.join(allowed)}, or allow the registry: option {_REGISTRIES} of pinned-images in the "
            "pack's configuration",
        )


def registry_of(image: str) -> str:
    """Host part of an image reference; a reference without one means `docker.io`."""
    first, slash, _ = image.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return first if is_host else "docker.io"


def _from(image: str, registry: str) -> bool:
    """The registry, or a folder in it such as `registry.example.com/airflow`."""
    full = image if registry_of(image) == image.partition("/")[0] else f"docker.io/{image}"
    return full.startswith(registry.rstrip("/") + "/")


RULE = ResourceRule(
    name="pinned-images",
    title="Images are named by digest and come from allowed registries",
    why="a tag can be moved, so two pods of one Deployment may run different code, and nobody can say which",
    mend="write the reference as registry/name@sha256:<digest>",
    severity=Severity.HIGH,
    references=("CIS Kubernetes 5.5.1", "SLSA: pinned dependencies", "checkov CKV_K8S_43"),
    options=(
        Option(
            name=_REGISTRIES,
            kind=OptionKind.TEXTS,
            default=[],
            description="Allowed registries or folders in them; empty allows every registry.",
        ),
    ),
    applies=makes_pods,
    check=check,
)
