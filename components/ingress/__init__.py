"""How people reach the platform: the bundled TLS edge, a Gateway route, or a classic Ingress."""

from components.ingress.args import IngressArgs
from components.ingress.component import Ingress
from components.ingress.peers import workloads
from components.ingress.secrets import consumers

__all__ = ["Ingress", "IngressArgs", "consumers", "workloads"]
