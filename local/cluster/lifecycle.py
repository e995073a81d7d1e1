"""Bring the cluster up, mend it, stop it, remove it."""

import errno
import shutil
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from local import paths, toolchain
from local.cluster import addons, archives, cgroups, containers, health, host, preflight
from local.cluster.daemons import ORDER, daemons
from local.cluster.layout import REGISTRY_ADDRESS, Layout
from local.cluster.processes import Daemon, ProcessTable, end, log_tail
from local.errors import LocalError, PreflightError
from local.progress import Reporter, SilentReporter
from local.toolchain.debian import ensure_busybox

_LOCK_PATIENCE = 10.0
"""Seconds to wait for another command that is starting or stopping the cluster."""
_PATIENCE = 90.0
"""Seconds a program may take to answer, on a machine that is busy with other things."""
_HUNG = 20.0
"""Seconds after which a program that runs but does not answer is started anew."""
_READY = 180.0
"""Seconds the node and its add-ons may take."""
_POD_LOGS = (Path("/var/log/pods"), Path("/var/log/containers"))
"""Where kubelet keeps the logs of pods, on every machine."""
_STOP_GRACE = 20.0
"""Seconds that pods get to end by themselves when the cluster is stopped."""


Aside = Callable[[Reporter], AbstractContextManager[None]]
"""Work on the side: it goes on while the block runs."""


def up(layout: Layout, reporter: Reporter | None = None, aside: Aside | None = None) -> list[str]:
    """Start whatever does not run, until the node is Ready. Returns the programs that were started.

    May be run at any time: what is well stays untouched, what is dead or missing is made again.

    Args:
        layout: the cluster.
        reporter: where to report.
        aside: done while the cluster's programs are built, where they are not built yet.

    Raises:
        PreflightError: the machine does not allow it; nothing was begun.
        LocalError: a step failed; what was reached is kept and the next run goes on from there.
    """
    reporter = reporter or SilentReporter()
    with _lock():
        table = ProcessTable(layout.pids)
        sweep_strays(layout, table)
        cold = not all(toolchain.is_built(entry) for entry in toolchain.TOOLS)
        running = [name for name in ORDER if table.running(name)]
        preflight.check(running=running, cold=cold)
        toolchain.ensure_packages(reporter)
        with aside(reporter) if cold and aside else nullcontext():
            toolchain.build_all(reporter)
        ensure_busybox(reporter)
        images = archives.system_images(layout.bin)
        servers = host.nameservers()
        host.prepare(layout, pause_image=images["pause"].reference(), nameservers=servers)
        started = _start(layout, table, reporter, images, servers)
        with reporter.step("Waiting for the node") as step:
            step.note("node Ready")
            if not health.wait(lambda: health.node_ready(layout), seconds=_READY, pause=0.5):
                raise _not_ready(layout)
            step.note("names and storage")
            if not health.wait(lambda: not health.unavailable_addons(layout), seconds=_READY, pause=0.5):
                raise _addons_missing(layout)
        return started


def stop(layout: Layout, reporter: Reporter | None = None) -> None:
    """Stop everything and keep all data; `up` brings it back as it was."""
    down(layout, keep_data=True, reporter=reporter)


def down(layout: Layout, *, keep_data: bool, reporter: Reporter | None = None) -> list[str]:
    """End the cluster and leave nothing of it on the machine but files in the cache folder.

    Args:
        layout: the cluster.
        keep_data: whether volumes, database of objects, keys and pulled images stay; then pods get
            time to end by themselves.
        reporter: where to report.

    Returns:
        What is kept, one line each.

    Raises:
        LocalError: a process or a mount does not go away.
    """
    reporter = reporter or SilentReporter()
    with _lock():
        table = ProcessTable(layout.pids)
        with reporter.step("Stopping the cluster") as step:
            step.note("agents")
            for name in ("kubelet", "kube-scheduler", "kube-controller-manager"):
                table.stop(name)
            step.note("pods")
            containers.end_pods(grace=_STOP_GRACE if keep_data else 0)
            for name in reversed(ORDER):
                step.note(name)
                table.stop(name)
            sweep_strays(layout, table)
            _end_groups()
        with reporter.step("Clearing mounts and networks"):
            # A builder that was killed leaves mounts in its storage; a later build makes its own.
            images = () if keep_data else (paths.images(),)
            containers.unmount_below(layout.run, layout.root, *images)
            host.clear(layout)
        if not keep_data:
            with reporter.step("Removing the cluster's data"):
                for folder in (layout.root, *_POD_LOGS):
                    if folder.exists():
                        shutil.rmtree(folder)
        return kept(layout)


