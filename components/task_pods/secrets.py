"""Which secret files a task's pod reads: those of task logs, tokens of DAGs in Git."""

from components.contract import airflow, bundles, names, task_logs
from components.contract.secrets import SecretConsumer
from settings.platform_settings import PlatformSettings


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """One for all pods, in their namespace.

    It is the only one there: a task may say what its pod mounts. The token of the execution API comes with the task, and no
    broker and no log server is there to need a key.
    """
    if not settings.airflow.executor.has_pods:
        return ()
    return (
        SecretConsumer(
            name=names.TASK,
            namespace=settings.namespaces.tasks,
            files={airflow.CA_FILE: "{authority_certificate}", **task_logs.secret_files(settings)},
            given=bundles.given(settings.airflow.bundles),
        ),
    )
