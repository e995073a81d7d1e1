"""The workers of one queue: what they run, how they are probed, how long they may take to stop."""

from components.celery_workers.args import CeleryWorkersArgs
from components.celery_workers.configuration import config_files
from components.contract import airflow, bundles, names, task_logs, tasks
from components.contract.airflow_pods import (
    Probes,
    Process,
    connected_probe,
    startup_probe,
    turning_probe,
    until_connected,
)
from components.contract.labels import ROLE_LABEL
from settings.airflow import Rollout

COMPONENT = "celery-workers"
ROLE = "worker"

START_SECONDS = 60
"""For which a stop waits for a worker that has not yet begun to consume."""

SETTLE_SECONDS = 30
"""For which a new worker of a second pool must have consumed before an old one is told to stop: the rest of the pool starts
meanwhile, and one that ends at once is not taken for good."""


def workers(args: CeleryWorkersArgs) -> Process:
    """The workers of the queue.

    A stop is warm: the signal goes to the main process alone, which leaves its queue at once, lets every running task
    finish and then ends.
    """
    queue = args.settings.workers.queues[args.queue]
    name = names.worker(args.queue)
    second_pool = queue.rollout is Rollout.BLUE_GREEN
    broker_port = airflow.broker_port(args.settings)
    connected = connected_probe(broker_port, period=30, failures=2)
    return Process(
        name=name,
        # Workers need not know of one another; the talk among them grows with the square of their number.
        command=("airflow", "celery", "worker", "--queues", args.queue, "--without-mingle", "--without-gossip"),
        config=config_files(args.settings, args.queue),
        secret=args.secrets[name],
        replicas=None if queue.is_scaled else queue.min_replicas,
        resources=queue.resources,
        grace_seconds=tasks.grace_seconds(queue.longest_task_seconds),
        ports={"logs": airflow.WORKER_LOG_PORT},
        probes=Probes(startup=startup_probe(connected), readiness=connected, liveness=turning_probe()),
        # An image whose init is dumb-init would pass the stop signal on to every running task.
        environment={"DUMB_INIT_SETSID": "0", **(bundles.ENVIRONMENT if args.settings.airflow.bundles else {})},
        bundle_size=bundles.storage(args.settings.airflow.bundles),
        pod_labels={ROLE_LABEL: ROLE},
        pod_annotations=tasks.pod_annotations(queue.longest_task_seconds),
        # A worker that is still starting loses the signal, goes on to take tasks, and is killed with them in the end.
        before_stop=until_connected(broker_port, START_SECONDS),
        log_size="2Gi",
        surge="100%" if second_pool else 1,
        settle_seconds=SETTLE_SECONDS if second_pool else None,
        account_annotations=task_logs.account_annotations(args.settings),
        bucket_secret=task_logs.given_secret(args.settings),
    )
