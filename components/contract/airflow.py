"""What every pod that runs Airflow has in common: paths, its configuration file, the sections that several roles read."""

from collections.abc import Mapping
from configparser import ConfigParser
from importlib.resources import files
from io import StringIO

from components.contract import names
from components.contract.external_broker import (
    AUTHORITY_FILE,
    authority_path,
    external_broker,
    external_broker_service,
    external_broker_url,
)
from components.contract.peers import Need, OutsideService
from components.contract.secrets import MOUNT_PATH
from settings.airflow import LogLevel
from settings.executor import Executor
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

UID = 50000
HOME = "/opt/airflow/run"
"""Writable: process files and a worker's empty SQLite file."""
CONFIG_FOLDER = "/opt/airflow/config"
"""The mounted ConfigMap; on the Python path."""
LOG_FOLDER = "/opt/airflow/logs"
DAGS_FOLDER = "/opt/airflow/dags"
"""Where the image holds the platform's own DAGs."""
KUBERNETES_FOLDER = "/opt/kubernetes"
"""Where the image holds what tasks in pods of their own need, apart from what every process finds."""
BUNDLE_FOLDER = "/opt/airflow/bundles"
"""Writable: clones of the bundles from Git."""

BUCKET_SECRETS_PATH = "/run/secrets/bucket"
"""Where the key of the bucket of task logs lies that is in a Secret of the stack's own."""

SCHEDULER_HEALTH_PORT = 8974
WORKER_LOG_PORT = 8793
TRIGGERER_LOG_PORT = 8794

CA_FILE = "ca.crt"
BROKER_URL_FILE = "broker_url"
RESULT_BACKEND_FILE = "result_backend"
BROKER_PASSWORD_FILE = "broker_password"  # noqa: S105
API_SECRET_KEY_FILE = "api_secret_key"  # noqa: S105

AIRFLOW_CFG = "airflow.cfg"
ALIVE_SCRIPT = "alive.py"
CELERY_MODULE = "airflow_platform_celery.py"
EXTERNAL_CELERY_MODULE = "airflow_platform_celery_external.py"

WAITS_FOR_ANNOTATION = "airflow-platform/waits-for"
"""On a Deployment or Job: what had to be there first. On the object, not on its pods, so that it restarts nobody."""

VISIBILITY_MARGIN_SECONDS = 3600

EXECUTORS: Mapping[Executor, str] = {
    Executor.CELERY: "CeleryExecutor",
    Executor.KUBERNETES: "KubernetesExecutor",
    # The first is for tasks that name none.
    Executor.HYBRID: "CeleryExecutor,KubernetesExecutor",
    Executor.LOCAL: "LocalExecutor",
}
"""What Airflow calls them."""

Sections = Mapping[str, Mapping[str, str]]
"""Section to key to value, as in `airflow.cfg`."""


def merge(*parts: Sections) -> dict[str, dict[str, str]]:
    """All parts as one.

    Raises:
        ValueError: a key stands in two parts, so that one of them would be ignored.
    """
    merged: dict[str, dict[str, str]] = {}
    for part in parts:
        for section, keys in part.items():
            known = merged.setdefault(section, {})
            if doubled := sorted(known.keys() & keys.keys()):
                raise ValueError(f"set twice: {', '.join(f'[{section}] {key}' for key in doubled)}")
            known.update(keys)
    return merged


def render(sections: Sections) -> str:
    """The text of an `airflow.cfg`, sorted, so that equal settings give equal text."""
    parser = ConfigParser(interpolation=None)
    for section in sorted(sections):
        # Airflow reads the file with interpolation, to which a percent sign is special.
        parser[section] = {key: value.replace("%", "%%") for key, value in sorted(sections[section].items())}
    text = StringIO()
    parser.write(text)
    return text.getvalue().rstrip("\n") + "\n"


def asset(name: str, *, package: str = "components.contract") -> str:
    """A file of a package's `assets` folder, shipped into pods as it is."""
    return (files(package) / "assets" / name).read_text(encoding="utf-8")


def secret_path(file: str) -> str:
    """Path of a secret file inside the pod."""
    return f"{MOUNT_PATH}/{file}"


def given_file(name: str) -> str:
    """The secret file that holds a text of the user's own."""
    return f"given_{name}"


def read_secret(file: str) -> str:
    """The command with which Airflow reads a secret, for keys with the suffix `_cmd`."""
    return f"cat {secret_path(file)}"


def python_path(settings: PlatformSettings) -> str:
    """What every Airflow process finds its modules by, besides the image's own."""
    return f"{CONFIG_FOLDER}:{KUBERNETES_FOLDER}" if settings.airflow.executor.has_pods else CONFIG_FOLDER


def process_sections(
    settings: PlatformSettings, log_level: LogLevel = LogLevel.INFO, *, executor: str | None = None
) -> Sections:
    """What every Airflow process reads: its executor, logs on standard output as JSON, metrics.

    Args:
        settings: of the whole platform.
        log_level: least severity that it logs.
        executor: as Airflow writes it, for who has another one of the same name.
    """
    return {
        "core": {
            "executor": executor or EXECUTORS[settings.airflow.executor],
            # Left out, examples are loaded: their DAGs where DAGs are parsed, their plugins everywhere.
            "load_examples": str(settings.airflow.load_examples),
        },
        "logging": {"base_log_folder": LOG_FOLDER, "json_logs": "True", "logging_level": log_level.value},
        "metrics": {
            "statsd_on": "True",
            "statsd_host": names.service_host(names.STATSD_EXPORTER, settings.namespaces.monitoring),
            "statsd_port": str(names.STATSD_PORT),
            "statsd_prefix": "airflow",
            # Tags instead of names with DAG and task inside: half the series, and labels to filter by.
            "statsd_influxdb_enabled": "True",
            "legacy_names_on": "False",
        },
    }


