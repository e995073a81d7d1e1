"""Platform: wires all components."""

import pulumi

from components.contract.base import PlatformComponent
from components.contract.labels import PlatformLabels
from components.credentials import Credentials, CredentialsArgs
from components.foundation import Foundation, FoundationArgs
from components.platform.args import PlatformArgs
from components.platform.declarations import consumers, workloads


class Platform(PlatformComponent):
    """The whole platform.

    Attributes:
        foundation: namespaces and network edges.
    """

    TOKEN = "airflow-platform:platform:Platform"  # noqa: S105
    OUTPUTS = ()

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        settings = args.settings
        labels = PlatformLabels(environment=settings.environment.value)
        foundation = Foundation(
            "foundation",
            FoundationArgs(settings=settings, labels=labels, workloads=workloads(settings)),
            self.child_opts(),
        )
        Credentials(
            "credentials",
            CredentialsArgs(
                settings=settings, labels=labels, namespaces=foundation.namespaces, consumers=consumers(settings)
            ),
            self.child_opts(),
        )
        self.finish()
