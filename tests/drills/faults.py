"""Faults done to processes and networks of pods, from the machine that they run on."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.drills.stack import Pod
from tests.drills.waiting import DrillError

_TABLE = "drill"


def processes(container: str) -> list[int]:
    """Process ids on this machine of everything that runs in a container.

    Raises:
        DrillError: nothing does.
    """
    found = _in_groups([container])
    if not found:
        raise DrillError(f"nothing runs in container {container}")
    return found


def _in_groups(names: Iterable[str]) -> list[int]:
    """Process ids of everything in a control group that has one of the names: a container's id, a pod's uid."""
    wanted = re.compile("|".join(map(re.escape, names)))
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and wanted.search((entry / "cgroup").read_text()):
                found.append(int(entry.name))
    return sorted(found)


def processor_share(pod: Pod, container: str, seconds: float) -> float:
    """Share of a processor that everything in a container takes, watched for some seconds."""

    def used() -> float:
        total = 0.0
        for pid in processes(pod.containers[container]):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(psutil.Process(pid).cpu_times()[:2])
        return total

    before = used()
    time.sleep(seconds)
    return (used() - before) / seconds


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_container(pod: Pod, container: str) -> None:
    """Kill everything in a container at once."""
    send(signal.SIGKILL, processes(pod.containers[container]))


def kill_pods(pods: Iterable[Pod]) -> None:
    """Kill everything of many pods in one go, what holds their networks included: they come back with other addresses."""
    send(signal.SIGKILL, _in_groups(pod.uid for pod in pods))


def kill_server(pod: Pod, container: str, program: str) -> None:
    """Kill a server and leave what started it: the oldest process of that name in the container."""
    for pid in processes(pod.containers[container]):
        with contextlib.suppress(OSError):
            if (Path("/proc") / str(pid) / "comm").read_text().strip() == program:
                send(signal.SIGKILL, [pid])
                return
    raise DrillError(f"no process {program} in container {container} of {pod.name}")


@contextmanager
def frozen(pod: Pod, container: str) -> Generator[None]:
    """Stop everything in a container while the block runs: connections stay open and nobody answers."""
    identity = pod.containers[container]
    # Twice: what was started between looking and stopping.
    for _ in range(2):
        send(signal.SIGSTOP, processes(identity))
    try:
        yield
    finally:
        with contextlib.suppress(DrillError):
            send(signal.SIGCONT, processes(identity))


@contextmanager
def cut_off(pod: Pod, *only: str) -> Generator[None]:
    """Drop all packets of a pod but its own loopback while the block runs.

    Args:
        pod: whose network is cut.
        only: addresses; the pod is cut off from these alone.
    """
    rules = [f"ip daddr {address} drop" for address in only] or ['oif "lo" accept', "drop"]
    incoming = [f"ip saddr {address} drop" for address in only] or ['iif "lo" accept', "drop"]
    with _filtered(pod, {"output": rules, "input": incoming}):
        yield


@contextmanager
def refused(pod: Pod, port: int) -> Generator[None]:
    """Refuse the pod's new connections to a port by ICMP while the block runs, as a Service without pods does."""
    syn = f"tcp dport {port} tcp flags & (syn|ack) == syn"
    with _filtered(pod, {"output": [f"{syn} reject with icmpx type port-unreachable"]}):
        yield


@contextmanager
def _filtered(pod: Pod, chains: Mapping[str, list[str]]) -> Generator[None]:
    """Rules for what passes the hooks of a pod's network, while the block runs."""
    lines = [
        f"  chain {hook} {{ type filter hook {hook} priority 0; {'; '.join(rules)}; }}"
        for hook, rules in chains.items()
    ]
    table = "\n".join([f"table inet {_TABLE} {{", *lines, "}", ""])
    with network(pod) as held:
        enter = ["nsenter", f"--net=/proc/self/fd/{held}", "nft"]
        subprocess.run([*enter, "--file", "-"], input=table, text=True, check=True, pass_fds=(held,))
        try:
            yield
        finally:
            subprocess.run([*enter, "delete", "table", "inet", _TABLE], check=True, pass_fds=(held,))


@contextmanager
def network(pod: Pod) -> Generator[int]:
    """An open file of the pod's network, which stays although each process of the pod may end meanwhile.

    Raises:
        DrillError: nothing runs in the pod.
    """
    for pid in processes(next(iter(pod.containers.values()))):
        try:
            namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        except OSError:
            continue
        try:
            yield namespace
        finally:
            os.close(namespace)
        return
    raise DrillError(f"nothing runs any more in {pod.name}")