def _start(
    layout: Layout,
    table: ProcessTable,
    reporter: Reporter,
    images: dict[str, archives.SystemImage],
    nameservers: list[str],
) -> list[str]:
    """Start the programs in their order, and what must be done in between."""
    started: list[str] = []
    for name, daemon in daemons(layout).items():
        # Asked again for each: a configuration may have changed while others started.
        with reporter.step(f"Starting {name}") if not _well(layout, table, daemon) else _nothing():
            if _bring(layout, table, daemon):
                started.append(name)
        if name == "containerd":
            _import_images(layout, images, reporter)
        if name == "kube-apiserver":
            addons.apply(layout, addons.render(layout, images, nameservers))
    return started


def _well(layout: Layout, table: ProcessTable, daemon: Daemon) -> bool:
    record = table.running(daemon.name)
    return record is not None and record.fingerprint == daemon.fingerprint() and health.answers(layout, daemon.name)


def _bring(layout: Layout, table: ProcessTable, daemon: Daemon) -> bool:
    """Make one program run and answer. Returns whether it was started."""
    started = table.ensure(daemon)
    if _wait_for(layout, table, daemon, _PATIENCE if started else _HUNG):
        return started
    if not started:
        table.stop(daemon.name, grace=3)
        table.ensure(daemon)
        if _wait_for(layout, table, daemon, _PATIENCE):
            return True
    state = "does not answer" if table.running(daemon.name) else "ended"
    raise LocalError(f"{daemon.name} was started and {state}. Its last lines:\n{log_tail(daemon.log)}")


def _wait_for(layout: Layout, table: ProcessTable, daemon: Daemon, seconds: float) -> bool:
    record = table.running(daemon.name)
    if record:
        cgroups.enter(record.pid)
    answered = False

    def settled() -> bool:
        nonlocal answered
        answered = health.answers(layout, daemon.name)
        return answered or table.running(daemon.name) is None

    health.wait(settled, seconds=seconds)
    return answered and table.running(daemon.name) is not None


def _import_images(layout: Layout, images: dict[str, archives.SystemImage], reporter: Reporter) -> None:
    missing = containers.missing_images(layout, images)
    if missing:
        with reporter.step(f"Packing {', '.join(image.name for image in missing)}"):
            containers.import_images(layout, missing)


def _end_groups() -> None:
    for group in cgroups.GROUPS:
        left = cgroups.kill(group)
        if left:
            raise LocalError(f"Processes {sorted(left)} do not end, even when killed. Restart the machine.")


def sweep_strays(layout: Layout, table: ProcessTable) -> None:
    """End our own programs that no pid file knows: a start was killed before it could write one."""
    known = {record.pid for name in ORDER if (record := table.running(name))}
    programs = {str(layout.bin / name) for name in ORDER}
    strays: list[int] = []
    for process in psutil.process_iter():
        try:
            program = process.exe().removesuffix(" (deleted)")
        except psutil.Error:
            continue
        if program in programs and process.pid not in known:
            strays.append(process.pid)
    if strays:
        end(strays, grace=10)


def _not_ready(layout: Layout) -> LocalError:
    return LocalError(
        f"The node did not become Ready in {_READY:.0f} s. Kubelet's last lines:\n"
        f"{log_tail(layout.logs / 'kubelet.log')}"
    )


def _addons_missing(layout: Layout) -> LocalError:
    missing = ", ".join(health.unavailable_addons(layout))
    return LocalError(
        f"{missing} did not become available in {_READY:.0f} s. Look with `kubectl --kubeconfig "
        f"{layout.kubeconfig} describe pods -A`. Kubelet's last lines:\n{log_tail(layout.logs / 'kubelet.log')}"
    )


def kept(layout: Layout) -> list[str]:
    """What lies in the cache folder now, one line each."""
    candidates = {
        "programs of the cluster": layout.bin,
        f"image registry (served at {REGISTRY_ADDRESS} while up)": layout.registry,
        "image builder's cache": paths.images(),
        "cluster data": layout.root,
        "logs": layout.logs,
    }
    return [f"{what}: {folder}" for what, folder in candidates.items() if folder.exists()]


@contextmanager
def _lock() -> Generator[None]:
    folder = paths.cache_root()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "cluster.lock", timeout=_LOCK_PATIENCE):
            yield
    except Timeout as error:
        raise PreflightError(
            "Another command is starting or stopping the cluster. Wait for it, then run this again."
        ) from error
    except OSError as error:
        raise LocalError(_told(error)) from error


def _told(error: OSError) -> str:
    """An error of the system as a message with a way out."""
    where = f" ({error.filename})" if error.filename else ""
    what = f"{error.strerror or error}{where}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {what} Free some, then run the same command again; nothing is lost."
    return f"The machine refused: {what} Mend that, then run the same command again."


@contextmanager
def _nothing() -> Generator[None]:
    yield
