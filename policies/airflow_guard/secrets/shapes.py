"""How secrets look: their names, and their shape in texts."""

import re
from collections.abc import Iterator

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_NAME = re.compile(
    r"(password|passwd|passphrase|token|secret|(^|_)pass|(^|_)pwd|credentials?"
    r"|(^|_)(api|access|secret|private|fernet|encryption|encrypt|signing|auth|master|webserver_secret)_?key"
    r"|requirepass|masterauth|masterpass)s?$"
)
_BACKEND_REFERENCE = re.compile(r"^airflow__.*(sql_alchemy_conn|broker_url|result_backend|_key|password|token)_secret$")
_PLACEHOLDER = re.compile(r"\$\(|\$\{|\$[A-Za-z_]|%\(|\{\{|^\{.*\}$|^<.*>$|^\*+$|^x+$|^\[.*\]$")
_HARMLESS = frozenset({"", "true", "false", "yes", "no", "on", "off", "none", "null", "~", "required", "optional"})
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^\s:/@'\"<>]*):([^\s/@'\"]+)@[^\s]")
_ASSIGNMENT = re.compile(
    r"^\s*(?:-\s+)?(?:export\s+|set\s+)?[\"']?(?P<key>[A-Za-z][\w.-]*)[\"']?\s*[=:]\s*(?P<value>.+?)\s*,?\s*$"
)
_DIRECTIVE = re.compile(r"^\s*(?P<key>requirepass|masterauth|sentinel\s+auth-pass\s+\S+)\s+(?P<value>\S+)\s*$")
_USER_LINE = re.compile(r'^\s*"(?P<key>[^"]+)"\s+"(?P<value>[^"]*)"\s*$')
_FLAG = re.compile(r"(?:^|[\s;&|(])-{1,2}(?P<key>[A-Za-z][\w-]*)(?:=|\s+)(?P<value>[^\s-]\S*)")
_CLI_PASSWORD = re.compile(r"\b(?:redis|valkey)-cli\b[^\n;|&]*\s-a\s+(?P<value>\S+)")
_HASH = re.compile(r"^(md5[0-9a-f]{32}|SCRAM-SHA-256\$.*|\$2[aby]\$.*|\$argon2.*|\$apr1\$.*)$")
_EXPRESSION = re.compile(r"[\s(){}\[\]$<>`|]")
_SHAPES = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
}


def is_secret_name(name: str) -> bool:
    """The name of something secret. `..._FILE`, `..._CMD` and the like name a place, not the secret."""
    plain = re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", name).lower()).strip("_")
    if name.upper().startswith("AIRFLOW__") and _BACKEND_REFERENCE.match(name.lower()):
        return False
    return bool(_SECRET_NAME.search(plain))


def is_literal(value: str) -> bool:
    """The value stands for itself: no placeholder, path, switch or small number."""
    text = value.strip()
    if text.lower() in _HARMLESS or _PLACEHOLDER.search(text):
        return False
    return not text.startswith(("/", "./", "~/", "file:")) and not (text.isdigit() and len(text) < 6)


def url_passwords(text: str) -> Iterator[tuple[str, str]]:
    """User and literal password of every URL in the text."""
    for user, password in _URL_PASSWORD.findall(text):
        if is_literal(password):
            yield user, password


def shapes(text: str) -> Iterator[str]:
    """What the text holds that is a secret by its looks alone."""
    for name, pattern in _SHAPES.items():
        if pattern.search(text):
            yield name


def assignments(text: str) -> Iterator[tuple[str, str]]:
    """Names and literal values of secrets in a configuration file, in any of the usual notations."""
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";", "//")):
            continue
        yield from _in_line(line)


def flags(command: str) -> Iterator[tuple[str, str]]:
    """Names and literal values of secrets among the words of a command."""
    for match in _FLAG.finditer(command):
        if is_secret_name(match["key"]) and is_literal(_unquoted(match["value"])):
            yield match["key"], _unquoted(match["value"])
    for match in _CLI_PASSWORD.finditer(command):
        if is_literal(_unquoted(match["value"])):
            yield "a", _unquoted(match["value"])


def user_lines(text: str) -> Iterator[tuple[str, str]]:
    """Users and passwords in the notation of PgBouncer's `userlist.txt`, hashes left out."""
    for line in text.splitlines():
        match = _USER_LINE.match(line)
        if match and match["value"] and not _HASH.match(match["value"]):
            yield match["key"], match["value"]


def _in_line(line: str) -> Iterator[tuple[str, str]]:
    directive = _DIRECTIVE.match(line)
    if directive and is_literal(_unquoted(directive["value"])):
        yield directive["key"].split()[0], _unquoted(directive["value"])
        return
    match = _ASSIGNMENT.match(line)
    if not match or not is_secret_name(match["key"].rpartition(".")[2]):
        return
    raw = match["value"]
    quoted = len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'"
    value = _unquoted(raw)
    if is_literal(value) and (quoted or not _EXPRESSION.search(value)) and not _HASH.match(value):
        yield match["key"], value


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'")
