"""Task logs beyond the life of a pod: what who writes and who reads them is told, and how they reach the bucket."""

import json
from collections.abc import Mapping
from typing import Any

from components.contract import airflow, names, object_store
from components.contract.airflow import Sections
from components.contract.peers import Need, Outside
from components.contract.secrets import SecretValue
from settings.backup import KeyType, S3Settings, UriStyle
from settings.platform_settings import PlatformSettings

LOGGING_MODULE = "airflow_platform_logs.py"
BUCKET_MODULE = "airflow_platform_bucket.py"
BUCKET_FILE = "bucket.json"
AUTHORITY_FILE = "bucket.crt"
BUNDLED_BUCKET = "logs"

ACCESS_KEY_FILE = "logs_access_key"
SECRET_KEY_FILE = "logs_secret_key"  # noqa: S105 - a file name
_GIVEN_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def bucket(settings: PlatformSettings) -> S3Settings | None:
    """Where logs go: a given bucket, or that of the stack's own store; None where they stay in their pods."""
    logs = settings.airflow.logs
    if logs is None or logs.bundled is None:
        return logs.s3 if logs else None
    return object_store.bucket(names.LOG_STORE, settings.namespaces.airflow, BUNDLED_BUCKET)


def sections(settings: PlatformSettings) -> Sections:
    """What a process reads that hands logs on or shows them."""
    if settings.airflow.logs is None:
        return {}
    module = LOGGING_MODULE.removesuffix(".py")
    return {"logging": {"logging_config_class": f"{module}.LOGGING_CONFIG"}}


def files(settings: PlatformSettings) -> dict[str, str]:
    """For its ConfigMap: the modules, and where the bucket is."""
    if settings.airflow.logs is None:
        return {}
    return {LOGGING_MODULE: airflow.asset(LOGGING_MODULE), **bucket_files(settings)}


def bucket_files(settings: PlatformSettings) -> dict[str, str]:
    """The same of who knows the bucket and nothing of Airflow."""
    found = bucket(settings)
    if found is None:
        return {}
    authority = {AUTHORITY_FILE: found.authority} if found.authority else {}
    return {
        BUCKET_MODULE: airflow.asset(BUCKET_MODULE),
        BUCKET_FILE: json.dumps(_told(found, settings), indent=2, sort_keys=True) + "\n",
        **authority,
    }


def _told(found: S3Settings, settings: PlatformSettings) -> dict[str, Any]:
    logs = settings.airflow.logs
    return {
        "endpoint": f"https://{found.endpoint}",
        "bucket": found.bucket,
        "region": found.region,
        "addressing": "path" if found.uri_style is UriStyle.PATH else "virtual",
        "prefix": f"{logs.prefix.strip('/')}/" if logs else "",
        "authority": _authority_path(found, bundled=logs is not None and logs.bundled is not None),
        "keys": _key_paths(found),
    }


def _authority_path(found: S3Settings, *, bundled: bool) -> str:
    """Where the certificates lie that the bucket is verified by; empty for the public ones."""
    if bundled:
        return airflow.secret_path(airflow.CA_FILE)
    return f"{airflow.CONFIG_FOLDER}/{AUTHORITY_FILE}" if found.authority else ""


def _key_paths(found: S3Settings) -> list[str]:
    """Where the two parts of the key lie; nowhere for who is known without one."""
    if found.key_type is not KeyType.SHARED:
        return []
    if found.credentials_secret is not None:
        return [f"{airflow.BUCKET_SECRETS_PATH}/{name}" for name in _GIVEN_KEYS]
    return [airflow.secret_path(file) for file in (ACCESS_KEY_FILE, SECRET_KEY_FILE)]


def secret_files(settings: PlatformSettings) -> dict[str, str]:
    """Templates of the secret files with the key."""
    found = bucket(settings)
    if found is None or found.key_type is not KeyType.SHARED or found.credentials_secret is not None:
        return {}
    return {
        ACCESS_KEY_FILE: f"{{{SecretValue.LOGS_ACCESS_KEY}}}",
        SECRET_KEY_FILE: f"{{{SecretValue.LOGS_SECRET_KEY}}}",
    }


def given_secret(settings: PlatformSettings) -> str | None:
    """The Secret of the stack's own with the key."""
    found = bucket(settings)
    return found.credentials_secret if found and found.key_type is KeyType.SHARED else None


def account_annotations(settings: PlatformSettings) -> Mapping[str, str]:
    """By which a cloud knows who writes and reads logs."""
    logs = settings.airflow.logs
    return logs.service_account_annotations if logs else {}


def needs(settings: PlatformSettings) -> tuple[Need, ...]:
    """How the stack's own store is reached."""
    logs = settings.airflow.logs
    return (Need(workload=names.LOG_STORE, port=object_store.PORT_NAME),) if logs and logs.bundled else ()


def reaches(settings: PlatformSettings) -> frozenset[Outside]:
    """How a bucket elsewhere is reached."""
    logs = settings.airflow.logs
    return frozenset({Outside.INTERNET} if logs and logs.s3 else ())
