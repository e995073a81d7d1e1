"""What every pod has in which tasks run: how it finds the execution API, the DAGs, and the time to end."""

from collections.abc import Mapping

from components.contract import airflow, bundles, names
from components.contract.airflow import Sections
from components.contract.labels import LONGEST_TASK_ANNOTATION
from components.contract.peers import Need
from settings.airflow import STOP_MARGIN_SECONDS
from settings.platform_settings import PlatformSettings

EXECUTION_API = Need(workload=names.API_EXECUTION, port="https")
FREE_SOON: Sections = {"workers": {"min_heartbeat_interval": "2"}}
"""For who does not watch over the process of a task: its slot is free again within this many seconds of its end; the
default 5 costs a third of the throughput of short tasks."""


def sections(settings: PlatformSettings) -> Sections:
    """What such a process reads in `airflow.cfg`; nothing of it is secret."""
    own: Sections = {
        "core": {"execution_api_server_url": airflow.execution_url(settings)},
        "api": {
            # Stands in links to a task's log, as in a message about its failure.
            "base_url": f"https://{settings.ingress.host}",
            **_trust(settings),
        },
        "workers": {
            # A task outlives an absence of the execution API of two minutes: the waits between 19 tries come to 140 s or
            # more. With 5 s for each try that nobody answers they stay below the scheduler's patience
            # (`task_instance_heartbeat_timeout`): a task that is cut off ends before another try of it begins.
            "execution_api_retries": "19",
            "execution_api_retry_wait_min": "6",
            "execution_api_retry_wait_max": "15",
            "execution_api_timeout": "5",
            "max_failed_heartbeats": "1",
        },
    }
    return airflow.merge(own, airflow.dag_sections(), bundles.run_sections(settings.airflow.bundles))


def _trust(settings: PlatformSettings) -> dict[str, str]:
    """Whose word a task takes for the execution API's certificate."""
    authority = airflow.secret_path(airflow.CA_FILE)
    if settings.airflow.is_before(3, 3):
        # Beside the public ones, which 3.2 cannot be told to leave out.
        return {"ssl_cert": authority}
    # Only the platform's own authority speaks for the execution API.
    return {"ssl_ca_file": authority, "client_use_public_certs": "False"}


def grace_seconds(longest_task_seconds: int) -> int:
    """Seconds that a stopping pod is given."""
    return longest_task_seconds + STOP_MARGIN_SECONDS


def pod_annotations(longest_task_seconds: int) -> Mapping[str, str]:
    """Of a pod that lets its tasks end."""
    return {
        LONGEST_TASK_ANNOTATION: str(longest_task_seconds),
        # A node is not emptied to save money while tasks run on it.
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    }
