"""Opens a stack: its files, its secrets, its state."""

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import paths
from local.engine import config as configuration
from local.engine.backend import StackStore, backend_root, write_whole
from local.engine.config import Project, StackConfig, StackFile
from local.engine.crypto import Crypter, new_crypter, open_crypter
from local.engine.errors import BadInputError
from local.engine.state import Snapshot, StateWriter, parse_snapshot, salt_of

_PASSPHRASE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An opened stack.

    Attributes:
        crypter: opens and closes the secrets of its state.
        snapshot: the state as it was found.
    """

    project: Project
    stack: str
    config: StackConfig
    store: StackStore
    crypter: Crypter
    snapshot: Snapshot

    def writer(self) -> "StateKeeper":
        """What keeps new states of this stack."""
        return StateKeeper(self.store, StateWriter(self.store.whole_name, self.crypter))


@dataclass(frozen=True, slots=True)
class StateKeeper:
    """Writes states of one stack to its file."""

    store: StackStore
    writer: StateWriter

    def __call__(self, snapshot: Snapshot) -> None:
        """Keep `snapshot` for good."""
        self.store.write(self.writer.text(snapshot))


def passphrase() -> str:
    """The passphrase from the environment, or else this machine's own, made on first use."""
    given = configuration.given_passphrase()
    if given is not None:
        return given
    path = paths.state() / "passphrase"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    made = secrets.token_urlsafe(_PASSPHRASE_BYTES)
    write_whole(path, made + "\n")
    return made


def open_session(stack: str, *, root: Path, overrides: Mapping[str, str] | None = None) -> Session:
    """Open a stack.

    Raises:
        BadInputError: the stack has no file, the passphrase is wrong, or its state cannot be read.
    """
    project = configuration.load_project(root)
    stack_file = configuration.load_stack_file(project, stack)
    store = StackStore(backend_root(), project.name, stack)
    text = store.read()
    crypter = _crypter(stack_file, salt_of(text) if text else "")
    try:
        snapshot = parse_snapshot(text, crypter) if text else Snapshot()
    except BadInputError as error:
        msg = f"{store.file}: {error}"
        raise BadInputError(msg) from error
    return Session(
        project=project,
        stack=stack,
        config=configuration.resolve(stack_file, _config_crypter(stack_file, crypter), overrides),
        store=store,
        crypter=crypter,
        snapshot=snapshot,
    )


def _crypter(stack_file: StackFile, state_salt: str) -> Crypter:
    """Of the state; a new stack takes over the salt of its file, and only its state gets a new one."""
    salt_line = state_salt or stack_file.salt_line
    return open_crypter(passphrase(), salt_line) if salt_line else new_crypter(passphrase())


def _config_crypter(stack_file: StackFile, crypter: Crypter) -> Crypter | None:
    if not stack_file.has_secrets:
        return None
    if not stack_file.salt_line:
        msg = f"Pulumi.{stack_file.stack}.yaml holds encrypted values, but no encryptionsalt to open them with"
        raise BadInputError(msg)
    if stack_file.salt_line == crypter.salt_line:
        return crypter
    return open_crypter(passphrase(), stack_file.salt_line)
