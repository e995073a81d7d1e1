"""A new database that is filled from another one: who is told what, and which way is open."""

from typing import Any

from components.contract.secrets import SecretValue
from components.postgres_ha import imports
from components.postgres_ha.manifests import configure
from components.postgres_ha.manifests.common import script
from components.postgres_ha.peers import workloads
from components.postgres_ha.secrets import consumers
from settings.imports import ImportSettings
from settings.platform_settings import PlatformSettings
from tests.components.postgres_ha.arguments import arguments, changed
from tests.harness import plain, settings_of

SOURCE = ImportSettings(host="old.example.com", networks=["10.9.0.0/24"], user="o'hara", timeout_seconds=900)


def filled(**more: object) -> PlatformSettings:
    return changed(settings_of("dev"), import_from=SOURCE.model_copy(update=more))


def job(settings: PlatformSettings) -> dict[str, Any]:
    return plain(configure.job(arguments(settings=settings), "postgres"))["spec"]


def test_the_job_is_told_how_to_reach_the_source_and_nothing_secret() -> None:
    data = plain(configure.config_map(arguments(settings=filled())))["data"]
    connection, origin, writers = data["import.conf"].splitlines()
    assert "host='old.example.com' port='5432' dbname='airflow' user='o\\'hara' sslmode='verify-full'" in connection
    assert "sslrootcert='/etc/ssl/certs/ca-certificates.crt'" in connection
    assert "password" not in connection
    assert (origin, writers) == ("old.example.com:5432/airflow", "")
    assert data["import.sh"] == script("import.sh")
    assert imports.told(filled(allow_writers=True).postgres.import_from or SOURCE).splitlines()[2] == "writers"


def test_a_stack_without_a_source_has_nothing_of_it() -> None:
    dev = settings_of("dev")
    assert not [name for name in plain(configure.config_map(arguments(settings=dev)))["data"] if "import" in name]
    assert job(dev).get("podFailurePolicy") is None
    assert not [item for item in consumers(dev) if SecretValue.IMPORT_PASSWORD in item.values()]
    assert not [item for item in workloads(dev) if item.services]


def test_the_job_alone_has_the_password_and_the_way() -> None:
    settings = filled(authority="-----BEGIN CERTIFICATE-----\n")
    (consumer,) = [item for item in consumers(settings) if SecretValue.IMPORT_PASSWORD in item.values()]
    assert consumer.name == "postgres-configure"
    assert consumer.files["import-ca.crt"] == "-----BEGIN CERTIFICATE-----\n"
    (workload,) = [item for item in workloads(settings) if item.services]
    (service,) = workload.services
    assert (workload.name, service.port, service.networks) == ("postgres-configure", 5432, ("10.9.0.0/24",))
    assert "/run/secrets/airflow-platform/import-ca.crt" in imports.told(settings.postgres.import_from or SOURCE)


def test_the_job_has_time_for_the_copy_and_ends_at_once_where_a_setting_has_to_change() -> None:
    spec = job(filled())
    assert spec["activeDeadlineSeconds"] == 600 + 900
    (rule,) = spec["podFailurePolicy"]["rules"]
    code = rule["onExitCodes"]["values"][0]
    assert (rule["action"], f"exit {code}" in script("import.sh")) == ("FailJob", True)


def test_another_source_is_another_job() -> None:
    names = {
        configure.job_name(arguments(settings=settings), "image")
        for settings in (settings_of("dev"), filled(), filled(port=5433), filled(allow_writers=True))
    }
    assert len(names) == 4
