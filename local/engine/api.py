"""What the command line calls: preview, up, destroy, refresh, outputs."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from local import paths
from local.engine import deletion, recovery
from local.engine import urn as urns
from local.engine.analyzer import Policies, PolicyPack, Surroundings
from local.engine.deployment import Deployment
from local.engine.display import Silent
from local.engine.errors import EngineError, InterruptedRunError
from local.engine.events import Op, Step, Watcher
from local.engine.goal import Registrar
from local.engine.ledger import Ledger
from local.engine.monitor import ProgramContext
from local.engine.packages import Packages
from local.engine.program import run_program
from local.engine.providers.base import Properties, Provider, ProviderError
from local.engine.run import Run, StepFailedError
from local.engine.session import Session, open_session
from local.engine.values import mask, unwrap


class Host(Protocol):
    """See `run_program`."""

    def __call__(
        self,
        program: Path,
        *,
        root: Path,
        context: ProgramContext,
        registrar: Registrar,
        on_message: Callable[[str, str], None] | None = None,
    ) -> None:
        """Run the program to its end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run.

    Attributes:
        project_dir: folder of `Pulumi.yaml`; this checkout when left out.
        program: another program than the project's own.
        config: values that win over the stack file, by key.
        watcher: is told of everything as it happens.
        policies: packs that judge every resource before it is touched.
        packages: resource packages beside the built-in ones.
        host: runs the program; a process of its own when left out.
    """

    project_dir: Path = field(default_factory=paths.checkout)
    program: Path | None = None
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    watcher: Watcher = field(default_factory=Silent)
    policies: tuple[PolicyPack, ...] = ()
    packages: Mapping[str, Callable[[], Provider]] = field(default_factory=dict[str, Callable[[], Provider]])
    host: Host = run_program


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run ended.

    Attributes:
        exit_code: 0 done, 1 a step failed, 2 bad input, 130 interrupted.
        error: what went wrong, or "".
        counts: finished steps by kind.
        steps: they themselves.
        outputs: of the stack, secrets wrapped.
        seconds: it took.
    """

    exit_code: int
    error: str
    counts: Mapping[Op, int]
    steps: tuple[Step, ...]
    outputs: Properties
    seconds: float

    @property
    def changes(self) -> int:
        """How many steps changed something."""
        return sum(count for op, count in self.counts.items() if op not in {Op.SAME, Op.READ})


def preview(stack: str, options: Options) -> Result:
    """Work out what `up` would do. Touches nothing."""
    return _perform("preview", stack, options, _deploy, preview=True)


def up(stack: str, options: Options) -> Result:
    """Bring the stack to what its program says."""
    return _perform("update", stack, options, _deploy)


def destroy(stack: str, options: Options, *, preview: bool = False) -> Result:
    """Delete everything of the stack; refuses before the first step when something is protected."""
    return _perform("destroy", stack, options, _destroy, preview=preview)


def refresh(stack: str, options: Options) -> Result:
    """Make the state say what really exists."""
    return _perform("refresh", stack, options, _refresh)


def outputs(stack: str, *, project_dir: Path | None = None, show_secrets: bool = False) -> Properties:
    """What the stack's program exported the last time it ran, plain.

    Raises:
        BadInputError: the stack cannot be opened.
    """
    session = open_session(stack, root=project_dir or paths.checkout())
    for state in session.snapshot.resources:
        if state.type == urns.STACK_TYPE:
            return unwrap(state.outputs) if show_secrets else mask(state.outputs)
    return {}


Body = Callable[[Session, Run, Options], Properties]


def _perform(kind: str, stack: str, options: Options, body: Body, *, preview: bool = False) -> Result:
    """Open the stack, hold it, do the work, and say how it ended."""
    begun = time.monotonic()
    run: Run | None = None
    found: Properties = {}
    code, message = 0, ""
    try:
        with contextlib.ExitStack() as held:
            session, run = _open(held, stack, options, preview=preview)
            with _stoppable(run):
                found = _bookkeeping(kind, session, run, options, body)
    except StepFailedError:
        code, message = _after_failure(run)
    except (EngineError, ProviderError) as error:
        message = str(error)
        code = error.exit_code if isinstance(error, EngineError) else EngineError.exit_code
        options.watcher.message("error", message)
    return Result(
        exit_code=code,
        error=message,
        counts=dict(run.counts) if run else {},
        steps=tuple(run.steps) if run else (),
        outputs=found,
        seconds=time.monotonic() - begun,
    )


