"""The image of an older Airflow: that of the repository, with another lock."""

import shutil
from pathlib import Path

from local import paths
from local.images.base import BASE_REFERENCE
from local.images.builder import ImageBuilder
from local.images.context import BuildRequest
from local.images.registry import LOCAL_REGISTRY
from local.progress import Reporter

VERSION = "3.2.2"
"""The newest release with other tables than the image of the repository."""
LOCK = Path(__file__).parent / f"airflow-{VERSION}"


def build(folder: Path, reporter: Reporter) -> str:
    """Build and push it, and return its reference by digest.

    Args:
        folder: an empty one, which becomes the build's context.
        reporter: shows it as a step.
    """
    root = paths.checkout()
    shutil.copytree(root / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "images" / "airflow", folder / "images" / "airflow")
    for file in LOCK.iterdir():
        shutil.copy(file, folder / "images" / "airflow")
    request = BuildRequest(
        image_name=f"{LOCAL_REGISTRY}/airflow-{VERSION}:{VERSION}",
        context=folder,
        dockerfile=folder / "images" / "airflow" / "Dockerfile",
        args={"BASE": BASE_REFERENCE},
    )
    with reporter.step(f"image airflow {VERSION}") as step:
        return ImageBuilder().build_and_push(request, step.note)
