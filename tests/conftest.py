"""What holds for every test."""

from collections.abc import Generator

import pytest
from hypothesis import settings

# Machines are noisy: a slow example is no failure, and the fast suite stays fast.
settings.register_profile("platform", deadline=None, max_examples=50)
settings.load_profile("platform")


@pytest.fixture(scope="session", autouse=True)
def no_cluster_of_the_shell() -> Generator[None]:
    """Pulumi's provider takes KUBECONFIG for an input: a stack would be recorded otherwise where a shell names a cluster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KUBECONFIG", raising=False)
        yield
