"""The command lines of buildah, as pure functions."""

from dataclasses import replace
from pathlib import Path

from local.images.base import BASE_REFERENCE
from local.images.context import BuildRequest
from local.images.dockerignore import ignore_file
from local.images.registry import destination, is_local
from local.images.store import Store

_SHARED = "/mnt"  # Present and empty in the base, so that nothing of the mount stays in an image.


def full_arguments(request: BuildRequest, *, has_bundle: bool) -> dict[str, str]:
    """The build arguments with what only this builder knows, as far as the Dockerfile declares it.

    `BASE` falls back to our own base. `XDG_CACHE_HOME` and `SSL_CERT_FILE` point into the folder that RUN steps see:
    they reach build stages alone, and nothing of them stays in an image.
    """
    own = {"BASE": BASE_REFERENCE, "XDG_CACHE_HOME": f"{_SHARED}/cache"}
    if has_bundle:
        own["SSL_CERT_FILE"] = f"{_SHARED}/ca.pem"
    declared = request.declared_args()
    return {name: value for name, value in (own | dict(request.args)).items() if name in declared}


def layered_tag(request: BuildRequest) -> str:
    """The name under which the store keeps an image with the history that the next build compares with."""
    stage = f"-{request.target}" if request.target else ""
    return f"localhost/layers/{request.label}{stage}"


def stage_requests(request: BuildRequest) -> list[BuildRequest]:
    """The earlier stages as images of their own: named, they outlive the pruning of layers that no image uses."""
    return [] if request.target else [replace(request, target=stage) for stage in request.earlier_stages()]


def build_command(store: Store, request: BuildRequest, *, fresh: bool) -> list[str]:
    """The command that builds an image into the store under `layered_tag`.

    `fresh` uses no layer built before.
    """
    has_bundle = (store.shared / "ca.pem").is_file()
    arguments = full_arguments(request, has_bundle=has_bundle)
    command = store.buildah("build", "--signature-policy", store.policy, "--layers", "--force-rm")
    # Rewritten times make an unchanged rebuild come out with the same layers.
    command += ["--timestamp", "0"]
    if fresh:
        command.append("--no-cache")
    if arguments.get("BASE", BASE_REFERENCE) == BASE_REFERENCE:
        command.append("--pull-never")
    command += ["--volume", f"{store.shared}:{_SHARED}"]
    command += ["--volume", f"{store.archives(request.label)}:/var/cache/apt/archives"]
    for name, value in sorted(arguments.items()):
        command += ["--build-arg", f"{name}={value}"]
    if request.platform:
        command += ["--platform", request.platform]
    if request.target:
        command += ["--target", request.target]
    ignored = ignore_file(request.context, request.dockerfile)
    if ignored:
        command += ["--ignorefile", str(ignored)]
    return [*command, "--file", str(request.dockerfile), "--tag", layered_tag(request), str(request.context)]


def seal_commands(store: Store, request: BuildRequest, image_id_file: Path) -> list[list[str]]:
    """The commands that give a built image its name and take away what differs from one build to the next.

    The history and two annotations name intermediate images, whose names are drawn by lot.
    """
    container = f"seal-{request.label}"
    policy = ("--signature-policy", store.policy)
    base = "org.opencontainers.image.base"
    return [
        store.buildah("from", *policy, "--pull-never", "--name", container, layered_tag(request)),
        store.buildah("config", "--annotation", f"{base}.name-", "--annotation", f"{base}.digest-", container),
        store.buildah(
            *("commit", *policy, "--rm", "--omit-history", "--timestamp", "0", "--iidfile", image_id_file),
            *(container, request.image_name),
        ),
    ]


def push_command(store: Store, reference: str, digest_file: Path, auth_file: Path | None) -> list[str]:
    """The command that pushes an image of the store and writes its digest to a file."""
    command = store.buildah("push", "--signature-policy", store.policy, "--digestfile", digest_file)
    if is_local(reference):
        # zstd takes a third of gzip's time; every runtime that can run on this machine reads it.
        command += ["--tls-verify=false", "--compression-format", "zstd"]
    if auth_file:
        command += ["--authfile", str(auth_file)]
    return [*command, reference, f"docker://{destination(reference)}"]
