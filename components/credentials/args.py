"""What Credentials is built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretConsumer
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsArgs:
    """Arguments of Credentials.

    Attributes:
        settings: of the whole stack; `credentials` and `environment` are used.
        labels: common to all objects.
        namespaces: plain name of a namespace to the created one's name.
        consumers: who reads what, of all components.
        oidc_client_secret: given by the stack, None where no login provider is used.
        given: name of a value to its text, where the stack gives it.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    namespaces: Mapping[str, pulumi.Output[str]]
    consumers: tuple[SecretConsumer, ...]
    oidc_client_secret: pulumi.Output[str] | None = None
    given: Mapping[str, str] = field(default_factory=dict[str, str])
