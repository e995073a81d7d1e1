"""Rules about who comes in, and by which way."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.airflow import AuthKind
from settings.ingress import IngressKind
from settings.problems import Problem

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings


def authentication(settings: "PlatformSettings") -> Iterator[Problem]:
    """Who logs people in is stated once."""
    auth = settings.airflow.auth
    if auth.kind is AuthKind.OIDC and auth.oidc is None:
        yield Problem(
            key="airflow.auth.oidc",
            value="(missing)",
            reason="kind 'oidc' needs a provider",
            way_out="Add airflow.auth.oidc with issuer and clientId, or write kind 'generated'",
        )
    if auth.kind is not AuthKind.OIDC and auth.oidc is not None:
        yield Problem(
            key="airflow.auth.kind",
            value=auth.kind.value,
            reason="airflow.auth.oidc is given and would be ignored",
            way_out="Write kind 'oidc' or remove airflow.auth.oidc",
        )


def edge_kind(settings: "PlatformSettings") -> Iterator[Problem]:
    """The kind of edge has what it needs and nothing else."""
    ingress = settings.ingress
    needed = {
        IngressKind.GATEWAY: ("gateway", ingress.gateway),
        IngressKind.INGRESS: ("className", ingress.class_name),
    }
    for kind, (key, value) in needed.items():
        if ingress.kind is kind and value is None:
            yield Problem(
                key=f"ingress.{key}",
                value="(missing)",
                reason=f"kind '{kind.value}' needs it",
                way_out=f"Add ingress.{key}, or write kind 'bundled'",
            )
    if ingress.kind is IngressKind.INGRESS and ingress.tls_secret is None:
        yield Problem(
            key="ingress.tlsSecret",
            value="(missing)",
            reason="kind 'ingress' serves TLS with a certificate that your controller or cert-manager provides",
            way_out="Add ingress.tlsSecret",
        )
    for kind, (key, value) in needed.items():
        if ingress.kind is not kind and value is not None:
            yield Problem(
                key=f"ingress.{key}",
                value=str(value),
                reason=f"kind '{ingress.kind.value}' does not use it",
                way_out=f"Remove it or write kind '{kind.value}'",
            )


EDGE_RULES = (authentication, edge_kind)
