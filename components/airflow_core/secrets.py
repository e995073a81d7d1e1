"""Which secret files each Airflow role reads."""

from urllib.parse import quote

from components.airflow_core import configuration as config
from components.contract import airflow, bundles, external_database, names, object_store, task_logs
from components.contract.secrets import GivenText, SecretConsumer, SecretValue, login
from settings.airflow import AuthKind
from settings.executor import Executor
from settings.platform_settings import PlatformSettings

_AUTHORITY = {airflow.CA_FILE: "{authority_certificate}"}
_SIGNING = {config.JWT_PRIVATE_KEY_FILE: "{jwt_private_key}"}
_VERIFYING = {config.JWT_PUBLIC_KEYS_FILE: "{jwt_public_keys}"}
_SERVING = {config.TLS_CERTIFICATE_FILE: "{tls_certificate}", config.TLS_KEY_FILE: "{tls_private_key}"}
_DECLARED_LOGIN = {config.DECLARED_PASSWORD_FILE: "{declared_password}"}
_LOG_KEY = {airflow.API_SECRET_KEY_FILE: "{api_secret_key}"}


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """One consumer per role; each file is read by that role itself."""
    database, log_bucket = _database(settings), task_logs.secret_files(settings)
    roles: dict[str, dict[str, str]] = {
        names.MIGRATION: _migration(settings),
        names.RESUMPTION: _rows(settings),
        names.SCHEDULER: {**database, **_SIGNING, **_executor(settings)},
        names.DAG_PROCESSOR: database,
        names.TRIGGERER: {**database, **_LOG_KEY, **log_bucket},
        names.API_CORE: {
            **database,
            **_LOG_KEY,
            **_SIGNING,
            **_VERIFYING,
            **_SERVING,
            **_login(settings),
            **log_bucket,
        },
        names.API_EXECUTION: {**database, **_SIGNING, **_VERIFYING, **_SERVING},
    }
    if settings.airflow.cleaning is not None:
        roles[names.CLEANING] = _cleaning(settings)
    if _has_store(settings):
        roles[names.LOG_CLEANING] = {**_AUTHORITY, **log_bucket}
    if settings.airflow.declared is not None:
        roles[names.DECLARED] = {**_AUTHORITY, **_DECLARED_LOGIN}
    if settings.credentials.finishes(SecretValue.FERNET_KEY):
        roles[names.KEY_ROTATION] = _rows(settings)
    roles |= {names.dag_processor(bundle): database for bundle in settings.airflow.bundles}
    namespace = settings.namespaces.airflow
    found = tuple(
        SecretConsumer(
            name=role,
            namespace=namespace,
            files=files,
            given=_given(role, settings),
            tls_names=_tls_names(role, namespace),
        )
        for role, files in roles.items()
    )
    return (*found, *_log_store(settings))


def _has_store(settings: PlatformSettings) -> bool:
    logs = settings.airflow.logs
    return logs is not None and logs.bundled is not None


