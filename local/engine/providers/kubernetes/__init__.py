"""Kubernetes objects by server-side apply, with waiting until they really work."""

from local.engine.providers.kubernetes.provider import KubernetesProvider

__all__ = ["KubernetesProvider"]
