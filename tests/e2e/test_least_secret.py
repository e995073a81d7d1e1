"""What a worker's pod really holds: no database URL, no Fernet key, no token key."""

import json

import pytest

from tests.e2e.conftest import Kubectl

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_a_workers_files_and_environment(kube: Kubectl) -> None:
    inside = ("exec", "-n", "airflow", "deploy/worker-default", "--")
    files = set(kube(*inside, "ls", "/run/secrets/airflow-platform").split())
    assert files == {"broker_url", "result_backend", "api_secret_key", "ca.crt"}
    environment = kube(*inside, "env")
    configuration = kube(*inside, "cat", "/opt/airflow/config/airflow.cfg")
    for forbidden in ("postgresql", "fernet_key", "jwt_private_key", "sql_alchemy_conn_cmd"):
        assert forbidden not in environment.lower()
        assert forbidden not in configuration.lower()


def test_no_airflow_pod_but_the_migrations_talks_to_the_kubernetes_api(kube: Kubectl) -> None:
    """It stops schedulers while the tables change, and ends."""
    pods = json.loads(kube("get", "pods", "-n", "airflow", "-o", "json"))["items"]
    assert pods
    mounted = [
        pod["metadata"]["labels"]["app.kubernetes.io/name"]
        for pod in pods
        for container in pod["spec"]["containers"]
        for mount in container.get("volumeMounts", [])
        if "serviceaccount" in mount["mountPath"]
    ]
    assert set(mounted) == {"migration"}