def _log_store(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The stack's own store of task logs."""
    if not _has_store(settings):
        return ()
    keys = (SecretValue.LOGS_ACCESS_KEY, SecretValue.LOGS_SECRET_KEY)
    return (object_store.consumer(names.LOG_STORE, settings.namespaces.airflow, *keys),)


def _executor(settings: PlatformSettings) -> dict[str, str]:
    """For the way to the tasks: the broker's, or of who serves their logs itself."""
    if settings.airflow.executor is Executor.LOCAL:
        return _LOG_KEY
    return airflow.broker_files(settings) if settings.airflow.executor.has_workers else {}


def _given(role: str, settings: PlatformSettings) -> dict[str, GivenText]:
    """Texts of the user's own: of what is declared, and the token of a bundle."""
    if role == names.DECLARED:
        return _declared_texts(settings)
    readers = {name: names.dag_processor(name) for name in settings.airflow.bundles}
    runs_tasks = role == names.SCHEDULER and settings.airflow.executor is Executor.LOCAL
    read = {name: bundle for name, bundle in settings.airflow.bundles.items() if runs_tasks or role == readers[name]}
    return bundles.given(read)


def _declared_texts(settings: PlatformSettings) -> dict[str, GivenText]:
    """One that is used twice is one file."""
    declared = settings.airflow.declared
    references = declared.references if declared else {}
    return {
        airflow.given_file(name): GivenText(name=name, keys=tuple(key for key in references if references[key] == name))
        for name in sorted(set(references.values()))
    }


def _tls_names(role: str, namespace: str) -> tuple[str, ...]:
    return (names.service_host(role, namespace),) if role in (names.API_CORE, names.API_EXECUTION) else ()


def _database(settings: PlatformSettings) -> dict[str, str]:
    """Through the pooler, as who reads and writes tables."""
    host = names.service_host(names.POSTGRES_POOLER, settings.namespaces.data)
    address = f"{host}:{names.POSTGRES_PORT}/{names.DATABASE}"
    authority = airflow.secret_path(airflow.CA_FILE)
    return _urls(address, authority, names.DATABASE_APP, SecretValue.DATABASE_AIRFLOW_PASSWORD)


def _primary(settings: PlatformSettings, user: str, password: SecretValue, *, options: str = "") -> dict[str, str]:
    """Around the pooler."""
    host, port = external_database.primary_host(settings), external_database.primary_port(settings)
    address = f"{host}:{port}/{external_database.database_name(settings)}"
    authority = external_database.primary_authority_path(settings)
    urls = _urls(address, authority, user, password, options=options)
    return {**urls, **external_database.primary_authority(settings)}


def _migration(settings: PlatformSettings) -> dict[str, str]:
    """To the primary itself, as the owner: a lock of a session does not hold through a pooler in transaction mode."""
    urls = _primary(settings, names.DATABASE_OWNER_LOGIN, SecretValue.DATABASE_OWNER_PASSWORD)
    generated = settings.airflow.auth.kind is AuthKind.GENERATED
    admin = {config.ADMIN_PASSWORD_FILE: "{admin_password}"} if generated else {}
    return {**urls, **admin, **(_DECLARED_LOGIN if settings.airflow.declared is not None else {})}


def _rows(settings: PlatformSettings) -> dict[str, str]:
    """To the primary itself, as who reads and writes tables: whole ones with open cursors, or a row at a time."""
    return _primary(settings, names.DATABASE_APP, SecretValue.DATABASE_AIRFLOW_PASSWORD)


def _cleaning(settings: PlatformSettings) -> dict[str, str]:
    """To the primary itself, as who reads and writes tables: transactions are long, and their tables are made aside.

    What it makes belongs to the role and not to the login, so that the login after a rotation may drop it. It waits half
    a minute for a lock and gives up: whoever else is at work comes first.
    """
    options = f"-crole={names.DATABASE_APP} -csearch_path={names.CLEANING},public -clock_timeout=30000"
    urls = _primary(settings, names.DATABASE_APP, SecretValue.DATABASE_AIRFLOW_PASSWORD, options=quote(options))
    return {file: text for file, text in urls.items() if file != config.FERNET_KEY_FILE}


def _login(settings: PlatformSettings) -> dict[str, str]:
    if settings.airflow.auth.kind is not AuthKind.OIDC:
        return {}
    return {config.OIDC_CLIENT_SECRET_FILE: "{oidc_client_secret}"}


def _urls(address: str, authority: str, user: str, password: SecretValue, *, options: str = "") -> dict[str, str]:
    place = f"{login(user, password)}:{{{password}}}@{address}"
    tls = f"sslmode=verify-full&sslrootcert={authority}"
    query = f"{tls}&options={options}" if options else tls
    return {
        # psycopg2 never prepares statements, which a pooler in transaction mode could not keep.
        config.DATABASE_URL_FILE: f"postgresql+psycopg2://{place}?{query}",
        config.DATABASE_URL_ASYNC_FILE: f"postgresql+psycopg_async://{place}?{query}",
        config.FERNET_KEY_FILE: "{fernet_key}",
        **_AUTHORITY,
    }
