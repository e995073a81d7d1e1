"""Builds images with buildah and pushes them; an image that is there already costs no call of buildah."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from local import paths
from local.errors import LocalError, PreflightError
from local.images import commands, process, registry
from local.images.base import BASE_REFERENCE, ensure_base, read_record
from local.images.context import BuildRequest, check_request, context_digest
from local.images.registry import RegistryLogin
from local.images.store import Store, clean_leftovers, release_mounts

SIDE_BY_SIDE = 2
"""Images built at the same time: one waits for the network while the other computes."""

_FREE_BYTES = 4 * 2**30
_KEPT_BYTES = 3 * 2**30
_STEP = re.compile(r"^(?:\[\d+/\d+\] )?STEP (\d+)/(\d+): (\S+)")


class ImageBuilder:
    """The builder of one process. Safe to use from many threads; other processes wait for it.

    Failures: a build that fails leaves the last good image, its record and the finished layers; a build that is
    killed leaves working containers and mounts, which the next one removes before it starts.
    """

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store.default()
        self._guard = threading.Lock()
        self._users = 0
        self._slots = threading.BoundedSemaphore(SIDE_BY_SIDE)
        self._base_guard = threading.Lock()
        self._lock: FileLock | None = None

    def fingerprint(self, request: BuildRequest) -> str:
        """Digest of everything that decides how the image comes out. Raises PreflightError on a bad request."""
        check_request(request)
        arguments = commands.full_arguments(request, has_bundle=False)
        base = read_record(self.store) if arguments.get("BASE") == BASE_REFERENCE else None
        parts = [
            context_digest(request.context, request.dockerfile),
            json.dumps(sorted(arguments.items())),
            request.platform,
            request.target,
            base.archive if base else "",
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def current(self, request: BuildRequest) -> str | None:
        """The reference by digest of the image as requested, if it was pushed and the registry still has it."""
        record = self._read_record(request)
        if record is None or record.get("fingerprint") != self.fingerprint(request):
            return None
        reference = record["reference"]
        return None if registry.holds(reference) is False else reference

    def is_outdated(self, request: BuildRequest, reference: str) -> bool:
        """True when this machine built `reference` from something else than what it would be built from now.

        That is so after the base was made afresh. Of an image built elsewhere nothing is known: False.
        """
        record = self._read_record(request)
        if record is None or record.get("reference") != reference:
            return False
        return record.get("fingerprint") != self.fingerprint(request)

    def build_and_push(
        self,
        request: BuildRequest,
        note: process.Note,
        *,
        login: RegistryLogin | None = None,
        push: bool = True,
        fresh: bool = False,
    ) -> str:
        """Build an image, push it, and return its reference by digest. Does nothing when it is there already.

        Args:
            request: what to build.
            note: shows one line of progress.
            login: of a registry that wants one.
            push: False keeps the image in the builder's storage and returns its name and image id.
            fresh: use nothing built before.

        Raises:
            PreflightError: bad request, too little disk, buildah or mmdebstrap missing, registry not running.
            LocalError: a step failed; the message holds its last lines.
        """
        if push and not fresh and (there := self.current(request)):
            return there
        self._preflight(request, push=push)
        with self._slots, self._session(note), tempfile.TemporaryDirectory(dir=self.store.scratch) as name:
            log = paths.logs() / f"image-{request.label}.log"
            log.unlink(missing_ok=True)
            self._base(log, note)
            fingerprint = self.fingerprint(request)
            image_id = self._build(request, Path(name), log, note, fresh=fresh)
            if not push:
                return f"{request.repository}@{image_id}"
            reference = self._push(request, Path(name), log, note, login)
            self._write_record(request, fingerprint, reference)
        return reference

    def refresh_base(self) -> None:
        """Forget the base image, so that the next build makes it from today's packages."""
        (self.store.base / "base.json").unlink(missing_ok=True)

    def _preflight(self, request: BuildRequest, *, push: bool) -> None:
        check_request(request)
        findings = [
            f"{program} is not installed: install the Debian package of that name."
            for program in ("buildah", "mmdebstrap")
            if shutil.which(program) is None
        ]
        if os.geteuid() != 0:
            findings.append("Building images needs root: run this as root.")
        self.store.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.store.folder).free
        if free < _FREE_BYTES:
            findings.append(
                f"{free / 2**30:.1f} GiB are free under {self.store.folder}, {_FREE_BYTES / 2**30:.0f} GiB are needed: "
                "make room or name another folder in AIRFLOW_PLATFORM_CACHE."
            )
        if push and registry.is_local(request.image_name) and not registry.answers():
            findings.append(f"The local registry does not answer at {registry.LOCAL_ADDRESS}: start it with `make up`.")
        if findings:
            raise PreflightError(f"Image {request.image_name} cannot be built. " + " ".join(findings))

    @contextmanager
    def _session(self, note: process.Note) -> Generator[None]:
        """Hold the store: the first user of this process takes the lock and cleans up, the last gives it back."""
        with self._guard:
            if self._users == 0:
                self._open(note)
            self._users += 1
        try:
            yield
        finally:
            with self._guard:
                self._users -= 1
                if self._users == 0:
                    self._close()

    def _open(self, note: process.Note) -> None:
        self._lock = FileLock(self.store.folder / "build.lock", thread_local=False)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            note("waiting for another build of this machine")
            self._lock.acquire()
        with ExitStack() as undo:
            undo.callback(self._lock.release)
            clean_leftovers(self.store)
            shutil.rmtree(self.store.scratch, ignore_errors=True)
            self.store.prepare()
            _copy_bundle(self.store)
            undo.pop_all()

    def _close(self) -> None:
        _prune(self.store)
        release_mounts(self.store)
        if self._lock is not None:
            self._lock.release()

    def _base(self, log: Path, note: process.Note) -> None:
        with self._base_guard:
            ensure_base(self.store, log, note)

    def _build(self, request: BuildRequest, scratch: Path, log: Path, note: process.Note, *, fresh: bool) -> str:
        archives = self.store.archives(request.label)
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        id_file = scratch / "image-id"

        def show(line: str) -> None:
            if found := _STEP.match(line):
                note(f"step {found[1]} of {found[2]}: {found[3]}")

        # Earlier stages get a name afterwards, when all their layers are there.
        for number, part in enumerate([request, *commands.stage_requests(request)]):
            process.run(
                commands.build_command(self.store, part, fresh=fresh and number == 0),
                what=f"Building image {request.label}",
                log=log,
                note=show,
                env=self.store.environment(),
            )
        for command in commands.seal_commands(self.store, request, id_file):
            process.run(command, what=f"Sealing image {request.label}", log=log, env=self.store.environment())
        return id_file.read_text(encoding="utf-8").strip()

    def _push(
        self, request: BuildRequest, scratch: Path, log: Path, note: process.Note, login: RegistryLogin | None
    ) -> str:
        note("pushing")
        digest_file = scratch / "digest"
        auth_file = _write_login(scratch, login) if login else None
        command = commands.push_command(self.store, request.image_name, digest_file, auth_file)
        process.run(command, what=f"Pushing image {request.label}", log=log, env=self.store.environment())
        reference = f"{request.repository}@{digest_file.read_text(encoding='utf-8').strip()}"
        if registry.holds(reference) is False:
            raise LocalError(f"The registry took {reference} and does not have it. Look at its log and run this again.")
        return reference

    def _read_record(self, request: BuildRequest) -> dict[str, str] | None:
        try:
            record: dict[str, str] = json.loads(self.store.record(request.label).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if record.get("imageName") == request.image_name else None

    def _write_record(self, request: BuildRequest, fingerprint: str, reference: str) -> None:
        path = self.store.record(request.label)
        fresh = path.with_suffix(".new")
        record = {"imageName": request.image_name, "fingerprint": fingerprint, "reference": reference}
        fresh.write_text(json.dumps(record), encoding="utf-8")
        fresh.replace(path)


def _copy_bundle(store: Store) -> None:
    """Give RUN steps the certificate bundle that this machine trusts; a copy, because a mount could be written to."""
    target = store.shared / "ca.pem"
    for name in (os.environ.get("SSL_CERT_FILE", ""), "/etc/ssl/certs/ca-certificates.crt"):
        if name and Path(name).is_file():
            shutil.copyfile(name, target)
            return
    target.unlink(missing_ok=True)


def _write_login(scratch: Path, login: RegistryLogin) -> Path:
    token = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    path = scratch / "auth.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"auths": {login.server: {"auth": token}}}), encoding="utf-8")
    return path


def _prune(store: Store) -> None:
    """Drop layers that no image uses once the storage has grown beyond its share."""
    root = store.storage / "root"
    measured = subprocess.run(["du", "-s", "--block-size=1", root], capture_output=True, text=True, check=False)
    size = int((measured.stdout.split() or ["0"])[0])
    if size > _KEPT_BYTES:
        subprocess.run(store.buildah("rmi", "--prune"), env=store.environment(), capture_output=True, check=False)
