"""Each role's configuration holds what that role reads."""

import ast
from configparser import ConfigParser

import pytest

from components.airflow_core.configuration import POOL_OVERFLOW, POOL_SIZE, ROLES, config_files
from components.airflow_core.secrets import consumers
from components.contract import airflow, names
from components.contract.secrets import MOUNT_PATH
from settings.cleaning import CleaningSettings
from settings.connection_proofs import CLIENT_CONNECTIONS_PER_PROCESS
from settings.platform_settings import PlatformSettings
from settings.stack import CredentialSettings
from tests.harness import STACKS, settings_of


def cfg(role: str, stack: str = "prod") -> ConfigParser:
    parser = ConfigParser()
    parser.read_string(config_files(role, settings_of(stack))[airflow.AIRFLOW_CFG])
    return parser


def retiring(stack: str) -> PlatformSettings:
    """The stack at the end of a rotation of the Fernet key, and with old rows removed, when every role is there."""
    credentials = CredentialSettings(rotation={"fernet_key": 1}, retired={"fernet_key": 0})
    settings = settings_of(stack)
    airflow = settings.airflow.model_copy(update={"cleaning": CleaningSettings()})
    return settings.model_copy(update={"credentials": credentials, "airflow": airflow})


def mounted(role: str, stack: str) -> set[str]:
    return {
        f"{MOUNT_PATH}/{file}"
        for consumer in consumers(retiring(stack))
        if consumer.name == role
        for file in consumer.files
    }


def named(role: str, stack: str) -> set[str]:
    """Every secret file that the role's files name."""
    found: set[str] = set()
    for section in (parser := cfg(role, stack)).sections():
        found |= {word for value in parser[section].values() for word in value.split() if word.startswith(MOUNT_PATH)}
    return found


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("role", ROLES)
def test_every_secret_that_is_named_is_mounted(role: str, stack: str) -> None:
    assert named(role, stack) <= mounted(role, stack)


@pytest.mark.parametrize("role", [role for role in ROLES if role != names.MIGRATION])
def test_every_secret_that_is_mounted_is_read(role: str) -> None:
    # Read by way of the database URLs and of Python files, not of a key.
    elsewhere = {f"{MOUNT_PATH}/{file}" for file in ("ca.crt", "broker_password", "oidc_client_secret")}
    assert mounted(role, "prod") - named(role, "prod") <= elsewhere


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("role", ROLES)
def test_every_python_file_parses(role: str, stack: str) -> None:
    for name, text in config_files(role, settings_of(stack)).items():
        if name.endswith(".py"):
            ast.parse(text, name)


def test_only_who_signs_tokens_holds_the_private_key_and_only_who_checks_them_the_public_ones() -> None:
    signing = {
        role
        for role in ROLES
        if "jwt_private_key_path" in dict(cfg(role).items("api_auth") if cfg(role).has_section("api_auth") else {})
    }
    checking = {role for role in signing if "trusted_jwks_url" in cfg(role)["api_auth"]}
    assert signing == {names.SCHEDULER, names.API_CORE, names.API_EXECUTION}
    assert checking == {names.API_CORE, names.API_EXECUTION}


def test_a_value_of_the_scheduler_restarts_the_scheduler_alone() -> None:
    settings = settings_of("prod")
    changed = settings.model_copy(update={"airflow": settings.airflow.model_copy(update={"parallelism": 999})})
    restarted = {role for role in ROLES if config_files(role, settings) != config_files(role, changed)}
    assert restarted == {names.SCHEDULER}


def test_connections_per_process_are_those_that_the_proofs_count_with() -> None:
    assert POOL_SIZE + POOL_OVERFLOW == CLIENT_CONNECTIONS_PER_PROCESS
    assert cfg(names.SCHEDULER)["database"]["sql_alchemy_pool_size"] == str(POOL_SIZE)


def test_the_administrator_is_the_one_that_everybody_else_speaks_of() -> None:
    assert f'ADMIN = "{names.ADMIN_USER}"' in config_files(names.MIGRATION, settings_of("dev"))["bootstrap.py"]
