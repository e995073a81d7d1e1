"""The configuration of each Airflow role: the files of its ConfigMap, holding only what that role reads."""

import json
from collections.abc import Callable, Mapping
from functools import partial

from components.airflow_core.login import DATABASE_LOGIN, webserver_config
from components.contract import airflow, bundles, names, task_logs, tasks
from components.contract.airflow import Sections
from settings.airflow import ApiSettings, LogLevel
from settings.bundles import BundleSettings
from settings.executor import Executor
from settings.platform_settings import PlatformSettings

DATABASE_URL_FILE = "database_url"
DATABASE_URL_ASYNC_FILE = "database_url_async"
FERNET_KEY_FILE = "fernet_key"
JWT_PRIVATE_KEY_FILE = "jwt_private_key.pem"
JWT_PUBLIC_KEYS_FILE = "jwt_public_keys.json"
ADMIN_PASSWORD_FILE = "admin_password"  # noqa: S105
DECLARED_PASSWORD_FILE = "declared_password"  # noqa: S105
OIDC_CLIENT_SECRET_FILE = "oidc_client_secret"  # noqa: S105
TLS_CERTIFICATE_FILE = "tls.crt"
TLS_KEY_FILE = "tls.key"

DATABASE_MODULE = "airflow_platform_database.py"
BOOTSTRAP_SCRIPT = "bootstrap.py"
CLEAN_SCRIPT = "clean.py"
CLEAN_LOGS_SCRIPT = "clean_logs.py"
DECLARED_SCRIPT = "declared.py"
LOCAL_EXECUTOR_MODULE = "airflow_platform_local.py"
LOCAL_SETTINGS = "airflow_local_settings.py"
MIGRATE_SCRIPT = "migrate.py"
TASK_POD_FILE = "task-pod.json"
"""The template of the pods of single tasks."""
QUEUES_FILE = "queues.json"
RESUME_SCRIPT = "resume.py"
UPGRADES_MODULE = "upgrades.py"
WEBSERVER_CONFIG = "webserver_config.py"

