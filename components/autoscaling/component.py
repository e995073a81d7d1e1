"""Autoscaling: what the scalers of the queues stand on."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.autoscaling.args import AutoscalingArgs
from components.autoscaling.manifests import drain, keda, rights
from components.autoscaling.manifests.common import binding, cluster_binding, metadata, service_account, subject
from components.autoscaling.secrets import AUTHENTICATION, CONNECTION
from components.contract import names
from components.contract.base import PlatformComponent
from components.contract.endpoints import AutoscalingEndpoint


class Autoscaling(PlatformComponent):
    """The drain controller, how KEDA logs in at the database, and KEDA itself where the cluster has none.

    Creates one drain controller for all queues, with rights on the workers' pods and scaled objects. Mode `bundled`
    adds KEDA's kinds, its operator and its metrics adapter in a namespace of their own, certificates of our own
    authority, and rights on Airflow's namespace alone; a cluster has room for one KEDA, so a second stack that brings
    one is refused by the objects that are there already. Mode `existing` adds a TriggerAuthentication.

    Survives: the loss of any of its pods; until it is back no queue shrinks, and none grows.
    Does not handle: versions of a KEDA that is not ours, queues of other stacks.

    Attributes:
        endpoint: what a queue's scaled object names.
    """

    TOKEN = "airflow-platform:airflow:Autoscaling"  # noqa: S105 - a type token
    OUTPUTS = ("endpoint",)

    def __init__(self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        draining = self._drain_controller()
        if args.settings.workers.brings_keda:
            running = self._keda()
            kind, created = "ClusterTriggerAuthentication", self._authentication_by_file(running)
        else:
            kind, created = "TriggerAuthentication", self._authentication_by_secret()
        self.endpoint = AutoscalingEndpoint(
            authentication_kind=kind,
            authentication_name=pulumi.Output.all(created, draining).apply(lambda found: found[0]),
        )
        self.finish()

    def _drain_controller(self) -> pulumi.Output[str]:
        """The result is there once it answers."""
        args, workload = self._args, names.DRAIN_CONTROLLER
        account = self._account(workload, args.namespace)
        config = k8s.core.v1.ConfigMap(self.child_name("drain-config"), drain.config_map(args), self.child_opts())
        bound = self._rights("drain", workload, args.namespace, rights.drain(args.settings), account, args.namespace)
        k8s.apps.v1.Deployment(
            self.child_name("drain-controller"),
            drain.controller(args, _after(account, bound), _name(config.metadata)),
            self.child_opts(),
        )
        service = k8s.core.v1.Service(self.child_name("drain-service"), drain.service(args), self.child_opts())
        return _name(service.metadata)

    def _keda(self) -> pulumi.Output[str]:
        """The result is there once external metrics are served."""
        args = self._args
        kinds = [self._definition(name, spec) for name, spec in keda.definitions().items()]
        operator_account = _after(self._operator_account(), *kinds)
        reading = k8s.apps.v1.Deployment(
            self.child_name("operator"), keda.operator(args, operator_account), self.child_opts()
        )
        operator = k8s.core.v1.Service(
            self.child_name("operator-service"), keda.operator_service(args), self.child_opts()
        )
        host = pulumi.Output.concat(_name(operator.metadata), ".", args.keda_namespace, ".svc.", names.CLUSTER_DOMAIN)
        adapter_account = _after(self._adapter_account(), *kinds)
        serving = k8s.apps.v1.Deployment(
            self.child_name("adapter"), keda.adapter(args, adapter_account, host), self.child_opts()
        )
        adapter = k8s.core.v1.Service(self.child_name("adapter-service"), keda.adapter_service(args), self.child_opts())
        served = k8s.apiregistration.v1.APIService(
            self.child_name("external-metrics"),
            keda.api_service(args, _name(adapter.metadata), args.authority_certificate),
            self.child_opts(),
        )
        # Whoever waits for KEDA also goes before it: without the operator a ScaledObject is never let go.
        return _after(_name(served.metadata), _name(reading.metadata), _name(serving.metadata))

    def _definition(self, name: str, spec: Any) -> pulumi.Output[str]:
        created = k8s.apiextensions.v1.CustomResourceDefinition(
            self.child_name(f"kind-{name.partition('.')[0]}"),
            metadata=metadata(self._args, name, names.KEDA_OPERATOR, None),
            spec=spec,
            opts=self.child_opts(),
        )
        return _name(created.metadata)

    def _operator_account(self) -> pulumi.Output[str]:
        args, workload = self._args, names.KEDA_OPERATOR
        home = args.keda_namespace
        account = self._account(workload, home)
        in_airflow = self._rights("operator", workload, args.namespace, rights.operator_in_airflow(), account, home)
        at_home = self._rights("operator-home", workload, home, rights.operator_at_home(), account, home)
        in_cluster = self._cluster_rights(
            "operator-cluster", workload, rights.operator_in_cluster(), subject(account, home)
        )
        return _after(account, in_airflow, at_home, in_cluster)

    def _adapter_account(self) -> pulumi.Output[str]:
        args, workload = self._args, names.KEDA_ADAPTER
        home = args.keda_namespace
        account = self._account(workload, home)
        in_airflow = self._rights("adapter", workload, args.namespace, rights.adapter_in_airflow(), account, home)
        # It has the API server judge who asks, by a role and a configuration that Kubernetes itself brings.
        delegation = k8s.rbac.v1.ClusterRoleBinding(
            self.child_name("adapter-delegation"),
            cluster_binding(
                args,
                f"{args.settings.workers.keda.namespace}-{workload}-delegation",
                workload,
                role="system:auth-delegator",
                account=subject(account, home),
            ),
            self.child_opts(),
        )
        reading = k8s.rbac.v1.RoleBinding(
            self.child_name("adapter-reading"),
            binding(
                args,
                f"{args.settings.workers.keda.namespace}-{workload}",
                workload,
                "kube-system",
                role="extension-apiserver-authentication-reader",
                account=account,
                account_namespace=home,
            ),
            self.child_opts(),
        )
        asking = self._cluster_rights(
            "metrics-reader",
            workload,
            rights.metrics_reader(),
            subject("horizontal-pod-autoscaler", "kube-system"),
        )
        return _after(account, in_airflow, _name(delegation.metadata), _name(reading.metadata), asking)

    def _authentication_by_file(self, running: pulumi.Output[str]) -> pulumi.Output[str]:
        # It belongs to the cluster: it is not to be taken for another stack's.
        name = f"{self._args.settings.namespaces.airflow}-{AUTHENTICATION}"
        return self._authentication("ClusterTriggerAuthentication", name, None, keda.authentication_spec(), running)

    def _authentication_by_secret(self) -> pulumi.Output[str]:
        args = self._args
        secret = args.secrets[AUTHENTICATION].name
        spec = {"secretTargetRef": [{"parameter": CONNECTION, "name": secret, "key": CONNECTION}]}
        return self._authentication("TriggerAuthentication", AUTHENTICATION, args.namespace, spec)

    def _authentication(
        self,
        kind: str,
        name: str,
        namespace: pulumi.Input[str] | None,
        spec: Mapping[str, Any],
        *waits_for: pulumi.Output[str],
    ) -> pulumi.Output[str]:
        """The name of the object, once it is there."""
        created = k8s.apiextensions.CustomResource(
            self.child_name("authentication"),
            api_version=keda.API_VERSION,
            kind=kind,
            metadata=metadata(
                self._args, _after(pulumi.Output.from_input(name), *waits_for), names.KEDA_OPERATOR, namespace
            ),
            spec=spec,
            opts=self.child_opts(),
        )
        return _after(pulumi.Output.from_input(name), created.urn)

    def _account(self, workload: str, namespace: pulumi.Input[str]) -> pulumi.Output[str]:
        account = k8s.core.v1.ServiceAccount(
            self.child_name(f"{workload}-account"),
            service_account(self._args, workload, namespace),
            self.child_opts(),
        )
        return _name(account.metadata)

    def _rights(
        self,
        name: str,
        workload: str,
        namespace: pulumi.Input[str],
        rules: rights.Rules,
        account: pulumi.Input[str],
        account_namespace: pulumi.Input[str],
    ) -> pulumi.Output[str]:
        """A Role and its binding; the result is there once both are."""
        role = k8s.rbac.v1.Role(
            self.child_name(f"{name}-role"),
            metadata=metadata(self._args, f"autoscaling-{name}", workload, namespace),
            rules=rules,
            opts=self.child_opts(),
        )
        bound = k8s.rbac.v1.RoleBinding(
            self.child_name(f"{name}-binding"),
            binding(
                self._args,
                f"autoscaling-{name}",
                workload,
                namespace,
                role=_name(role.metadata),
                account=account,
                account_namespace=account_namespace,
            ),
            self.child_opts(),
        )
        return _name(bound.metadata)

    def _cluster_rights(
        self, name: str, workload: str, rules: rights.Rules, account: k8s.rbac.v1.SubjectArgs
    ) -> pulumi.Output[str]:
        full_name = f"{self._args.settings.workers.keda.namespace}-{name}"
        role = k8s.rbac.v1.ClusterRole(
            self.child_name(f"{name}-role"),
            metadata=metadata(self._args, full_name, workload, None),
            rules=rules,
            opts=self.child_opts(),
        )
        bound = k8s.rbac.v1.ClusterRoleBinding(
            self.child_name(f"{name}-binding"),
            cluster_binding(self._args, full_name, workload, role=_name(role.metadata), account=account),
            self.child_opts(),
        )
        return _name(bound.metadata)


def _name(metadata: pulumi.Output[k8s.meta.v1.outputs.ObjectMeta]) -> pulumi.Output[str]:
    """The name of a created object: whoever uses it waits for the object."""
    return metadata.apply(lambda found: found.name or "")


def _after(value: pulumi.Output[str], *others: pulumi.Output[str]) -> pulumi.Output[str]:
    """The value, once the others are there too."""
    return pulumi.Output.all(value, *others).apply(lambda found: str(found[0]))
