"""Build tools from their Go modules, once per content of their pins."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock

from local import paths
from local.errors import LocalError, PreflightError
from local.progress import Reporter, SilentReporter, Step
from local.toolchain.table import C_FOLDER, PAUSE, TOOLS, Tool, bin_folder, tool_version

GIB = 1024**3
ROOM_TO_BUILD = 12 * GIB
"""Free disk a cold build needs, in bytes: 10.1 GiB at its peak on 2026-11-22, the images built beside it included."""
SIDE_BY_SIDE = 2
"""Tools built at the same time: one fetches its modules or links while the other compiles."""
_TAIL_LINES = 25
_LEAST_GO = (1, 21)
"""The first Go that fetches the version a go.mod asks for."""


def key(entry: Tool) -> str:
    """A hash of everything that decides the tool's programs, except Go itself."""
    digest = hashlib.sha256()
    for path in sorted(entry.folder.iterdir()):
        if path.suffix in (".mod", ".sum", ".go"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(repr((entry.programs, link_flags(entry), platform.machine())).encode())
    return digest.hexdigest()[:20]


def link_flags(entry: Tool) -> str:
    """The linker flags: no symbols, and the version where the module wants it set."""
    version = tool_version(entry)
    major, minor = version.removeprefix("v").split(".")[:2]
    stamps = [
        f"-X {variable}={value.format(version=version, major=major, minor=minor)}" for variable, value in entry.stamps
    ]
    return " ".join(["-s", "-w", *stamps])


def is_built(entry: Tool) -> bool:
    """Whether all programs of the tool are there, built from the present pins."""
    stamp = _stamp(entry.name)
    return (
        stamp.is_file()
        and stamp.read_text() == key(entry)
        and all((bin_folder() / program.name).is_file() for program in entry.programs)
    )


def build(entry: Tool, reporter: Reporter | None = None) -> bool:
    """Build one tool unless it is built. Returns whether there was anything to do.

    A build that failed or was killed may be run again; it goes on from what was compiled.

    Raises:
        PreflightError: no Go, or too little disk.
        LocalError: the build failed; the message holds the compiler's last lines.
    """
    return bool(_build_missing([entry], reporter or SilentReporter()))


def build_all(reporter: Reporter | None = None, tools: Iterable[Tool] = TOOLS) -> list[str]:
    """Build what is missing, some at the same time, then drop the scratch space. Returns the names of what was built.

    Raises:
        PreflightError: no Go, or too little disk.
        LocalError: builds that failed, all of them in one message; what did not fail is built.
    """
    built = _build_missing(tools, reporter or SilentReporter())
    built += [PAUSE] if build_pause(reporter) else []
    drop_scratch()
    return built


def _build_missing(tools: Iterable[Tool], reporter: Reporter) -> list[str]:
    """Build those that are not built, in their order. Returns their names."""
    _work().mkdir(parents=True, exist_ok=True)
    with FileLock(_work() / "lock", thread_local=False):
        missing = [entry for entry in tools if not is_built(entry)]
        if not missing:
            return []
        go = _require_go()
        _require_room()

        def build_one(entry: Tool) -> LocalError | None:
            try:
                with reporter.step(f"Building {entry.name} {tool_version(entry)}") as step:
                    _build(go, entry, step)
            except LocalError as error:
                return error
            return None

        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE, thread_name_prefix="tool") as pool:
            failed = [error for error in pool.map(build_one, missing) if error]
    if failed:
        raise LocalError("\n".join(dict.fromkeys(map(str, failed))))
    return [entry.name for entry in missing]


def build_pause(reporter: Reporter | None = None) -> bool:
    """Compile the parent process of pods, statically, so that it costs next to no memory."""
    source = C_FOLDER / "pause.c"
    digest = hashlib.sha256(source.read_bytes() + platform.machine().encode()).hexdigest()
    target, stamp = bin_folder() / PAUSE, _stamp(PAUSE)
    if target.is_file() and stamp.is_file() and stamp.read_text() == digest:
        return False
    reporter = reporter or SilentReporter()
    with reporter.step("Building pause"):
        bin_folder().mkdir(parents=True, exist_ok=True)
        fresh = bin_folder() / f".{PAUSE}.new"
        _run(["gcc", "-Os", "-static", "-Wall", "-s", "-o", str(fresh), str(source)], C_FOLDER, dict(os.environ))
        fresh.replace(target)
        stamp.write_text(digest)
    return True


