"""The configuration of each Airflow role: the files of its ConfigMap, holding only what that role reads."""

from collections.abc import Callable, Mapping

from components.airflow_core.login import webserver_config
from components.contract import airflow, names
from components.contract.airflow import Sections
from settings.airflow import ApiSettings
from settings.platform_settings import PlatformSettings

DATABASE_URL_FILE = "database_url"
DATABASE_URL_ASYNC_FILE = "database_url_async"
FERNET_KEY_FILE = "fernet_key"
JWT_PRIVATE_KEY_FILE = "jwt_private_key.pem"
JWT_PUBLIC_KEYS_FILE = "jwt_public_keys.json"
ADMIN_PASSWORD_FILE = "admin_password"  # noqa: S105
OIDC_CLIENT_SECRET_FILE = "oidc_client_secret"  # noqa: S105
TLS_CERTIFICATE_FILE = "tls.crt"
TLS_KEY_FILE = "tls.key"

DATABASE_MODULE = "airflow_platform_database.py"
BOOTSTRAP_SCRIPT = "bootstrap.py"
WEBSERVER_CONFIG = "webserver_config.py"

_FAB = {"auth_manager": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"}

POOL_SIZE = 5
POOL_OVERFLOW = 10


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
        return {**files, BOOTSTRAP_SCRIPT: _asset(BOOTSTRAP_SCRIPT), WEBSERVER_CONFIG: webserver_config(settings)}
    if role == names.KEY_ROTATION:
        return files
    files[airflow.ALIVE_SCRIPT] = airflow.asset(airflow.ALIVE_SCRIPT)
    if role == names.SCHEDULER:
        files.update(airflow.celery_files(settings))
    if role == names.API_CORE:
        files[WEBSERVER_CONFIG] = webserver_config(settings)
    return files


def sections(role: str, settings: PlatformSettings) -> Sections:
    """What a role's `airflow.cfg` says."""
    return airflow.merge(airflow.process_sections(settings), _database(), _ROLES[role](settings))


def _asset(name: str) -> str:
    return airflow.asset(name, package="components.airflow_core")


def _database() -> Sections:
    module = DATABASE_MODULE.removesuffix(".py")
    return {
        "core": {"fernet_key_cmd": airflow.read_secret(FERNET_KEY_FILE)},
        "database": {
            "sql_alchemy_conn_cmd": airflow.read_secret(DATABASE_URL_FILE),
            "sql_alchemy_conn_async_cmd": airflow.read_secret(DATABASE_URL_ASYNC_FILE),
            "sql_alchemy_connect_args": f"{module}.SYNC",
            "sql_alchemy_connect_args_async": f"{module}.ASYNC",
            # The budget that `settings/proofs.py` multiplies with the number of processes.
            "sql_alchemy_pool_size": str(POOL_SIZE),
            "sql_alchemy_max_overflow": str(POOL_OVERFLOW),
        },
    }


def _signing(settings: PlatformSettings) -> Sections:
    return {
        "api_auth": {
            "jwt_private_key_path": airflow.secret_path(JWT_PRIVATE_KEY_FILE),
            "jwt_issuer": f"https://{settings.ingress.host}",
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


def _key_rotation(_: PlatformSettings) -> Sections:
    return {}


def _scheduler(settings: PlatformSettings) -> Sections:
    own: Sections = {
        "core": {"parallelism": str(settings.airflow.parallelism)},
        # A publication that takes longer is repeated in the next round, for two minutes at least: longer than the
        # broker takes to have another leader. Any other end of it would fail the task.
        "celery": {"operation_timeout": "2.0", "task_publish_max_retries": "60"},
        "scheduler": {
            "enable_health_check": "True",
            "scheduler_health_check_server_port": str(airflow.SCHEDULER_HEALTH_PORT),
            "task_queued_timeout": str(settings.airflow.task_queued_timeout_seconds),
            "task_queued_timeout_check_interval": "30",
            "orphaned_tasks_check_interval": "60",
            # Running tasks must outlive an absence of the execution API of two minutes; the price is that a worker
            # which vanished is noticed after five.
            "task_instance_heartbeat_timeout": "300",
        },
    }
    return airflow.merge(own, airflow.broker_sections(settings), _signing(settings))


def _dag_processor(settings: PlatformSettings) -> Sections:
    own: Sections = {
        "core": {
            **_FAB,
            "dags_are_paused_at_creation": str(settings.airflow.dags_paused_at_creation),
        },
        # With the process's own log, which the node rotates; files would fill the pod's folder until it is evicted.
        "logging": {"dag_processor_log_target": "stdout"},
    }
    return airflow.merge(own, airflow.dag_sections(settings))


def _triggerer(settings: PlatformSettings) -> Sections:
    return airflow.merge(airflow.log_server_sections(), airflow.dag_sections(settings))


def _api(settings: PlatformSettings, own: ApiSettings) -> Sections:
    serving: Sections = {
        "core": _FAB,
        "api": {
            "port": str(names.API_PORT),
            "workers": str(own.workers),
            "ssl_cert": airflow.secret_path(TLS_CERTIFICATE_FILE),
            "ssl_key": airflow.secret_path(TLS_KEY_FILE),
        },
    }
    return airflow.merge(serving, _signing(settings), _verifying())


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
    return airflow.merge(_api(settings, settings.airflow.api_core), people)


def _api_execution(settings: PlatformSettings) -> Sections:
    return _api(settings, settings.airflow.api_execution)


_ROLES: Mapping[str, Callable[[PlatformSettings], Sections]] = {
    names.MIGRATION: _migration,
    names.KEY_ROTATION: _key_rotation,
    names.SCHEDULER: _scheduler,
    names.DAG_PROCESSOR: _dag_processor,
    names.TRIGGERER: _triggerer,
    names.API_CORE: _api_core,
    names.API_EXECUTION: _api_execution,
}

ROLES: tuple[str, ...] = tuple(_ROLES)
"""Every role, the migration first."""
