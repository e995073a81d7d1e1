"""Airflow's long-running processes: what each runs, how it is probed, how long it may take to stop."""

from dataclasses import replace

import pulumi_kubernetes as k8s

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import TASK_POD_FILE, config_files
from components.airflow_core.manifests.autoscaler import scaled
from components.contract import airflow, bundles, names, task_logs, tasks
from components.contract.airflow_pods import (
    Probes,
    Process,
    connected_probe,
    http_probe,
    startup_probe,
    turning_probe,
)
from components.contract.endpoints import TaskPodsEndpoint
from components.contract.labels import TASK_SECRETS_ANNOTATION
from settings.airflow import ProcessSettings
from settings.base import Resources
from settings.bundle_proofs import IMAGE_BUNDLE
from settings.bundles import BundleProcessorSettings, BundleSettings
from settings.executor import Executor
from settings.platform_settings import PlatformSettings
from settings.quantities import parse_bytes

COMPONENT = "airflow-core"

GRACE_SECONDS = 60
"""For open requests, a scheduling loop, a parse or a trigger to end."""

STOP_DELAY_SECONDS = 5

HUNG_GRACE_SECONDS = 10
"""For an api-server that answers no probe: it would not end by itself either, and its clients wait for the next one."""

SHARE_OF_ONE_FILE = 0.6
"""Of the dag-processor's memory that each of its processes may take. The main one takes 180 MiB, which those that read files
begin with; two files are read at once."""

_OWN_NUMBER = {"pulumi.com/patchForce": "true"}
"""Whoever was stopped comes back with the number of pods that the stack file says, whoever wrote another one since."""

CORE_HEALTH = "/api/v2/version"
EXECUTION_HEALTH = "/execution/health"


def taken_away(settings: PlatformSettings) -> tuple[str, ...]:
    """Who reads and writes the tables by itself, and is stopped while they change.

    The api-servers stay: tasks that run tell them how they fare.
    """
    readers = (names.dag_processor(bundle) for bundle in sorted(settings.airflow.bundles))
    return (names.SCHEDULER, names.DAG_PROCESSOR, names.TRIGGERER, *readers)


def processes(args: AirflowCoreArgs) -> tuple[Process, ...]:
    """Every long-running process of the component; who runs tasks or makes pods for them comes after the execution API."""
    readers = (bundle_processor(args, *found) for found in sorted(args.settings.airflow.bundles.items()))
    others = (dag_processor(args), *readers, triggerer(args), api_core(args), api_execution(args))
    if args.settings.airflow.executor is Executor.CELERY:
        return (scheduler(args), *others)
    return (*others, scheduler(args))


def scheduler(args: AirflowCoreArgs) -> Process:
    """Decides what runs and hands it to the executor; several share the work by row locks."""
    health = http_probe("/health", "health", period=30, failures=2)
    process = replace(
        _process(args, names.SCHEDULER, args.settings.airflow.scheduler),
        command=("airflow", "scheduler"),
        ports={"health": airflow.SCHEDULER_HEALTH_PORT},
        probes=Probes(
            # The page asks the database, so it tells readiness and never liveness.
            startup=startup_probe(health),
            readiness=health,
            liveness=turning_probe(),
        ),
    )
    if args.task_pods is not None:
        return _making_pods(process, args.task_pods)
    return _running_tasks(process, args.settings) if args.settings.airflow.executor is Executor.LOCAL else process


def _making_pods(process: Process, pods: TaskPodsEndpoint) -> Process:
    """The same that makes pods for tasks: it reads their template anew for each."""
    return replace(
        process,
        asks_kubernetes=True,
        rendered={TASK_POD_FILE: pods.template},
        pod_annotations={TASK_SECRETS_ANNOTATION: pods.secrets_version},
    )


def _running_tasks(process: Process, settings: PlatformSettings) -> Process:
    """The same with tasks inside: it has what a worker has for them, and stops when the last of them has ended.

    The signal goes to the main process alone, which starts nothing more and waits for what runs.
    """
    longest = settings.airflow.local.longest_task_seconds
    return replace(
        process,
        grace_seconds=tasks.grace_seconds(longest),
        ports={**process.ports, "logs": airflow.WORKER_LOG_PORT},
        # An image whose init is dumb-init would pass the stop signal on to every running task.
        environment={"DUMB_INIT_SETSID": "0", **(bundles.ENVIRONMENT if settings.airflow.bundles else {})},
        bundle_size=bundles.storage(settings.airflow.bundles),
        pod_annotations=tasks.pod_annotations(longest),
        log_size="2Gi",
    )


