"""A stack's own S3 store: its pod, its volume, its one key."""

from typing import Any

from components.contract import object_store
from components.contract.airflow import asset
from components.contract.labels import PlatformLabels
from components.contract.object_store import ObjectStore
from components.contract.secrets import SecretRef, SecretValue
from settings.backup import BundledStoreSettings
from settings.base import Storage
from tests.harness import plain

_NAME: Any = "some-secrets"
STORE = ObjectStore(
    name="some-store",
    bucket="things",
    component="airflow-core",
    settings=BundledStoreSettings(storage=Storage(size="4Gi")),
    namespace="airflow",
    labels=PlatformLabels(environment="dev"),
    image="registry.example.com/versitygw@sha256:0",
    priority_class="control",
    secret=SecretRef(name=_NAME, version="1"),
)


def pod() -> dict[str, Any]:
    return plain(object_store.stateful_set(STORE))["spec"]["template"]["spec"]


def container() -> dict[str, Any]:
    (found,) = pod()["containers"]
    return found


def test_its_pod_is_locked_up_and_keeps_its_objects_on_a_volume_of_its_own() -> None:
    assert pod()["automountServiceAccountToken"] is False
    assert pod()["securityContext"]["runAsUser"] == 10100
    assert container()["securityContext"]["readOnlyRootFilesystem"] is True
    claimed = [
        volume["persistentVolumeClaim"]["claimName"] for volume in pod()["volumes"] if "persistentVolumeClaim" in volume
    ]
    assert claimed == [plain(object_store.volume_claim(STORE))["metadata"]["name"]]


def test_it_starts_with_its_bucket_its_certificate_and_its_key_from_files() -> None:
    assert "env" not in container()
    assert container()["command"][1].rpartition("/")[2] in plain(object_store.files(STORE))["data"]
    assert container()["command"][2:] == ["/objects", "things", "7070", "us-east-1"]
    assert "--cert $secrets/tls.crt --key $secrets/tls.key" in asset("store.sh")
    consumer = object_store.consumer("some-store", "airflow", SecretValue.LOGS_ACCESS_KEY, SecretValue.LOGS_SECRET_KEY)
    read = {
        line.partition("$secrets/")[2].partition(")")[0] for line in asset("store.sh").splitlines() if "$(<" in line
    }
    assert read | {"tls.crt", "tls.key"} == set(consumer.files)


def test_its_clients_dial_the_name_that_its_certificate_has() -> None:
    found = object_store.bucket("some-store", "airflow", "things")
    consumer = object_store.consumer("some-store", "airflow", SecretValue.LOGS_ACCESS_KEY, SecretValue.LOGS_SECRET_KEY)
    assert found.endpoint == f"{consumer.tls_names[0]}:7070"
    assert plain(object_store.service(STORE))["metadata"]["name"] == "some-store"
