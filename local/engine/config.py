"""Project and stack files, read as the Pulumi CLI reads them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import yaml

from local import paths
from local.engine.crypto import Crypter
from local.engine.errors import BadInputError

PASSPHRASE: Final = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105
PASSPHRASE_FILE: Final = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105
DISABLE_DEFAULT_PROVIDERS: Final = "pulumi:disable-default-providers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What `Pulumi.yaml` says.

    Attributes:
        root: its folder.
        program: the Python file to run.
        defaults: values that its `config` section gives for keys a stack leaves out.
    """

    name: str
    root: Path
    program: Path
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFile:
    """What `Pulumi.<stack>.yaml` says, secrets still encrypted.

    Attributes:
        salt_line: `encryptionsalt`, or "".
    """

    project: Project
    stack: str
    values: Mapping[str, Any]
    salt_line: str

    @property
    def has_secrets(self) -> bool:
        """Whether reading it takes the passphrase."""
        return any(_ciphertexts(value) for value in self.values.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """The configuration of a stack as its program gets it.

    Attributes:
        values: full key to text; objects as JSON.
        secret_keys: keys whose value holds a secret.
    """

    values: dict[str, str]
    secret_keys: frozenset[str]

    @property
    def disabled_default_providers(self) -> frozenset[str]:
        """Packages whose resources must name their provider; `*` for all."""
        return frozenset(json.loads(self.values.get(DISABLE_DEFAULT_PROVIDERS, "[]")))


def load_project(root: Path) -> Project:
    """Read `Pulumi.yaml`. Raises BadInputError when it is missing or wrong."""
    path = root / "Pulumi.yaml"
    body = _read(path, f"there is no Pulumi project in {root}: {path.name} is missing")
    name = body.get("name")
    if not isinstance(name, str) or not name:
        msg = f"{path}: name is missing"
        raise BadInputError(msg)
    main = root / str(body.get("main") or ".")
    return Project(
        name=name,
        root=root,
        program=main if main.suffix == ".py" else main / "__main__.py",
        defaults=_defaults(_mapping(path, "config", body.get("config"))),
    )


def _defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """A key is declared with a schema, or simply given a value."""
    defaults: dict[str, Any] = {}
    for key, declared in config.items():
        if not isinstance(declared, dict):
            defaults[key] = declared
            continue
        schema = cast("dict[str, Any]", declared)
        for word in ("value", "default"):
            if word in schema:
                defaults[key] = schema[word]
                break
    return defaults


def stack_names(folder: Path) -> list[str]:
    """The stacks that have a file in the folder."""
    files = folder.glob("Pulumi.*.yaml")
    return sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


def load_stack_file(project: Project, stack: str) -> StackFile:
    """Read `Pulumi.<stack>.yaml`. Raises BadInputError naming the stacks there are when it is missing."""
    path = paths.stack_files(project.root) / f"Pulumi.{stack}.yaml"
    there_are = ", ".join(stack_names(path.parent)) or "none"
    body = _read(path, f"there is no stack {stack!r}: {path.name} is missing (stacks here: {there_are})")
    provider = body.get("secretsprovider") or "passphrase"
    if provider != "passphrase":
        msg = f"{path}: secretsprovider {provider!r} needs the Pulumi CLI; here secrets are kept by passphrase"
        raise BadInputError(msg)
    return StackFile(
        project=project,
        stack=stack,
        values=_mapping(path, "config", body.get("config")),
        salt_line=str(body.get("encryptionsalt") or ""),
    )


def _read(path: Path, missing: str) -> dict[str, Any]:
    try:
        return _mapping(path, "the file", yaml.safe_load(path.read_text()))
    except FileNotFoundError as error:
        raise BadInputError(missing) from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f":{where.line + 1}" if where is not None else ""
        msg = f"{path}{line}: not valid YAML: {getattr(error, 'problem', None) or error}"
        raise BadInputError(msg) from error


def _mapping(path: Path, what: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        msg = f"{path}: {what} must be a mapping"
        raise BadInputError(msg)
    return {str(key): item for key, item in cast("dict[Any, Any]", value).items()}


def resolve(stack: StackFile, crypter: Crypter | None, overrides: Mapping[str, str] | None = None) -> StackConfig:
    """The configuration a program gets.

    Args:
        stack: the stack file.
        crypter: opens its secrets; may be None when it has none.
        overrides: full key to text, winning over the file.

    Raises:
        BadInputError: a secret cannot be opened.
    """
    project = stack.project.name
    merged = {_full_key(project, key): value for key, value in stack.project.defaults.items()}
    merged |= {_full_key(project, key): value for key, value in stack.values.items()}
    secret_keys = frozenset(key for key, value in merged.items() if _ciphertexts(value))
    values = {key: _text(_decrypted(key, value, crypter)) for key, value in merged.items()}
    given = {_full_key(project, key): value for key, value in (overrides or {}).items()}
    return StackConfig(values=values | given, secret_keys=secret_keys - given.keys())


def _full_key(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _is_ciphertext(value: Any) -> bool:
    return isinstance(value, dict) and cast("dict[str, Any]", value).keys() == {"secure"}


def _ciphertexts(value: Any) -> bool:
    if _is_ciphertext(value):
        return True
    if isinstance(value, dict):
        return any(_ciphertexts(item) for item in cast("dict[str, Any]", value).values())
    return isinstance(value, list) and any(_ciphertexts(item) for item in cast("list[Any]", value))


def _decrypted(key: str, value: Any, crypter: Crypter | None) -> Any:
    if _is_ciphertext(value):
        if crypter is None:
            msg = f"{key} is encrypted, and there is no passphrase: set {PASSPHRASE} or {PASSPHRASE_FILE}"
            raise BadInputError(msg)
        try:
            return crypter.decrypt(str(value["secure"]))
        except BadInputError as error:
            msg = f"{key}: {error}"
            raise BadInputError(msg) from error
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _decrypted(f"{key}.{name}", item, crypter) for name, item in fields.items()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_decrypted(f"{key}[{index}]", item, crypter) for index, item in enumerate(items)]
    return value


def _text(value: Any) -> str:
    """The CLI hands scalars on as text and everything else as JSON with sorted keys."""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def given_passphrase() -> str | None:
    """The passphrase from the environment, or None when none is given.

    Raises:
        BadInputError: the passphrase file cannot be read.
    """
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE]
    file = os.environ.get(PASSPHRASE_FILE)
    if not file:
        return None
    try:
        return Path(file).expanduser().read_text().strip()
    except OSError as error:
        msg = f"{PASSPHRASE_FILE}: {file} cannot be read: {error.strerror}"
        raise BadInputError(msg) from error
