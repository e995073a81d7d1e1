"""Which secret files a worker reads: the broker's, those of task logs, tokens of DAGs in Git."""

from components.contract import airflow, bundles, names, task_logs
from components.contract.secrets import SecretConsumer
from settings.platform_settings import PlatformSettings


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """One consumer per queue.

    Whatever a worker mounts, the author of any DAG can read; so no database URL, no Fernet key, no JWT key.
    """
    files = {
        **airflow.broker_files(settings),
        airflow.API_SECRET_KEY_FILE: "{api_secret_key}",
        **task_logs.secret_files(settings),
    }
    return tuple(
        SecretConsumer(
            name=names.worker(queue),
            namespace=settings.namespaces.airflow,
            files=files,
            given=bundles.given(settings.airflow.bundles),
        )
        for queue in sorted(settings.workers.queues)
    )
