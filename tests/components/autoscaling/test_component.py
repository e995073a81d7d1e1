"""KEDA and the drain controller: what they may do, and what they are told."""

import base64
import json
from typing import Any

import pulumi
import pytest
import yaml

from components.autoscaling import Autoscaling, AutoscalingArgs
from components.autoscaling.manifests.keda import definitions
from components.autoscaling.peers import workloads
from components.autoscaling.secrets import consumers
from components.contract.secrets import SecretValue
from local import paths
from settings.scaling import KedaMode, KedaSettings
from tests.harness import Stage, as_config, kubernetes, record_program, settings_of

BUNDLED = as_config(workers={"keda": {"mode": "bundled"}})


def build() -> None:
    stage = Stage.of_stack()
    settings = stage.settings
    Autoscaling(
        "autoscaling",
        AutoscalingArgs(
            settings=settings,
            labels=stage.labels,
            images=stage.images,
            namespace=settings.namespaces.airflow,
            keda_namespace=settings.workers.keda.namespace,
            secrets=stage.secrets(consumers(settings)),
            priority_class="control",
            authority_certificate=pulumi.Output.from_input("PEM"),
        ),
        stage.opts,
    )


def objects(kind: str, *, bundled: bool = True) -> dict[str, dict[str, Any]]:
    return kubernetes(record_program(build, "prod", BUNDLED if bundled else ()), kind)


def container(deployment: str) -> dict[str, Any]:
    (found,) = objects("Deployment")[deployment]["spec"]["template"]["spec"]["containers"]
    return found


def test_a_cluster_with_a_keda_of_its_own_gets_a_log_in_and_the_drain_controller() -> None:
    assert set(objects("Deployment", bundled=False)) == {"drain-controller"}
    assert objects("CustomResourceDefinition", bundled=False) == {}
    (spec,) = (item["spec"] for item in objects("TriggerAuthentication", bundled=False).values())
    assert spec == {"secretTargetRef": [{"parameter": "connection", "name": "autoscaler-secrets", "key": "connection"}]}


def test_a_bundled_keda_brings_its_kinds_as_they_are_in_its_module() -> None:
    found = objects("CustomResourceDefinition")
    assert set(found) == set(definitions())
    assert found["scaledobjects.keda.sh"]["spec"] == definitions()["scaledobjects.keda.sh"]
    schema = found["scaledobjects.keda.sh"]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert "scalingModifiers" in schema["properties"]["spec"]["properties"]["advanced"]["properties"]


def test_a_bundled_keda_reads_its_log_in_from_a_file_and_no_secret_of_the_stack() -> None:
    (spec,) = (item["spec"] for item in objects("ClusterTriggerAuthentication").values())
    assert spec == {"filePath": "autoscaler.json"}
    environment = {entry["name"]: entry.get("value") for entry in container("keda-operator")["env"]}
    assert environment["KEDA_RESTRICT_SECRET_ACCESS"] == "true"
    assert environment["WATCH_NAMESPACE"] == "airflow"
    in_airflow = objects("Role")["autoscaling-operator"]
    assert in_airflow["metadata"]["namespace"] == "airflow"
    assert "secrets" not in json.dumps(in_airflow["rules"])


def test_the_log_in_is_a_document_with_a_verified_connection() -> None:
    workers = settings_of("prod").workers.model_copy(update={"keda": KedaSettings(mode=KedaMode.BUNDLED)})
    settings = settings_of("prod").model_copy(update={"workers": workers})
    (operator,) = (consumer for consumer in consumers(settings) if consumer.name == "keda-operator")
    template = operator.files["autoscaler.json"]
    filled = template.replace("{{", "{").replace("}}", "}")
    connection = json.loads(filled)["connection"]
    assert "sslmode=verify-full sslrootcert=/run/secrets/airflow-platform/ca.crt" in connection
    assert "host=postgres-rw.airflow-data.svc.cluster.local" in connection
    assert SecretValue.DATABASE_READER_PASSWORD in operator.values()


def test_the_api_server_verifies_the_adapter() -> None:
    spec = objects("APIService")["v1beta1.external.metrics.k8s.io"]["spec"]
    assert base64.b64decode(spec["caBundle"]) == b"PEM"
    assert "insecureSkipTLSVerify" not in spec


def test_the_drain_controller_may_touch_pods_and_the_scaled_queues_alone() -> None:
    (role,) = (item for name, item in objects("Role").items() if name == "autoscaling-drain")
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "patch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], "resourceNames": ["worker-default"]},
        {
            "apiGroups": ["keda.sh"],
            "resources": ["scaledobjects"],
            "verbs": ["get", "patch"],
            "resourceNames": ["worker-default"],
        },
    ]


def test_the_drain_controller_is_told_its_queues() -> None:
    told = json.loads(objects("ConfigMap")["drain-controller-config"]["data"]["drain.json"])
    assert told == {
        "namespace": "airflow",
        "port": 8080,
        "queues": {"default": {"workload": "worker-default", "minimum": 3}},
    }


def test_where_nothing_is_scaled_nothing_is_there() -> None:
    assert consumers(settings_of("dev")) == ()
    assert workloads(settings_of("dev")) == ()


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_a_keda_of_the_cluster_is_let_in_and_not_locked_up(stack: str) -> None:
    (operator,) = (workload for workload in workloads(settings_of(stack)) if workload.name == "keda-operator")
    assert operator.brought_by_cluster
    assert operator.ports == ()


def test_the_version_is_the_same_everywhere() -> None:
    """Of the image's module, its tag, and the one that the settings ask an existing KEDA for."""
    folder = paths.checkout() / "images"
    (entry,) = (
        item for item in yaml.safe_load((folder / "catalogue.yaml").read_text())["images"] if item["name"] == "keda"
    )
    assert f"github.com/kedacore/keda/v2 v{entry['version']}" in (folder / "keda" / "go.mod").read_text()
    assert entry["version"] in (paths.checkout() / "settings" / "scaling.py").read_text()


def test_the_operator_outlives_what_it_has_to_let_go() -> None:
    """A ScaledObject is deleted only once the operator has taken its mark off it."""
    (login,) = (
        resource
        for resource in record_program(build, "prod", BUNDLED).resources
        if resource.type.endswith(":ClusterTriggerAuthentication")
    )
    needed = {urn.rpartition("::")[2] for urn in login.dependencies}
    assert {"autoscaling-operator", "autoscaling-adapter"} <= needed