_FAB = {"auth_manager": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"}

POOL_SIZE = 5
POOL_OVERFLOW = 10

TOKEN_ISSUER = "airflow-platform"  # noqa: S105 - a name
"""In every token. Nothing of the stack: a task keeps the token that it started with, and one of another issuer is
refused, so with the host name in it a change of that name would fail every running task."""

_WAITS_FOR_WORKERS_SECONDS = 86400
"""For which a task may wait for a worker before it is given up."""

_TOKEN_LEEWAY_SECONDS = 300
"""For which the execution API believes a token that has run out. A queued task's token runs out when it is due to be sent
again, which is noticed 30 s later; a running one's is renewed when two minutes of it are left, and an absence of the API, 200 s
at most, may take just these. Either would fail the task."""

_DELIVERS_NOTHING_SECONDS = 90000
"""Who only publishes delivers nothing again. Left out, Airflow warns; it is above any task's length that can be stated."""


def config_files(role: str, settings: PlatformSettings) -> dict[str, str]:
    """The files of a role's ConfigMap by name.

    Args:
        role: `names.SCHEDULER` and the like, or `names.MIGRATION`.
        settings: of the whole platform.
    """
    files = {
        airflow.AIRFLOW_CFG: airflow.render(sections(role, settings)),
        DATABASE_MODULE: _asset(DATABASE_MODULE),
    }
    if role == names.MIGRATION:
        scripts = {name: _asset(name) for name in (MIGRATE_SCRIPT, UPGRADES_MODULE, BOOTSTRAP_SCRIPT)}
        return {**files, **scripts, WEBSERVER_CONFIG: DATABASE_LOGIN}
    if role == names.RESUMPTION:
        return {**files, **{name: _asset(name) for name in (RESUME_SCRIPT, UPGRADES_MODULE)}}
    if role == names.KEY_ROTATION:
        return files
    if role == names.CLEANING:
        return {**files, CLEAN_SCRIPT: _asset(CLEAN_SCRIPT)}
    files[airflow.ALIVE_SCRIPT] = airflow.asset(airflow.ALIVE_SCRIPT)
    if role == names.SCHEDULER:
        files.update(_executor_files(settings))
    readers = {names.dag_processor(name): {name: bundle} for name, bundle in settings.airflow.bundles.items()}
    if role == names.DAG_PROCESSOR or role in readers:
        if settings.airflow.executor.has_workers:
            files[LOCAL_SETTINGS] = _asset(LOCAL_SETTINGS)
            files[QUEUES_FILE] = json.dumps(sorted(settings.workers.queues)) + "\n"
        files.update(bundles.files(readers.get(role, {})))
    if role == names.API_CORE:
        files[WEBSERVER_CONFIG] = webserver_config(settings)
    if role in (names.TRIGGERER, names.API_CORE):
        files.update(task_logs.files(settings))
    return files


def sections(role: str, settings: PlatformSettings) -> Sections:
    """What a role's `airflow.cfg` says."""
    # Who removes rows opens none of them.
    encryption: Sections = {} if role == names.CLEANING else _encryption()
    common = airflow.process_sections(settings, _log_level(role, settings), executor=_own_executor(role, settings))
    return airflow.merge(common, _database(), encryption, _roles(settings)[role](settings))


def written_keys(settings: PlatformSettings) -> dict[str, list[str]]:
    """Section to the keys that some role's `airflow.cfg` holds."""
    written: dict[str, set[str]] = {}
    for role in _roles(settings):
        for section, keys in sections(role, settings).items():
            written.setdefault(section, set()).update(keys)
    return {section: sorted(keys) for section, keys in sorted(written.items())}


def _log_level(role: str, settings: PlatformSettings) -> LogLevel:
    running = {
        names.SCHEDULER: settings.airflow.scheduler,
        names.DAG_PROCESSOR: settings.airflow.dag_processor,
        names.TRIGGERER: settings.airflow.triggerer,
        names.API_CORE: settings.airflow.api_core,
        names.API_EXECUTION: settings.airflow.api_execution,
    }
    readers = {names.dag_processor(bundle): settings.airflow.dag_processor for bundle in settings.airflow.bundles}
    known = {**running, **readers}
    return known[role].log_level if role in known else LogLevel.INFO


def _own_executor(role: str, settings: PlatformSettings) -> str | None:
    """How who starts tasks writes its executor: ours under the name of Airflow's, so that a task may name it."""
    if role != names.SCHEDULER or settings.airflow.executor is not Executor.LOCAL:
        return None
    return f"LocalExecutor:{LOCAL_EXECUTOR_MODULE.removesuffix('.py')}.LocalExecutor"


def _executor_files(settings: PlatformSettings) -> dict[str, str]:
    if settings.airflow.executor is Executor.LOCAL:
        return {LOCAL_EXECUTOR_MODULE: _asset(LOCAL_EXECUTOR_MODULE), **bundles.files(settings.airflow.bundles)}
    return airflow.celery_files(settings) if settings.airflow.executor.has_workers else {}


def _asset(name: str) -> str:
    return airflow.asset(name, package="components.airflow_core")


def _encryption() -> Sections:
    return {"core": {"fernet_key_cmd": airflow.read_secret(FERNET_KEY_FILE)}}


def _database() -> Sections:
    module = DATABASE_MODULE.removesuffix(".py")
    return {
        "database": {
            "sql_alchemy_conn_cmd": airflow.read_secret(DATABASE_URL_FILE),
            "sql_alchemy_conn_async_cmd": airflow.read_secret(DATABASE_URL_ASYNC_FILE),
            "sql_alchemy_connect_args": f"{module}.SYNC",
            "sql_alchemy_connect_args_async": f"{module}.ASYNC",
            # The budget that `settings/connection_proofs.py` multiplies with the number of processes.
            "sql_alchemy_pool_size": str(POOL_SIZE),
            "sql_alchemy_max_overflow": str(POOL_OVERFLOW),
        },
    }


def _signing() -> Sections:
    return {
        "api_auth": {
            "jwt_private_key_path": airflow.secret_path(JWT_PRIVATE_KEY_FILE),
            "jwt_issuer": TOKEN_ISSUER,
        }
    }


def _verifying() -> Sections:
    return {"api_auth": {"trusted_jwks_url": airflow.secret_path(JWT_PUBLIC_KEYS_FILE)}}


def _migration(settings: PlatformSettings) -> Sections:
    return {
        "core": {
            **_FAB,
            "default_pool_task_slot_count": str(settings.airflow.default_pool_slots),
        },
        "fab": {"config_file": f"{airflow.CONFIG_FOLDER}/{WEBSERVER_CONFIG}"},
    }


def _nothing_of_its_own(_: PlatformSettings) -> Sections:
    return {}


def _cleaning(_: PlatformSettings) -> Sections:
    # Sessions are a table of the login provider's.
    return {"core": _FAB}


def _scheduler(settings: PlatformSettings) -> Sections:
    own: Sections = {
        "core": {"parallelism": str(settings.airflow.parallelism)},
        "scheduler": {
            "enable_health_check": "True",
            "scheduler_health_check_server_port": str(airflow.SCHEDULER_HEALTH_PORT),
            "task_queued_timeout": str(settings.airflow.task_queued_timeout_seconds),
            "task_queued_timeout_check_interval": "30",
            # Left out, a task is failed for good, retries or not, when it was sent again twice: any queue that is full
            # for a quarter of an hour would lose tasks.
            "num_stuck_in_queued_retries": str(
                _WAITS_FOR_WORKERS_SECONDS // settings.airflow.task_queued_timeout_seconds
            ),
            "orphaned_tasks_check_interval": "60",
            # Running tasks must outlive an absence of the execution API of two minutes, and end by themselves before this
            # when they are cut off for longer; the price is that a worker which vanished is noticed after five.
            "task_instance_heartbeat_timeout": "300",
        },
    }
    return airflow.merge(own, _signing(), *_executor_sections(settings))


def _executor_sections(settings: PlatformSettings) -> tuple[Sections, ...]:
    """What a scheduler reads of the way to its tasks: through the broker, or none, as they run beside it."""
    if settings.airflow.executor is Executor.LOCAL:
        return tasks.FREE_SOON, tasks.sections(settings), airflow.log_server_sections()
    pods: Sections = _pod_sections(settings) if settings.airflow.executor.has_pods else {}
    if not settings.airflow.executor.has_workers:
        return (pods,)
    # A publication that takes longer is repeated in the next round, for two minutes at least: longer than the
    # broker takes to have another leader. Any other end of it would fail the task.
    publishing: Sections = {"celery": {"operation_timeout": "2.0", "task_publish_max_retries": "60"}}
    return pods, publishing, airflow.broker_sections(settings, _DELIVERS_NOTHING_SECONDS)


def _pod_sections(settings: PlatformSettings) -> Sections:
    """What a scheduler reads that makes pods for tasks."""
    return airflow.merge(
        _pod_place(settings),
        {
            "kubernetes_executor": {
                "pod_template_file": f"{airflow.CONFIG_FOLDER}/{TASK_POD_FILE}",
                # What a pod said is in the store; one that failed would stay forever.
                "delete_worker_pods_on_failure": "True",
                "worker_pods_creation_batch_size": "16",
                # Left out, a task fails when the namespace is full or the Kubernetes API is away for a moment.
                "task_publish_max_retries": "-1",
                # Of a pod that ended before its task began, as when its image cannot be had.
                "pod_launch_failure_retries": "3",
            }
        },
    )


def _pod_place(settings: PlatformSettings) -> Sections:
    """Where pods of tasks are, for who makes them and who reads what they say."""
    return {"kubernetes_executor": {"namespace": settings.namespaces.tasks}}


def _dag_processor(settings: PlatformSettings) -> Sections:
    own: Sections = {
        "core": {
            **_FAB,
            "dags_are_paused_at_creation": str(settings.airflow.dags_paused_at_creation),
            "max_active_tasks_per_dag": str(settings.airflow.max_active_tasks_per_dag),
        },
        # With the process's own log, which the node rotates; files would fill the pod's folder until it is evicted.
        "logging": {"dag_processor_log_target": "stdout"},
    }
    return airflow.merge(own, airflow.dag_sections())


def _bundle_processor(name: str, bundle: BundleSettings, settings: PlatformSettings) -> Sections:
    return airflow.merge(_dag_processor(settings), bundles.read_sections(name, bundle))


def _triggerer(settings: PlatformSettings) -> Sections:
    return airflow.merge(airflow.log_server_sections(), task_logs.sections(settings))


def _api(own: ApiSettings) -> Sections:
    serving: Sections = {
        "core": _FAB,
        "api": {
            "port": str(names.API_PORT),
            "workers": str(own.workers),
            "ssl_cert": airflow.secret_path(TLS_CERTIFICATE_FILE),
            "ssl_key": airflow.secret_path(TLS_KEY_FILE),
        },
    }
    return airflow.merge(serving, _signing(), _verifying())


def _api_core(settings: PlatformSettings) -> Sections:
    people: Sections = {
        # Without a base URL all links stay relative, so the user interface works under whatever name it was reached by.
        "api": {"secret_key_cmd": airflow.read_secret(airflow.API_SECRET_KEY_FILE)},
        "fab": {
            "config_file": f"{airflow.CONFIG_FOLDER}/{WEBSERVER_CONFIG}",
            "cookie_secure": "True",
            "enable_proxy_fix": "True",
        },
    }
    pods: Sections = _pod_place(settings) if settings.airflow.executor.has_pods else {}
    return airflow.merge(_api(settings.airflow.api_core), people, task_logs.sections(settings), pods)


def _api_execution(settings: PlatformSettings) -> Sections:
    own: Sections = {"api_auth": {"jwt_leeway": str(_TOKEN_LEEWAY_SECONDS)}}
    return airflow.merge(_api(settings.airflow.api_execution), own)


_ROLES: Mapping[str, Callable[[PlatformSettings], Sections]] = {
    names.MIGRATION: _migration,
    names.RESUMPTION: _nothing_of_its_own,
    names.KEY_ROTATION: _nothing_of_its_own,
    names.CLEANING: _cleaning,
    names.SCHEDULER: _scheduler,
    names.DAG_PROCESSOR: _dag_processor,
    names.TRIGGERER: _triggerer,
    names.API_CORE: _api_core,
    names.API_EXECUTION: _api_execution,
}

ROLES: tuple[str, ...] = tuple(_ROLES)
"""Every role but the readers of DAGs from Git, the migration first."""


def _roles(settings: PlatformSettings) -> Mapping[str, Callable[[PlatformSettings], Sections]]:
    readers = {
        names.dag_processor(name): partial(_bundle_processor, name, bundle)
        for name, bundle in settings.airflow.bundles.items()
    }
    return {**_ROLES, **readers}
