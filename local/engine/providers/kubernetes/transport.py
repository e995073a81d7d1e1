"""HTTP to an API server through the official client: the only module that touches it."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from local.engine.providers.kubernetes.config import ProviderConfig
from local.engine.providers.kubernetes.errors import UnreachableError
from local.engine.providers.kubernetes.kubeconfig import Kubeconfig
from local.engine.providers.kubernetes.objects import Obj

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 65.0
_APPLY = "application/apply-patch+yaml"
_POOL_SIZE = 32
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: status, its word, parsed JSON or text, and its warnings."""

    code: int
    reason: str
    body: Any
    warnings: tuple[str, ...] = ()


class Transport(Protocol):
    """Sends one request. Thread-safe."""

    def send(self, method: str, path: str, body: Obj | None, accept: str) -> Answer:
        """The answer, whatever its status. Raises UnreachableError when there is none."""
        ...


class ClientTransport:
    """A `Transport` over `kubernetes.client.ApiClient`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, method: str, path: str, body: Obj | None, accept: str) -> Answer:
        """The answer, whatever its status. Raises UnreachableError when there is none."""
        # A second of imports, only where needed.
        from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = _APPLY if method == "PATCH" else "application/json"
        try:
            parameters = self._client.param_serialize(
                method, path, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            response = self._client.call_api(*parameters, _request_timeout=(CONNECT_TIMEOUT, READ_TIMEOUT))
            raw = cast("bytes", response.read())
        except (ApiException, HTTPError, OSError) as error:
            raise UnreachableError(_why(self._client.configuration.host, error)) from error
        return Answer(
            code=int(response.status),
            reason=str(response.reason),
            body=_decode(raw, str(response.headers.get("Content-Type", ""))),
            warnings=_warnings(cast("Mapping[str, str]", response.headers)),
        )


def connect(config: ProviderConfig, kubeconfig: Kubeconfig) -> ClientTransport:
    """A client with the kubeconfig's credentials; nothing is sent yet.

    Raises:
        UnreachableError: the context does not exist or its credentials cannot be used.
    """
    import urllib3  # noqa: PLC0415
    from kubernetes.client.api_client import ApiClient  # noqa: PLC0415
    from kubernetes.client.configuration import Configuration  # noqa: PLC0415
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415
    from kubernetes.config.kube_config import KubeConfigLoader  # noqa: PLC0415
    from urllib3.exceptions import InsecureRequestWarning  # noqa: PLC0415

    kubeconfig.require_context(config)
    settings: Any = Configuration()
    try:
        loader: Any = KubeConfigLoader(
            config_dict=_with_cluster(kubeconfig, config),
            active_context=kubeconfig.context_name(config),
            config_base_path=str(kubeconfig.folder) if kubeconfig.folder else "",
        )
        loader.load_and_set(settings)
    except (ConfigException, OSError, ValueError) as error:
        raise UnreachableError(f"{kubeconfig.origin} cannot be used: {error}") from error
    if not settings.verify_ssl:
        # The kubeconfig says insecure-skip-tls-verify: no need to say it again with every request.
        urllib3.disable_warnings(InsecureRequestWarning)
    settings.retries = False
    settings.connection_pool_maxsize = _POOL_SIZE
    return ClientTransport(ApiClient(configuration=settings))


def _with_cluster(kubeconfig: Kubeconfig, config: ProviderConfig) -> dict[str, Any]:
    if not config.cluster:
        return kubeconfig.content
    content = cast("dict[str, Any]", json.loads(json.dumps(kubeconfig.content)))
    for entry in content.get("contexts", []):
        if entry.get("name") == kubeconfig.context_name(config):
            entry["context"]["cluster"] = config.cluster
    return content


def _decode(raw: bytes, content_type: str) -> Any:
    text = raw.decode("utf-8", "replace")
    if "json" not in content_type:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _warnings(headers: Mapping[str, str]) -> tuple[str, ...]:
    said = headers.get("Warning", "")
    return tuple(match.replace('\\"', '"') for match in _WARNING.findall(said))


def _why(host: str, error: Exception) -> str:
    told = getattr(error, "reason", None) or str(error) or type(error).__name__
    text = " ".join(re.sub(r"<[^>]*>:? ?", "", str(told)).split())
    proxy = f" (through the proxy {os.environ['HTTPS_PROXY']})" if os.environ.get("HTTPS_PROXY") else ""
    return f"the API server at {host} cannot be reached{proxy}: {text}"
