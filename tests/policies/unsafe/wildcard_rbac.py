"""A role for a pipeline that deploys from within the cluster is written in a hurry: everything, everywhere."""

import pulumi_kubernetes as k8s
from spoil import cluster, labels, platform

platform()
options = cluster()
k8s.rbac.v1.ClusterRole(
    "deployer",
    metadata={"name": "airflow-deployer", "labels": labels("deployer")},
    rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    opts=options,
)
k8s.rbac.v1.ClusterRoleBinding(
    "deployer",
    metadata={"name": "airflow-deployer", "labels": labels("deployer")},
    role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "airflow-deployer"},
    subjects=[{"kind": "ServiceAccount", "name": "deployer", "namespace": "airflow"}],
    opts=options,
)
