"""MonitoringStack: metrics, alerts, dashboards."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.base import PlatformComponent
from components.contract.pods import config_checksum
from components.monitoring_stack import dashboard, rules
from components.monitoring_stack.args import MonitoringStackArgs
from components.monitoring_stack.manifests import (
    alertmanager_config,
    operator,
    prometheus_config,
    statsd,
    workloads,
)
from components.monitoring_stack.peers import ALERTMANAGER_PORT
from settings.monitoring import MonitoringMode
from settings.stack import Environment

_AUTHORITY = "prometheus-authority"
_SUBJECT = "ServiceAccount"


class MonitoringStack(PlatformComponent):
    """Metrics of every workload, alerts in four tiers, one dashboard.

    Creates the StatsD exporter that Airflow sends its metrics to and the dashboard as a ConfigMap. Mode `bundled`
    adds Prometheus with its rules and volume, and Alertmanager; mode `operator` adds a PodMonitor per workload and a
    PrometheusRule for the cluster's own. Targets follow from the workloads' ports.

    Survives: the loss of any of its pods costs metrics of that time and nothing else; Airflow sends by UDP.
    Does not handle: long-term storage, Grafana itself (the dashboard is data), logs and traces.

    Attributes:
        prometheus_url: of the bundled Prometheus inside the cluster, empty with the operator.
    """

    TOKEN = "airflow-platform:monitoring:MonitoringStack"  # noqa: S105
    OUTPUTS = ("prometheus_url",)

    def __init__(self, name: str, args: MonitoringStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._dashboard()
        self._statsd()
        self.prometheus_url: pulumi.Output[str] = pulumi.Output.from_input("")
        if args.settings.monitoring.mode is MonitoringMode.BUNDLED:
            self._alertmanager()
            self.prometheus_url = self._prometheus()
        else:
            self._operator()
        self.finish()

    def _metadata(
        self, name: str, workload: str, namespace: pulumi.Input[str] | None = None, **own: str
    ) -> k8s.meta.v1.ObjectMetaArgs:
        return k8s.meta.v1.ObjectMetaArgs(
            name=name,
            namespace=namespace or self._args.namespace,
            labels=self._args.labels.of(workload, workloads.COMPONENT, **own),
        )

    def _config_map(self, workload: str, data: Mapping[str, str]) -> tuple[pulumi.Output[str], str]:
        config_map = k8s.core.v1.ConfigMap(
            self.child_name(f"{workload}-config"),
            metadata=self._metadata(f"{workload}-config", workload),
            data=data,
            opts=self.child_opts(),
        )
        return config_map.metadata.name, config_checksum(data)

    def _account(self, workload: str) -> pulumi.Output[str]:
        account = k8s.core.v1.ServiceAccount(
            self.child_name(f"{workload}-service-account"),
            metadata=self._metadata(workload, workload),
            automount_service_account_token=False,
            opts=self.child_opts(),
        )
        return account.metadata.name

    def _service(self, workload: str, *ports: k8s.core.v1.ServicePortArgs) -> pulumi.Output[str]:
        service = k8s.core.v1.Service(
            self.child_name(f"{workload}-service"),
            metadata=self._metadata(workload, workload),
            spec=k8s.core.v1.ServiceSpecArgs(selector=self._args.labels.selector(workload), ports=list(ports)),
            opts=self.child_opts(),
        )
        return service.metadata.name

    def _dashboard(self) -> None:
        model = dashboard.render(self._args.settings)
        k8s.core.v1.ConfigMap(
            self.child_name("dashboard"),
            # The label by which Grafana's sidecar finds dashboards.
            metadata=self._metadata("airflow-dashboard", "dashboard", grafana_dashboard="1"),
            data={"airflow-platform.json": json.dumps(model, indent=2, sort_keys=True)},
            opts=self.child_opts(),
        )

    def _statsd(self) -> None:
        config_map, checksum = self._config_map(names.STATSD_EXPORTER, {"mapping.yml": statsd.mapping()})
        k8s.apps.v1.Deployment(
            self.child_name("statsd-exporter-deployment"),
            metadata=self._metadata(names.STATSD_EXPORTER, names.STATSD_EXPORTER),
            spec=workloads.statsd_deployment_spec(
                self._args,
                config_map=config_map,
                checksum=checksum,
                service_account=self._account(names.STATSD_EXPORTER),
            ),
            opts=self.child_opts(),
        )
        self._service(
            names.STATSD_EXPORTER,
            k8s.core.v1.ServicePortArgs(name="statsd", port=names.STATSD_PORT, target_port="statsd", protocol="UDP"),
        )

    def _alertmanager(self) -> None:
        config = {"alertmanager.yml": alertmanager_config.render(self._args.settings.monitoring.receivers)}
        config_map, checksum = self._config_map(names.ALERTMANAGER, config)
        k8s.apps.v1.Deployment(
            self.child_name("alertmanager-deployment"),
            metadata=self._metadata(names.ALERTMANAGER, names.ALERTMANAGER),
            spec=workloads.alertmanager_deployment_spec(
                self._args,
                config_map=config_map,
                checksum=checksum,
                service_account=self._account(names.ALERTMANAGER),
            ),
            opts=self.child_opts(),
        )
        self._service(
            names.ALERTMANAGER,
            k8s.core.v1.ServicePortArgs(name="http", port=ALERTMANAGER_PORT, target_port="http"),
        )

    def _prometheus(self) -> pulumi.Output[str]:
        settings = self._args.settings
        config = {
            "prometheus.yml": prometheus_config.render(settings, self._args.workloads),
            "rules.yml": json.dumps(rules.groups(settings), indent=2) + "\n",
        }
        config_map, checksum = self._config_map(names.PROMETHEUS, config)
        account = self._account(names.PROMETHEUS)
        self._rights(account)
        k8s.apps.v1.StatefulSet(
            self.child_name("prometheus-stateful-set"),
            metadata=self._metadata(names.PROMETHEUS, names.PROMETHEUS),
            spec=workloads.prometheus_stateful_set_spec(
                self._args, config_map=config_map, checksum=checksum, service_account=account
            ),
            # Its volume holds the history that outages are judged by.
            opts=self.child_opts(protect=True if settings.environment is not Environment.DEV else None),
        )
        service = self._service(
            names.PROMETHEUS, k8s.core.v1.ServicePortArgs(name="http", port=names.PROMETHEUS_PORT, target_port="http")
        )
        host = pulumi.Output.concat(service, ".", self._args.namespace, ".svc.", names.CLUSTER_DOMAIN)
        return pulumi.Output.concat("http://", host, f":{names.PROMETHEUS_PORT}")

    def _rights(self, account: pulumi.Output[str]) -> None:
        """Prometheus lists the pods of our namespaces and reads what kubelets measure; nothing else."""
        subject = k8s.rbac.v1.SubjectArgs(kind=_SUBJECT, name=account, namespace=self._args.namespace)
        for role, namespace in self._args.namespaces.items():
            self._role(role, namespace, subject)
        cluster_role = k8s.rbac.v1.ClusterRole(
            self.child_name("prometheus-nodes"),
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=f"{self._args.settings.namespaces.monitoring}-prometheus-nodes",
                labels=self._args.labels.of(names.PROMETHEUS, workloads.COMPONENT),
            ),
            rules=[
                k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["nodes"], verbs=["get", "list", "watch"]),
                k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["nodes/metrics"], verbs=["get"]),
            ],
            opts=self.child_opts(),
        )
        k8s.rbac.v1.ClusterRoleBinding(
            self.child_name("prometheus-nodes-binding"),
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=f"{self._args.settings.namespaces.monitoring}-prometheus-nodes",
                labels=self._args.labels.of(names.PROMETHEUS, workloads.COMPONENT),
            ),
            role_ref=k8s.rbac.v1.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=cluster_role.metadata.name
            ),
            subjects=[subject],
            opts=self.child_opts(),
        )

    def _role(self, key: str, namespace: pulumi.Input[str], subject: k8s.rbac.v1.SubjectArgs) -> None:
        role = k8s.rbac.v1.Role(
            self.child_name(f"prometheus-pods-{key}"),
            metadata=self._metadata("prometheus-pods", names.PROMETHEUS, namespace),
            rules=[k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["get", "list", "watch"])],
            opts=self.child_opts(),
        )
        k8s.rbac.v1.RoleBinding(
            self.child_name(f"prometheus-pods-{key}-binding"),
            metadata=self._metadata("prometheus-pods", names.PROMETHEUS, namespace),
            role_ref=k8s.rbac.v1.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="Role", name=role.metadata.name
            ),
            subjects=[subject],
            opts=self.child_opts(),
        )

    def _operator(self) -> None:
        settings = self._args.settings
        api_version = "monitoring.coreos.com/v1"
        k8s.apiextensions.CustomResource(
            self.child_name("rules"),
            api_version=api_version,
            kind="PrometheusRule",
            metadata=self._metadata("airflow-platform", names.PROMETHEUS),
            spec=operator.prometheus_rule_spec(settings),
            opts=self.child_opts(),
        )
        speaking_tls = {
            workload.namespace
            for workload in self._args.workloads
            for port in workload.ports
            if port.scrape_path and port.scheme == "https"
        }
        for namespace in sorted(speaking_tls):
            k8s.core.v1.ConfigMap(
                self.child_name(f"authority-{namespace}"),
                metadata=self._metadata(_AUTHORITY, names.PROMETHEUS, self._args.namespaces[namespace]),
                data={"ca.crt": self._args.authority_certificate},
                opts=self.child_opts(),
            )
        for workload in self._args.workloads:
            if not any(port.scrape_path for port in workload.ports):
                continue
            k8s.apiextensions.CustomResource(
                self.child_name(f"{workload.name}-pod-monitor"),
                api_version=api_version,
                kind="PodMonitor",
                metadata=self._metadata(workload.name, workload.name, self._args.namespaces[workload.namespace]),
                spec=operator.pod_monitor_spec(
                    workload, interval_seconds=settings.monitoring.scrape_interval_seconds, authority=_AUTHORITY
                ),
                opts=self.child_opts(),
            )