def dag_sections() -> Sections:
    """What every process that parses DAG files reads."""
    return {"core": {"dags_folder": DAGS_FOLDER}}


def log_server_sections() -> Sections:
    """What a process reads whose task logs the api-server fetches."""
    return {
        # The api-server calls back by this name; names of a Deployment's pods do not resolve.
        "core": {"hostname_callable": "airflow.utils.net.get_host_ip_address"},
        "api": {"secret_key_cmd": read_secret(API_SECRET_KEY_FILE)},
    }


def broker_sections(settings: PlatformSettings, redelivery_seconds: int) -> Sections:
    """What schedulers and workers read about the broker; the rest stands in `airflow_platform_celery.py`.

    Args:
        settings: of the whole platform.
        redelivery_seconds: after which an unconfirmed message is delivered again, by whoever receives messages.
    """
    external = external_broker(settings)
    sentinel = {"master_name": names.SENTINEL_MASTER} if _has_sentinels(settings) else {}
    connection = {
        **sentinel,
        # A leader that hangs closes nothing: only these times tell it from one that is busy. A worker waits for each of
        # its stale connections in turn.
        "socket_connect_timeout": "2",
        "socket_timeout": "1",
        "socket_keepalive": "True",
        "health_check_interval": "3",
        # The client's own retries go to the address that it has: only a new connection asks the Sentinels who leads.
        "retry_on_timeout": "False",
    }
    return {
        "celery": {
            "broker_url_cmd": read_secret(BROKER_URL_FILE),
            "result_backend_cmd": read_secret(RESULT_BACKEND_FILE),
            "ssl_active": "True",
            "ssl_mutual_tls": "False",
            "ssl_cacert": authority_path(external) if external else secret_path(CA_FILE),
            "celery_config_options": f"{celery_module(settings).removesuffix('.py')}.CELERY_CONFIG",
        },
        "celery_broker_transport_options": {**connection, "visibility_timeout": str(redelivery_seconds)},
        "celery_result_backend_transport_options": sentinel,
    }


def celery_module(settings: PlatformSettings) -> str:
    """File name of the module that holds Celery's configuration."""
    return EXTERNAL_CELERY_MODULE if external_broker(settings) else CELERY_MODULE


def celery_files(settings: PlatformSettings) -> dict[str, str]:
    """The modules that `broker_sections` names, for the ConfigMap."""
    return {name: asset(name) for name in (CELERY_MODULE, celery_module(settings))}


def visibility_timeout(settings: PlatformSettings) -> int:
    """Seconds after which an unconfirmed message is delivered again: above the longest task of all queues."""
    return settings.longest_task_seconds + VISIBILITY_MARGIN_SECONDS


def broker_files(settings: PlatformSettings) -> dict[str, str]:
    """Templates of the secret files that go with `broker_sections`."""
    external = external_broker(settings)
    if external:
        return {
            BROKER_URL_FILE: external_broker_url(external, external.broker_database),
            RESULT_BACKEND_FILE: external_broker_url(external, external.result_database),
            CA_FILE: "{authority_certificate}",
            **({AUTHORITY_FILE: external.authority} if external.authority else {}),
        }
    return {
        BROKER_URL_FILE: _broker_url(settings, database=0),
        RESULT_BACKEND_FILE: _broker_url(settings, database=1),
        CA_FILE: "{authority_certificate}",
        **({BROKER_PASSWORD_FILE: "{broker_airflow_password}"} if _has_sentinels(settings) else {}),
    }


def _broker_url(settings: PlatformSettings, database: int) -> str:
    user, data = f"{names.BROKER_USER}:{{broker_airflow_password}}@", settings.namespaces.data
    if not _has_sentinels(settings):
        return f"rediss://{user}{names.service_host(names.VALKEY, data)}:{names.VALKEY_PORT}/{database}"
    # User and password are for the data nodes and are read from the first address only.
    addresses = [f"{host}:{names.SENTINEL_PORT}/{database}" for host in names.sentinel_hosts(data)]
    return ";".join([f"sentinel://{user}{addresses[0]}", *(f"sentinel://{address}" for address in addresses[1:])])


def _has_sentinels(settings: PlatformSettings) -> bool:
    return settings.redis.mode is RedisMode.SENTINEL


def broker_needs(settings: PlatformSettings) -> tuple[Need, ...]:
    """Whom schedulers and workers talk to for a broker of ours: Valkey, and its Sentinels where there are any."""
    if external_broker(settings):
        return ()
    broker = Need(workload=names.VALKEY, port="valkey")
    if not _has_sentinels(settings):
        return (broker,)
    return (broker, Need(workload=names.SENTINEL, port="sentinel"))


def broker_services(settings: PlatformSettings) -> tuple[OutsideService, ...]:
    """The same for a broker of somebody else's."""
    external = external_broker(settings)
    return (external_broker_service(external),) if external else ()


def broker_port(settings: PlatformSettings) -> int:
    """To which a client of the broker holds a connection all the time."""
    external = external_broker(settings)
    return external.port if external else names.VALKEY_PORT


def execution_url(settings: PlatformSettings) -> str:
    """Base URL of the task execution API inside the cluster."""
    host = names.service_host(names.API_EXECUTION, settings.namespaces.airflow)
    return f"https://{host}:{names.API_PORT}/execution/"
