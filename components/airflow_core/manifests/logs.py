"""The stack's own store of task logs, and what the CronJob runs that removes old ones from it."""

from components.airflow_core.args import AirflowCoreArgs
from components.airflow_core.configuration import CLEAN_LOGS_SCRIPT
from components.airflow_core.manifests.processes import COMPONENT
from components.contract import airflow, names, task_logs
from components.contract.airflow_pods import Process
from components.contract.object_store import ObjectStore
from settings.base import ResourceList, Resources
from settings.logs import LogStoreSettings

START_WITHIN_SECONDS = 3600
"""A start that was missed is made up for; later the next one is near enough."""
DEADLINE_SECONDS = 3600
_RESOURCES = Resources(requests=ResourceList(cpu="20m", memory="96Mi"), limits=ResourceList(memory="256Mi"))


def store(args: AirflowCoreArgs, settings: LogStoreSettings) -> ObjectStore:
    """The store."""
    return ObjectStore(
        name=names.LOG_STORE,
        bucket=task_logs.BUNDLED_BUCKET,
        component=COMPONENT,
        settings=settings,
        namespace=args.namespace,
        labels=args.labels,
        image=args.images.versitygw,
        priority_class=args.priority_class,
        secret=args.secrets[names.LOG_STORE],
    )


def cleaning(args: AirflowCoreArgs, settings: LogStoreSettings) -> Process:
    """What the CronJob's pod runs."""
    script = f"{airflow.CONFIG_FOLDER}/{CLEAN_LOGS_SCRIPT}"
    return Process(
        name=names.LOG_CLEANING,
        command=("python", script, str(settings.keep_days)),
        config={
            CLEAN_LOGS_SCRIPT: airflow.asset(CLEAN_LOGS_SCRIPT, package="components.airflow_core"),
            **task_logs.bucket_files(args.settings),
        },
        secret=args.secrets[names.LOG_CLEANING],
        replicas=1,
        resources=_RESOURCES,
        grace_seconds=30,
    )