def drop_scratch() -> None:
    """Remove downloaded modules and compiled objects; finished programs stay."""
    work = _work()
    if not work.is_dir():
        return
    with FileLock(work / "lock"):
        for child in work.iterdir():
            if child.is_dir():
                shutil.rmtree(child, ignore_errors=True)


def _work() -> Path:
    return paths.toolchain() / "work"


def _stamp(name: str) -> Path:
    return bin_folder() / f".{name}.key"


def go_faults() -> list[str]:
    """What is wrong with the Go of this machine, as messages."""
    advice = (
        f"Install Go {_LEAST_GO[0]}.{_LEAST_GO[1]} or newer (it fetches the exact version itself) and put `go` on PATH."
    )
    go = shutil.which("go")
    if not go:
        return [f"Go is missing: the cluster's programs are built from source. {advice}"]
    # `local`: a question must not make Go fetch another version of itself.
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    asked = subprocess.run([go, "env", "GOVERSION"], env=environment, capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", asked.stdout.strip())
    if found and (int(found.group(1)), int(found.group(2))) < _LEAST_GO:
        return [f"{go} is {asked.stdout.strip()}, which is too old. {advice}"]
    return []


def _require_go() -> str:
    faults = go_faults()
    if faults:
        raise PreflightError(faults[0])
    return "go"


def _require_room() -> None:
    free = shutil.disk_usage(_work()).free
    if free < ROOM_TO_BUILD:
        raise PreflightError(
            f"Too little disk to build the cluster's programs: {free / GIB:.1f} GiB free at {_work()}, "
            f"{ROOM_TO_BUILD / GIB:.0f} GiB needed while building. "
            f"Free some, or set {paths.CACHE_VARIABLE} to a folder on a larger disk."
        )


def _environment(entry: Tool) -> dict[str, str]:
    work = _work()
    return os.environ | {
        "GOMODCACHE": str(work / entry.name / "mod"),
        "GOCACHE": str(work / "objects"),
        "GOFLAGS": "-modcacherw -buildvcs=false -mod=readonly",
        "GOTOOLCHAIN": "auto",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }


def _build(go: str, entry: Tool, step: Step) -> None:
    environment = _environment(entry)
    packages = [program.package for program in entry.programs]
    step.note("fetching modules")
    # One listing fetches every module and tells how much there is to compile.
    listed = _run([go, "list", "-deps", *packages], entry.folder, environment)
    total = len(listed.splitlines())
    out = _work() / entry.name / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    flags = ["-v", "-trimpath", "-ldflags", link_flags(entry), "-o", f"{out}/"]
    _compile([go, "build", *flags, *packages], entry, environment, total, step)
    _install(entry, out)
    shutil.rmtree(_work() / entry.name, ignore_errors=True)


def _compile(command: list[str], entry: Tool, environment: dict[str, str], total: int, step: Step) -> None:
    """Run `go build -v`, which names each package as it is compiled, on standard error."""
    tail: list[str] = []
    done = 0
    with subprocess.Popen(
        command,
        cwd=entry.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stderr is None:  # pragma: no cover - PIPE was asked for
            raise LocalError("go build gave no output to read")
        for line in process.stderr:
            tail = [*tail[-_TAIL_LINES:], line.rstrip()]
            done += 1
            step.note(f"{min(done, total)} of {total} packages")
    if process.returncode:
        raise _failed(f"Building {entry.name}", "\n".join(tail))


def _install(entry: Tool, out: Path) -> None:
    """Move the programs into place, each atomically, and only then write the key."""
    folder = bin_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stamp = _stamp(entry.name)
    stamp.unlink(missing_ok=True)
    for program in entry.programs:
        (out / program.built_as).replace(folder / program.name)
    fresh = stamp.with_suffix(".new")
    fresh.write_text(key(entry))
    fresh.replace(stamp)


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise _failed(" ".join(command[:3]), result.stderr)
    return result.stdout


def _failed(what: str, output: str) -> LocalError:
    # Go repeats itself once per package that it could not load.
    lines = list(dict.fromkeys(output.strip().splitlines()))
    tail = "\n".join(lines[-_TAIL_LINES:])
    if any(sign in output for sign in ("dial tcp", "no such host", "i/o timeout", "network is unreachable")):
        return LocalError(
            f"{what} failed: the Go module proxy could not be reached, and the cache does not hold "
            f"what is needed. Check the network (and GOPROXY), then run the same command again.\n{tail}"
        )
    return LocalError(f"{what} failed. What was compiled so far is kept; run it again.\n{tail}")
