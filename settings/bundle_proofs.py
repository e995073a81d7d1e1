"""Rules about DAGs that come from Git."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.problems import Problem
from settings.stack import Environment

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

IMAGE_BUNDLE = "dags-folder"
"""What Airflow calls the DAGs of the image."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def bundles(settings: "PlatformSettings") -> Iterator[Problem]:
    """A bundle has a name of its own, and outside dev it stands still until the stack file says otherwise."""
    airflow = settings.airflow
    for name, bundle in airflow.bundles.items():
        if name == IMAGE_BUNDLE:
            yield Problem(
                key=f"airflow.bundles.{name}",
                value=bundle.url,
                reason="that is what Airflow calls the DAGs of the image",
                way_out="Give it another name",
            )
        if settings.environment is not Environment.DEV and not _COMMIT.fullmatch(bundle.ref):
            yield Problem(
                key=f"airflow.bundles.{name}.ref",
                value=bundle.ref,
                reason=f"in {settings.environment.value} nothing may change that the stack file does not say, and whoever "
                "can push moves a branch or tag",
                way_out="Write the 40 digits of a commit (`git rev-parse`)",
            )
    if airflow.bundles and airflow.load_examples:
        yield Problem(
            key="airflow.loadExamples",
            value="true",
            reason="with airflow.bundles every bundle has dag-processors of its own, and the examples have none",
            way_out="Remove it",
        )


BUNDLE_RULES = (bundles,)
