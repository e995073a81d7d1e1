"""Credentials: the only generator of secrets."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components.contract.base import PlatformComponent
from components.contract.names import checked
from components.contract.secrets import SecretConsumer, SecretRef, SecretValue
from components.credentials.args import CredentialsArgs
from components.credentials.generations import Counter, letter, problems
from components.credentials.matrix import matrix
from components.credentials.sources import (
    AUTHORITY_SEED,
    Root,
    RootKind,
    authority_certificates,
    counter_of,
    fill,
    own_texts,
    roots,
    rotatable,
    version,
    wrong_references,
    wrongly_given,
)
from settings.stack import Environment


class Credentials(PlatformComponent):
    """Generates every secret once and writes one Kubernetes Secret per consumer.

    Creates a random resource for each root that any consumer needs, and from the first rotation on a second one: the
    two hold the newest generation and the one before, turn by turn. One Secret per consumer, with nothing in it but
    what its templates name; another content is a Secret of another name, so pods that run keep what they started with.
    Certificates and key documents are computed from the roots and hold still as long as those do. A root in
    `credentials.given` is taken from the stack's secret `givenValues`: keys of a bucket, or what a key escrow gave back. Texts of
    the user's own, which only a consumer's files refer to, come from there too.

    Survives: lost Secrets (the next `up` writes the same ones again). In staging and prod generations in use are
    protected; a retired one is not, so that the next rotation may replace it.
    Does not handle: secrets kept in an outside vault.

    Attributes:
        secrets: consumer name to its Secret.
        authority_certificate: of the private authority, PEM, not secret: whoever is to trust the platform gets it.
        admin_password: of the generated administrator, secret; None where people log in at a provider.
    """

    TOKEN = "airflow-platform:foundation:Credentials"  # noqa: S105
    OUTPUTS = ("secrets", "authority_certificate", "admin_password")

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        credentials = args.settings.credentials
        found = [
            *problems(credentials, rotatable(), frozenset(own_texts(args.consumers))),
            *wrongly_given(credentials, args.given),
            *wrong_references(args.consumers, args.given),
        ]
        if found:
            raise pulumi.RunError("\n".join(found))
        self._args = args
        needed = frozenset({SecretValue.AUTHORITY_CERTIFICATE}).union(*matrix(args.consumers).values())
        generated = {root.name: self._generations(root) for root in roots(needed)}
        self.secrets: Mapping[str, SecretRef] = {
            consumer.name: self._secret(consumer, generated) for consumer in args.consumers
        }
        # Derived from a secret seed, and meant to be shown: the one value here that is taken out of its wrapper.
        self.authority_certificate: pulumi.Output[str] = pulumi.Output.unsecret(
            generated[AUTHORITY_SEED].apply(lambda seeds: authority_certificates(seeds, credentials.authority))
        )
        admin = generated.get(SecretValue.ADMIN_PASSWORD.value)
        self.admin_password = admin.apply(lambda texts: texts[-1]) if admin else None
        self.finish()

    def _generations(self, root: Root) -> pulumi.Output[list[str]]:
        """The texts of a root's generations, oldest first, wrapped as secrets whatever the provider says of them."""
        if root.kind is RootKind.GIVEN:
            given = self._args.oidc_client_secret or pulumi.Output.from_input("")
            return pulumi.Output.secret(pulumi.Output.all(given))
        if root.name in self._args.settings.credentials.given:
            return pulumi.Output.secret([self._args.given[root.name]])
        counter = counter_of(root, self._args.settings.credentials)
        texts = [self._generation(root, counter, number) for number in counter.generations]
        return pulumi.Output.secret(pulumi.Output.all(*texts))

    def _generation(self, root: Root, counter: Counter, number: int) -> pulumi.Output[str]:
        role = root.name.replace("_", "-")
        logical = self.child_name(role if letter(number) == "a" else f"{role}-b")
        keepers = {"rotation": str(number)}
        in_use = number > counter.retired
        protect = True if in_use and self._args.settings.environment is not Environment.DEV else None
        if root.kind is RootKind.BYTES:
            opts = self.child_opts(protect=protect, additional_secret_outputs=["base64", "hex"])
            return random.RandomBytes(logical, length=root.length, keepers=keepers, opts=opts).base64
        opts = self.child_opts(protect=protect, additional_secret_outputs=["result", "bcryptHash"])
        return random.RandomPassword(logical, length=root.length, special=False, keepers=keepers, opts=opts).result

    def _secret(self, consumer: SecretConsumer, generated: Mapping[str, pulumi.Output[list[str]]]) -> SecretRef:
        labels, credentials = self._args.labels, self._args.settings.credentials
        used = {root.name: generated[root.name] for root in roots(consumer.values())}
        given = {file: self._args.given[text.name] for file, text in consumer.given.items()}
        files: pulumi.Output[dict[str, str]] = pulumi.Output.all(**used).apply(
            lambda texts: {**fill(consumer, texts, credentials), **given}
        )
        content = version(consumer, credentials)
        secret = k8s.core.v1.Secret(
            self.child_name(consumer.name),
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=checked(f"{consumer.name}-secrets-{content[:8]}"),
                namespace=self._args.namespaces[consumer.namespace],
                labels=labels.of(consumer.name, "credentials"),
            ),
            type="Opaque",
            string_data=files,
            opts=self.child_opts(),
        )
        return SecretRef(name=secret.metadata.apply(lambda metadata: metadata.name or ""), version=content)