def _after_failure(run: Run | None) -> tuple[int, str]:
    """Steps that ended because the user asked to stop are no failure."""
    failures = run.failures if run else []
    if run is not None and run.cancelled.is_set():
        return InterruptedRunError.exit_code, "\n".join(["stopped before the end, as asked", *failures])
    return EngineError.exit_code, "\n".join(failures)


def _open(held: contextlib.ExitStack, stack: str, options: Options, *, preview: bool) -> tuple[Session, Run]:
    session = open_session(stack, root=options.project_dir, overrides=options.config)
    if not preview:
        held.enter_context(session.store.lock(lambda text: options.watcher.message("warning", text)))
        # Somebody may have finished between the first look and the lock.
        session = open_session(stack, root=options.project_dir, overrides=options.config)
        session.store.prepare()
    run = Run(
        stack=stack,
        project=session.project.name,
        preview=preview,
        ledger=Ledger(session.snapshot, None if preview else session.writer()),
        packages=Packages(options.packages),
        watcher=options.watcher,
        disabled_providers=session.config.disabled_default_providers,
    )
    return session, run


def _bookkeeping(kind: str, session: Session, run: Run, options: Options, body: Body) -> Properties:
    """Do the work; whatever happens, the state is written and the history gets its entry."""
    started = int(time.time())
    result = "failed"
    try:
        deletion.provider_settings(run, session.snapshot.resources)
        recovery.recover(run, session.snapshot.pending)
        found = body(session, run, options)
        result = "succeeded"
    finally:
        run.ledger.keep()
        if not run.preview:
            session.store.remember(
                {
                    "kind": kind,
                    "startTime": started,
                    "message": "",
                    "environment": {"exec.kind": "airflow-platform"},
                    "config": {},
                    "version": 0,
                    "result": result,
                    "endTime": int(time.time()),
                    "resourceChanges": {op.value: count for op, count in run.counts.items()},
                }
            )
    return found


def _deploy(session: Session, run: Run, options: Options) -> Properties:
    with contextlib.ExitStack() as held:
        policies = held.enter_context(_policies(session, run, options)) if options.policies else None
        deployment = Deployment(run, policies.check if policies else None)
        options.host(
            options.program or session.project.program,
            root=session.project.root,
            context=ProgramContext(
                project=session.project.name,
                stack=session.stack,
                config=session.config.values,
                secret_keys=session.config.secret_keys,
                dry_run=run.preview,
            ),
            registrar=deployment,
            on_message=run.watcher.message,
        )
        run.refuse_when_over()
        if policies:
            policies.check_stack()
        leftovers = run.ledger.olds()
        deletion.refuse_protected(leftovers)
        deletion.delete_all(run, leftovers)
        return deployment.stack_outputs


def _policies(session: Session, run: Run, options: Options) -> Policies:
    surroundings = Surroundings(
        project=session.project.name,
        stack=session.stack,
        config=session.config.values,
        secret_keys=session.config.secret_keys,
        preview=run.preview,
    )
    return Policies(options.policies, surroundings, run.watcher)


def _destroy(session: Session, run: Run, options: Options) -> Properties:
    del session, options
    states = run.ledger.olds()
    deletion.refuse_protected(states)
    deletion.delete_all(run, states)
    return {}


def _refresh(session: Session, run: Run, options: Options) -> Properties:
    del session, options
    recovery.refresh(run)
    return {}


@contextlib.contextmanager
def _stoppable(run: Run) -> Generator[None]:
    """The first Ctrl-C (or SIGTERM) lets running steps finish; the second ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        if run.cancelled.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        run.cancelled.set()
        text = "stopping: steps under way are finished first; once more ends at once"
        threading.Thread(target=run.watcher.message, args=("warning", text), daemon=True).start()

    numbers = (signal.SIGINT, signal.SIGTERM)
    former: dict[int, Any] = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if run.cancelled.is_set():
        msg = "stopped, as asked; the stack had already reached its goal"
        raise InterruptedRunError(msg)