def dag_processor(args: AirflowCoreArgs) -> Process:
    """Parses the DAG files of the image and writes what it finds to the database."""
    alone = ("--bundle-name", IMAGE_BUNDLE) if args.settings.airflow.bundles else ()
    own = args.settings.airflow.dag_processor
    return replace(
        _process(args, names.DAG_PROCESSOR, own),
        command=_reading(own.resources, *alone),
        probes=_connected_to_database(),
    )


def bundle_processor(args: AirflowCoreArgs, name: str, bundle: BundleSettings) -> Process:
    """Fetches the DAG files of one bundle from Git and parses them."""
    return replace(
        _process(args, names.dag_processor(name), bundle.dag_processor),
        command=_reading(bundle.dag_processor.resources, "--bundle-name", name),
        probes=_connected_to_database(),
        environment=bundles.ENVIRONMENT,
        bundle_size=bundles.storage({name: bundle}),
    )


def _reading(own: Resources, *which: str) -> tuple[str, ...]:
    """The command that reads DAG files.

    It reads them itself and in processes of its own. The kernel would end all of them for one that takes more memory than
    the pod has, again and again; where each may take a share alone, only that one file is not read.
    """
    share = int(parse_bytes(own.limits.memory) * SHARE_OF_ONE_FILE)
    return ("prlimit", f"--data={share}", "airflow", "dag-processor", *which)


def triggerer(args: AirflowCoreArgs) -> Process:
    """Waits on behalf of deferred tasks and serves their logs."""
    return replace(
        _process(args, names.TRIGGERER, args.settings.airflow.triggerer),
        command=("airflow", "triggerer"),
        ports={"logs": airflow.TRIGGERER_LOG_PORT},
        probes=_connected_to_database(),
    )


def api_core(args: AirflowCoreArgs) -> Process:
    """User interface and public API."""
    base = _process(args, names.API_CORE, args.settings.airflow.api_core)
    # What a running task says that has a pod of its own.
    return replace(_api(base, "core", CORE_HEALTH), asks_kubernetes=args.task_pods is not None)


def api_execution(args: AirflowCoreArgs) -> Process:
    """The task execution API, for workers."""
    base = _process(args, names.API_EXECUTION, args.settings.airflow.api_execution)
    return _api(base, "execution", EXECUTION_HEALTH)


def _api(base: Process, app: str, health: str) -> Process:
    def probe(period: int, failures: int) -> k8s.core.v1.ProbeArgs:
        return http_probe(health, "https", scheme="HTTPS", period=period, failures=failures)

    # Clients of the execution API bear 200 s without an answer: one that hangs is gone after 170 s, and starts in 30 s.
    alive = probe(30, 5)
    alive.termination_grace_period_seconds = HUNG_GRACE_SECONDS
    return replace(
        base,
        command=("airflow", "api-server", "--apps", app, "--proxy-headers"),
        ports={"https": names.API_PORT},
        probes=Probes(
            startup=startup_probe(probe(10, 3)),
            readiness=probe(10, 3),
            liveness=alive,
        ),
        # Whoever connects hears of a stop a moment after it began.
        before_stop=("sleep", str(STOP_DELAY_SECONDS)),
        # Whose X-Forwarded headers are believed; the network lets nobody but the edge in.
        environment={"FORWARDED_ALLOW_IPS": "*"},
    )


def _connected_to_database() -> Probes:
    connected = connected_probe(names.POSTGRES_PORT, period=30, failures=2)
    return Probes(startup=startup_probe(connected), readiness=connected, liveness=turning_probe())


def _process(args: AirflowCoreArgs, name: str, settings: ProcessSettings | BundleProcessorSettings) -> Process:
    """What every process of the component has; the command and the probes are its own."""
    # The one sends those of triggers, the other shows all.
    handles_logs = name in (names.TRIGGERER, names.API_CORE)
    return Process(
        name=name,
        command=(),
        config=config_files(name, args.settings),
        secret=args.secrets[name],
        replicas=None if name in scaled(args.settings) else settings.replicas,
        resources=settings.resources,
        grace_seconds=GRACE_SECONDS,
        annotations=_OWN_NUMBER if name in taken_away(args.settings) else {},
        account_annotations=task_logs.account_annotations(args.settings) if handles_logs else {},
        bucket_secret=task_logs.given_secret(args.settings) if handles_logs else None,
    )
