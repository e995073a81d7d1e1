"""The `docker` package: images, built by this machine's own builder and pushed by digest.

Only `docker:index/image:Image` is served, with the inputs that `pulumi_docker.Image` sends. A checked input gets
`build.contextDigest`, as the real provider's does: what the build reads is then an input like any other. Paths are
relative to the root of the repository, where the program runs.
"""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from local import paths
from local.engine.providers.base import UNKNOWN, Created, Diff, Properties, ProviderError, StepContext
from local.errors import LocalError
from local.images import registry
from local.images.builder import ImageBuilder
from local.images.context import BuildRequest, check_request, context_digest
from local.images.registry import RegistryLogin

IMAGE: Final = "docker:index/image:Image"

_BUILD_KEYS: Final = frozenset({"args", "context", "contextDigest", "dockerfile", "platform", "target"})
_UNSERVED: Final = frozenset({"addHosts", "builderVersion", "cacheFrom", "network"})
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


class DockerProvider:
    """Builds and pushes images; see the module.

    A deleted image stays in its registry: something else may run it. Not served: containers, networks, volumes.
    """

    def __init__(self, builder: ImageBuilder | None = None, root: Path | None = None) -> None:
        self._builder = builder or ImageBuilder()
        self._root = root or paths.checkout()

    def check(self, context: StepContext, olds: Properties | None, news: Properties) -> Properties:
        """Complete the build's inputs with defaults and the digest of its context."""
        del olds
        _served(context)
        _refuse_unknown_keys(context, news)
        build = cast("Properties", news.get("build") or {})
        folder = build.get("context", ".")
        checked: Properties = {"args": {}, **build, "context": folder}
        checked.setdefault("dockerfile", folder if folder is UNKNOWN else str(Path(folder) / "Dockerfile"))
        complete: Properties = {"skipPush": False, **news, "build": checked}
        if UNKNOWN in (folder, checked["dockerfile"]):
            checked["contextDigest"] = UNKNOWN
            return complete
        try:
            request = self._request(complete)
            check_request(request)
            checked["contextDigest"] = context_digest(request.context, request.dockerfile)
        except LocalError as error:
            raise ProviderError(str(error)) from error
        return complete

    def diff(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Diff:
        """Compare what was built with what is wanted; an image gone from this machine's registry differs too."""
        _served(context)
        before, after = _compared(old_inputs), _compared(news)
        changed = {
            path: (before.get(path), after.get(path))
            for path in sorted({*before, *after})
            if before.get(path) != after.get(path)
        }
        if not changed and not news.get("skipPush") and self._is_stale(old, news):
            changed["repoDigest"] = (old.outputs.get("repoDigest"), UNKNOWN)
        return Diff(changed=changed)

    def create(self, context: StepContext, news: Properties) -> Created:
        """Build and push; in a preview the digest is known when the image is there already."""
        _served(context)
        if context.preview:
            return self._foreseen(news)
        try:
            reference = self._builder.build_and_push(
                self._request(news), context.report, login=_login(news), push=not news.get("skipPush")
            )
        except LocalError as error:
            raise ProviderError(str(error)) from error
        return Created(id=reference, outputs=self._outputs(news, reference))

    def update(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Created:
        """Build and push what changed; images have no state to carry over."""
        del old, old_inputs
        return self.create(context, news)

    def read(self, context: StepContext, id: str, inputs: Properties) -> Created | None:  # noqa: A002
        """The image as recorded, or None when this machine's registry does not have it."""
        _served(context)
        if registry.holds(id) is False:
            return None
        return Created(id=id, outputs=self._outputs(inputs, id))

    def delete(self, context: StepContext, old: Created, old_inputs: Properties) -> None:
        """Forget the image; see the class."""
        del context, old, old_inputs

    def invoke(self, token: str, arguments: Properties, provider_config: Properties) -> Properties:
        """No function of the package is served."""
        del arguments, provider_config
        raise ProviderError(f"{token}: the embedded engine serves only {IMAGE}. Use the Pulumi CLI for this.")

    def _request(self, inputs: Properties) -> BuildRequest:
        build: Properties = inputs["build"]
        return BuildRequest(
            image_name=inputs["imageName"],
            context=self._root / build["context"],
            dockerfile=self._root / build["dockerfile"],
            args={name: str(value) for name, value in cast("Properties", build.get("args") or {}).items()},
            platform=build.get("platform") or "",
            target=build.get("target") or "",
        )

    def _is_stale(self, old: Created, news: Properties) -> bool:
        reference = str(old.outputs.get("repoDigest", ""))
        return registry.holds(reference) is False or self._builder.is_outdated(self._request(news), reference)

    def _foreseen(self, news: Properties) -> Created:
        known = not any(value is UNKNOWN for value in _compared(news).values())
        try:
            reference = self._builder.current(self._request(news)) if known else None
        except LocalError as error:
            raise ProviderError(str(error)) from error
        return Created(id="", outputs=self._outputs(news, reference or UNKNOWN))

    def _outputs(self, inputs: Properties, reference: Any) -> Properties:
        build: Properties = inputs["build"]
        machine = _ARCHITECTURES.get(platform.machine(), platform.machine())
        name = inputs["imageName"]
        return {
            "baseImageName": name,
            "context": build["context"],
            "dockerfile": build["dockerfile"],
            "imageName": name,
            "platform": build.get("platform") or f"linux/{machine}",
            "registryServer": name if name is UNKNOWN else str(name).split("/", 1)[0],
            "repoDigest": reference,
        }


def _served(context: StepContext) -> None:
    if context.type != IMAGE:
        raise ProviderError(f"{context.type}: the embedded engine serves only {IMAGE}. Use the Pulumi CLI for this.")


def _refuse_unknown_keys(context: StepContext, news: Properties) -> None:
    findings: list[str] = []
    if not news.get("imageName"):
        findings.append("imageName is missing: name the registry, the repository and the tag to push to.")
    build: Any = news.get("build") or {}
    if not isinstance(build, Mapping):
        raise ProviderError(f"{context.name}: build = {build!r} is not a mapping.")
    for key in sorted(cast("Mapping[str, Any]", build)):
        if key in _UNSERVED:
            findings.append(f"build.{key} is not served by the embedded engine: leave it out or use the Pulumi CLI.")
        elif key not in _BUILD_KEYS:
            findings.append(f"build.{key}: there is no such input. Known are {', '.join(sorted(_BUILD_KEYS))}.")
    if findings:
        raise ProviderError(f"{context.name}: " + " ".join(findings))


def _login(inputs: Properties) -> RegistryLogin | None:
    given: Properties = inputs.get("registry") or {}
    if not given.get("username"):
        return None
    server = given.get("server") or str(inputs["imageName"]).split("/", 1)[0]
    return RegistryLogin(server=server, username=given["username"], password=given.get("password") or "")


def _compared(inputs: Properties) -> Properties:
    """The inputs that decide what is built and where it goes, flat. A changed password builds nothing."""
    build = cast("Properties", inputs.get("build") or {})
    flat: Properties = {f"build.{key}": value for key, value in build.items() if key != "args"}
    flat |= {f"build.args.{key}": value for key, value in cast("Properties", build.get("args") or {}).items()}
    server = cast("Properties", inputs.get("registry") or {}).get("server")
    flat |= {"imageName": inputs.get("imageName"), "skipPush": bool(inputs.get("skipPush")), "registry.server": server}
    return {key: value for key, value in flat.items() if value is not None}
