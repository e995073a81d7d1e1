"""Which code serves which resource package, and with which settings."""

import importlib
import threading
from collections.abc import Callable, Mapping
from typing import Final, cast

from local.engine.errors import BadInputError
from local.engine.providers.base import Properties, Provider

# Imported when first used: the Kubernetes client alone takes a second.
_BUILT_IN: Final[Mapping[str, tuple[str, str]]] = {
    "random": ("local.engine.providers.random", "RandomProvider"),
    "kubernetes": ("local.engine.providers.kubernetes", "KubernetesProvider"),
    "docker": ("local.engine.providers.docker", "DockerProvider"),
}


class Packages:
    """The resource packages of a run. Safe to use from many threads."""

    def __init__(self, more: Mapping[str, Callable[[], Provider]] | None = None) -> None:
        """`more` adds packages to the built-in ones, or takes their place."""
        self._lock = threading.Lock()
        self._more = more or {}
        self._loaded: dict[str, Provider] = {}
        self._configs: dict[str, Properties] = {}

    def provider(self, package: str) -> Provider:
        """The code that serves a package. Raises BadInputError for one that the engine does not know."""
        with self._lock:
            if package not in self._loaded:
                self._loaded[package] = self._load(package)
            return self._loaded[package]

    def _load(self, package: str) -> Provider:
        if package in self._more:
            return self._more[package]()
        if package not in _BUILT_IN:
            msg = (
                f"the embedded engine has no provider for the package {package!r} "
                f"(it has {', '.join(sorted({*_BUILT_IN, *self._more}))}); use the Pulumi CLI"
            )
            raise BadInputError(msg)
        module, name = _BUILT_IN[package]
        return cast("Provider", getattr(importlib.import_module(module), name)())

    def configure(self, provider_urn: str, config: Properties) -> None:
        """Remember the settings of a provider resource, plain."""
        with self._lock:
            self._configs[provider_urn] = config

    def config(self, provider_urn: str) -> Properties:
        """The settings of a provider resource; empty when it has none."""
        with self._lock:
            return self._configs.get(provider_urn, {})
