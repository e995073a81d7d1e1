"""Finding and reading the kubeconfig that a provider names."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from local.engine.providers.kubernetes.config import ProviderConfig
from local.engine.providers.kubernetes.errors import UnreachableError
from local.engine.providers.kubernetes.objects import dig_list, dig_map, dig_text


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """A parsed kubeconfig.

    Attributes:
        content: the parsed file.
        folder: against which relative paths in it are resolved; None for content that was given inline.
        origin: for messages.
    """

    content: dict[str, Any]
    folder: Path | None
    origin: str

    def context_name(self, config: ProviderConfig) -> str:
        """The context to use: the one asked for, or the current one."""
        return config.context or dig_text(self.content, "current-context")

    def namespace(self, config: ProviderConfig) -> str:
        """The namespace for objects that name none."""
        return config.namespace or dig_text(self._context(config), "namespace") or "default"

    def _context(self, config: ProviderConfig) -> dict[str, Any]:
        name = self.context_name(config)
        for entry in dig_list(self.content, "contexts"):
            if dig_text(entry, "name") == name:
                return dig_map(entry, "context")
        return {}

    def require_context(self, config: ProviderConfig) -> None:
        """Raise UnreachableError when the context asked for does not stand in the file."""
        if self._context(config):
            return
        there = ", ".join(dig_text(entry, "name") for entry in dig_list(self.content, "contexts")) or "none"
        raise UnreachableError(
            f"context {self.context_name(config)!r} does not stand in {self.origin} (there: {there})."
        )


def load_kubeconfig(config: ProviderConfig) -> Kubeconfig:
    """Read the kubeconfig that the provider, KUBECONFIG or the home folder names.

    Raises:
        UnreachableError: there is none, or it cannot be read.
    """
    if config.kubeconfig and _is_content(config.kubeconfig):
        return Kubeconfig(_parse(config.kubeconfig, "the provider's kubeconfig"), None, "the given kubeconfig")
    candidates = [Path(config.kubeconfig)] if config.kubeconfig else _ambient()
    for path in candidates:
        full = path.expanduser()
        try:
            text = full.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UnreachableError(f"kubeconfig {full} cannot be read: {error.strerror}.") from error
        return Kubeconfig(_parse(text, str(full)), full.resolve().parent, str(full))
    tried = ", ".join(str(path) for path in candidates)
    raise UnreachableError(
        f"no kubeconfig found (tried {tried}). Start the local cluster, or name one with KUBECONFIG."
    )


def _is_content(text: str) -> bool:
    return "\n" in text.strip() or text.lstrip().startswith("{")


def _ambient() -> list[Path]:
    given = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return given or [Path.home() / ".kube" / "config"]


def _parse(text: str, origin: str) -> dict[str, Any]:
    try:
        content: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UnreachableError(f"{origin} is not YAML: {error}") from error
    if not isinstance(content, dict) or "clusters" not in content:
        raise UnreachableError(f"{origin} is not a kubeconfig (no `clusters`).")
    return cast("dict[str, Any]", content)
