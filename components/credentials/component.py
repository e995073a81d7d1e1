"""Credentials: the only generator of secrets."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components.contract.base import PlatformComponent
from components.contract.names import checked
from components.contract.secrets import SecretConsumer, SecretRef, SecretValue
from components.credentials.args import CredentialsArgs
from components.credentials.matrix import matrix
from components.credentials.sources import (
    AUTHORITY_SEED,
    Root,
    RootKind,
    authority_certificate,
    fill,
    roots,
    unknown_rotations,
    version,
)
from settings.stack import Environment


class Credentials(PlatformComponent):
    """Generates every secret once and writes one Kubernetes Secret per consumer.

    Creates a random resource for each root that any consumer needs, kept until its counter in
    `credentials.rotation` is raised, and one Secret per consumer with nothing in it but what its templates name.
    Certificates and key documents are computed from the roots and hold still as long as those do.

    Survives: lost Secrets (the next `up` writes the same ones again). In staging and prod the roots are protected.
    Does not handle: two valid values at once during a rotation, secrets kept in an outside vault.

    Attributes:
        secrets: consumer name to its Secret.
        authority_certificate: of the private authority, PEM, not secret: whoever is to trust the platform gets it.
        admin_password: of the generated administrator, secret; None where people log in at a provider.
    """

    TOKEN = "airflow-platform:foundation:Credentials"  # noqa: S105
    OUTPUTS = ("secrets", "authority_certificate", "admin_password")

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        problems = unknown_rotations(args.settings.credentials)
        if problems:
            raise pulumi.RunError("\n".join(problems))
        self._args = args
        needed = frozenset({SecretValue.AUTHORITY_CERTIFICATE}).union(*matrix(args.consumers).values())
        generated = {root.name: self._root(root) for root in roots(needed)}
        self.secrets: Mapping[str, SecretRef] = {
            consumer.name: self._secret(consumer, generated) for consumer in args.consumers
        }
        authority = args.settings.credentials.authority
        # Derived from a secret seed, and meant to be shown: the one value here that is taken out of its wrapper.
        self.authority_certificate: pulumi.Output[str] = pulumi.Output.unsecret(
            generated[AUTHORITY_SEED].apply(lambda seed: authority_certificate(seed, authority))
        )
        self.admin_password = generated.get(SecretValue.ADMIN_PASSWORD.value)
        self.finish()

    def _root(self, root: Root) -> pulumi.Output[str]:
        """The text of a root, wrapped as a secret whatever the provider says of it."""
        logical = self.child_name(root.name.replace("_", "-"))
        settings = self._args.settings
        keepers = {"rotation": str(settings.credentials.rotation.get(root.name, 0))}
        protect = True if settings.environment is not Environment.DEV else None
        match root.kind:
            case RootKind.PASSWORD:
                opts = self.child_opts(protect=protect, additional_secret_outputs=["result", "bcryptHash"])
                text = random.RandomPassword(
                    logical, length=root.length, special=False, keepers=keepers, opts=opts
                ).result
            case RootKind.BYTES:
                opts = self.child_opts(protect=protect, additional_secret_outputs=["base64", "hex"])
                text = random.RandomBytes(logical, length=root.length, keepers=keepers, opts=opts).base64
            case RootKind.GIVEN:
                text = self._args.oidc_client_secret or pulumi.Output.from_input("")
        return pulumi.Output.secret(text)

    def _secret(self, consumer: SecretConsumer, generated: Mapping[str, pulumi.Output[str]]) -> SecretRef:
        labels, authority = self._args.labels, self._args.settings.credentials.authority
        used = {root.name: generated[root.name] for root in roots(consumer.values())}
        files: pulumi.Output[dict[str, str]] = pulumi.Output.all(**used).apply(
            lambda texts: fill(consumer, texts, authority)
        )
        secret = k8s.core.v1.Secret(
            self.child_name(consumer.name),
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=checked(f"{consumer.name}-secrets"),
                namespace=self._args.namespaces[consumer.namespace],
                labels=labels.of(consumer.name, "credentials"),
            ),
            type="Opaque",
            string_data=files,
            opts=self.child_opts(),
        )
        return SecretRef(
            name=secret.metadata.apply(lambda metadata: metadata.name or ""),
            version=version(consumer, self._args.settings.credentials),
        )
