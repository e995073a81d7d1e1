"""The image of PostgreSQL with an older minor version: that of Debian's release, without what its security updates brought."""

from pathlib import Path

from local import paths
from local.images.base import BASE_REFERENCE
from local.images.builder import ImageBuilder
from local.images.context import BuildRequest
from local.images.registry import LOCAL_REGISTRY
from local.progress import Reporter

_INSTALL = "apt-get install -y"


def build(folder: Path, reporter: Reporter) -> str:
    """Build and push it, and return its reference by digest.

    Args:
        folder: an empty one, which becomes the build's context.
        reporter: shows it as a step.
    """
    text = (paths.checkout() / "images" / "postgres" / "Dockerfile").read_text()
    assert text.count(_INSTALL) == 1
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(text.replace(_INSTALL, f"{_INSTALL} --target-release trixie"))
    request = BuildRequest(
        image_name=f"{LOCAL_REGISTRY}/postgres-older:17",
        context=folder,
        dockerfile=dockerfile,
        args={"BASE": BASE_REFERENCE},
    )
    with reporter.step("image postgres, older") as step:
        return ImageBuilder().build_and_push(request, step.note)
