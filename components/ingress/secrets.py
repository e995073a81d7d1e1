"""Secrets of the bundled edge: its certificate, and the authority that it trusts upstream."""

from components.contract import names
from components.contract.secrets import SecretConsumer
from settings.ingress import IngressKind
from settings.platform_settings import PlatformSettings

AUTHORITY_FILE = "ca.crt"
CERTIFICATE_FILE = "tls.crt"
PRIVATE_KEY_FILE = "tls.key"


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The edge, where it is ours; a certificate of ours only where none is given."""
    ingress = settings.ingress
    if ingress.kind is not IngressKind.BUNDLED:
        return ()
    files = {AUTHORITY_FILE: "{authority_certificate}"}
    if ingress.tls_secret is None:
        files |= {CERTIFICATE_FILE: "{tls_certificate}", PRIVATE_KEY_FILE: "{tls_private_key}"}
    host = names.service_host(names.EDGE, settings.namespaces.edge)
    tls_names = (ingress.host, host, "localhost") if ingress.tls_secret is None else ()
    return (SecretConsumer(name=names.EDGE, namespace=settings.namespaces.edge, files=files, tls_names=tls_names),)
