"""Ingress: the way in for people."""

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.base import PlatformComponent
from components.contract.endpoints import EdgeEndpoint
from components.contract.pods import config_checksum
from components.ingress.args import IngressArgs
from components.ingress.manifests import edge, firewall, nginx, routes
from settings.ingress import GatewayReference, IngressKind


class Ingress(PlatformComponent):
    """The TLS edge.

    Kind `bundled` creates nginx with ModSecurity (ConfigMap, ServiceAccount, Deployment, Service, disruption budget);
    kind `gateway` an HTTPRoute and a BackendTLSPolicy; kind `ingress` a classic Ingress. None of them ever leads to
    the task execution API. Survives the loss of a pod with two replicas. Does not issue public certificates: give
    `tlsSecret`, or let the cluster's Gateway or controller have one.

    Attributes:
        endpoint: where people reach the platform.
    """

    TOKEN = "airflow-platform:edge:Ingress"  # noqa: S105
    OUTPUTS = ("endpoint",)

    def __init__(self, name: str, args: IngressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        settings = args.settings.ingress
        service_host: pulumi.Output[str] = pulumi.Output.from_input("")
        if settings.kind is IngressKind.BUNDLED:
            service_host = self._bundled(args)
        elif settings.kind is IngressKind.GATEWAY and settings.gateway:
            self._gateway(args, settings.gateway)
        else:
            self._ingress(args)
        self.endpoint = EdgeEndpoint(url=f"https://{settings.host}", service_host=service_host)
        self.finish()

    def _bundled(self, args: IngressArgs) -> pulumi.Output[str]:
        settings = args.settings.ingress
        selector = args.labels.selector(names.EDGE)
        config = {
            "nginx.conf": nginx.render(
                settings,
                upstream_host=names.service_host(names.API_CORE, args.settings.namespaces.airflow),
                upstream_port=args.airflow.core_port,
            ),
            "modsecurity.conf": firewall.render(settings.firewall),
        }
        config_map = k8s.core.v1.ConfigMap(
            self.child_name("config"), metadata=self._metadata(args, "edge-config"), data=config, opts=self.child_opts()
        )
        account = k8s.core.v1.ServiceAccount(
            self.child_name("service-account"),
            metadata=self._metadata(args, names.EDGE),
            automount_service_account_token=False,
            opts=self.child_opts(),
        )
        spec = edge.deployment_spec(
            args,
            config_map=config_map.metadata.name,
            checksum=config_checksum(config),
            service_account=account.metadata.name,
        )
        k8s.apps.v1.Deployment(
            self.child_name("deployment"),
            # nginx looks its upstream up once, when it starts: the Service has to be there.
            metadata=self._metadata(args, names.EDGE, {"airflow-platform/upstream": args.airflow.core_host}),
            spec=spec,
            opts=self.child_opts(),
        )
        if settings.replicas > 1:
            k8s.policy.v1.PodDisruptionBudget(
                self.child_name("disruption-budget"),
                metadata=self._metadata(args, names.EDGE),
                spec=edge.disruption_budget_spec(selector),
                opts=self.child_opts(),
            )
        service = k8s.core.v1.Service(
            self.child_name("service"),
            metadata=self._metadata(args, names.EDGE),
            spec=edge.service_spec(settings, selector),
            opts=self.child_opts(),
        )
        return pulumi.Output.concat(
            service.metadata.name, ".", service.metadata.namespace, ".svc.", names.CLUSTER_DOMAIN
        )

    def _gateway(self, args: IngressArgs, gateway: GatewayReference) -> None:
        authority = k8s.core.v1.ConfigMap(
            self.child_name("authority"),
            metadata=self._beside_airflow(args, "airflow-authority"),
            data={"ca.crt": args.authority_certificate},
            opts=self.child_opts(),
        )
        k8s.apiextensions.CustomResource(
            self.child_name("backend-tls"),
            api_version="gateway.networking.k8s.io/v1",
            kind="BackendTLSPolicy",
            metadata=self._beside_airflow(args, "airflow"),
            spec=routes.backend_tls_spec(
                host=names.service_host(names.API_CORE, args.settings.namespaces.airflow),
                config_map=authority.metadata.name,
            ),
            opts=self.child_opts(),
        )
        k8s.apiextensions.CustomResource(
            self.child_name("http-route"),
            api_version="gateway.networking.k8s.io/v1",
            kind="HTTPRoute",
            metadata=self._beside_airflow(args, "airflow"),
            spec=routes.http_route_spec(args.settings.ingress, gateway, port=args.airflow.core_port),
            opts=self.child_opts(),
        )

    def _ingress(self, args: IngressArgs) -> None:
        settings = args.settings.ingress
        k8s.networking.v1.Ingress(
            self.child_name("ingress"),
            metadata=self._beside_airflow(args, "airflow", settings.annotations),
            spec=routes.ingress_spec(settings, port=args.airflow.core_port),
            opts=self.child_opts(),
        )

    def _metadata(
        self, args: IngressArgs, name: str, annotations: dict[str, pulumi.Input[str]] | None = None
    ) -> k8s.meta.v1.ObjectMetaArgs:
        return k8s.meta.v1.ObjectMetaArgs(
            name=name,
            namespace=args.namespace,
            labels=args.labels.of(names.EDGE, edge.COMPONENT),
            annotations=annotations,
        )

    def _beside_airflow(
        self, args: IngressArgs, name: str, annotations: dict[str, str] | None = None
    ) -> k8s.meta.v1.ObjectMetaArgs:
        return k8s.meta.v1.ObjectMetaArgs(
            name=name,
            namespace=args.airflow_namespace,
            labels=args.labels.of(names.EDGE, edge.COMPONENT),
            annotations=annotations,
        )
