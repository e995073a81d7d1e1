"""RedisHA: Valkey 8 as the Celery broker, or somebody else's.

How clients connect (passwords from their own Secret, user `names.BROKER_USER`, authority in their Secret):

* One instance: `rediss://airflow:<password>@valkey.<data namespace>.svc.cluster.local:6379/0`. TLS is the only port. In
  Celery `ssl_ca_certs` and `ssl_cert_reqs` (`required`) go into `broker_use_ssl`, or into the URL as
  `?ssl_cert_reqs=required&ssl_ca_certs=<file>`.
* Sentinels: `sentinel://airflow:<password>@<host>:26379;sentinel://<host>:26379;...` over `names.sentinel_hosts()`, the
  credentials on the first. Transport options: `master_name` = `names.SENTINEL_MASTER`, `sentinel_kwargs` with
  `username`, `password`, `ssl`, `ssl_ca_certs`, `ssl_cert_reqs` for the Sentinels themselves (they know the same user,
  who may only ask who leads there), and `broker_use_ssl` for the data nodes.
* Somebody else's: as one instance, with the user, the databases and the authority of `redis.external`.
"""

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names, preflights
from components.contract.base import PlatformComponent
from components.contract.endpoints import RedisEndpoint
from components.contract.external_broker import external_broker
from components.redis_ha import external
from components.redis_ha.args import RedisHAArgs
from components.redis_ha.manifests import sentinel, services, valkey
from components.redis_ha.manifests.common import config_map
from components.redis_ha.names import (
    NODES_SERVICE,
    SENTINEL_NODES_SERVICE,
    has_sentinels,
    node_services,
    sentinel_services,
)
from settings.external import ExternalRedisSettings
from settings.stack import Environment


class RedisHA(PlatformComponent):
    """The Celery broker.

    Creates, with mode `standalone`, one Valkey and its Service; with mode `sentinel` three data nodes, of which one
    leads, three Sentinels that watch them, and a Service for each of the six so that names outlive pods; with mode
    `external` a Job that looks whether somebody else's broker can be used, and says all that keeps it from that.

    Survives, with mode `sentinel`: the loss of any data node or Sentinel (another leads within about ten seconds),
    rollouts and drains (the lead is handed over first). With one instance: the loss of the pod; the append-only file
    stays on the volume. With mode `external`: what the service survives.
    Does not handle: keeping every message. Replication is asynchronous and the file is written once a second; what
    is lost is sent again by Airflow's scheduler from the database, where the truth is.

    Attributes:
        endpoint: where the broker is reached; whoever uses it waits until it answers.
    """

    TOKEN = "airflow-platform:data:RedisHA"  # noqa: S105 - a type token
    OUTPUTS = ("endpoint",)

    def __init__(self, name: str, args: RedisHAArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        broker = external_broker(args.settings)
        self.endpoint = self._external(broker) if broker else self._own()
        self.finish()

    def _own(self) -> RedisEndpoint:
        args = self._args
        replicated = has_sentinels(args.settings)
        ready = self._sentinels() if replicated else self._standalone()
        service = names.SENTINEL if replicated else names.VALKEY
        host = names.service_host(service, args.settings.namespaces.data)
        return RedisEndpoint(host=ready.apply(lambda _: host), sentinel=replicated, ready=ready)

    def _external(self, broker: ExternalRedisSettings) -> RedisEndpoint:
        """Somebody else's; the result is there once the preflight has found it fit."""
        ready = preflights.run(self, "preflight", external.preflight(self._args, broker))
        return RedisEndpoint(host=ready.apply(lambda _: broker.host), sentinel=False, ready=ready)

    def _standalone(self) -> pulumi.Output[str]:
        """One data node behind one Service; the result is there once it answers."""
        node = self._nodes()
        service = k8s.core.v1.Service(
            self.child_name("service"), services.client_service(self._args, names.VALKEY), self.child_opts()
        )
        return _all_names(node, service)

    def _sentinels(self) -> pulumi.Output[str]:
        """Data nodes and Sentinels; the result is there once both answer."""
        args = self._args
        pods = ((names.VALKEY, node_services(args.settings)), (names.SENTINEL, sentinel_services(args.settings)))
        for workload, pod_names in pods:
            for pod in pod_names:
                k8s.core.v1.Service(
                    self.child_name(f"service-{pod}"), services.pod_service(args, pod, workload), self.child_opts()
                )
            k8s.policy.v1.PodDisruptionBudget(
                self.child_name(f"disruption-budget-{workload}"),
                services.disruption_budget(args, workload),
                self.child_opts(),
            )
        watchers = self._workload(
            names.SENTINEL,
            SENTINEL_NODES_SERVICE,
            config_map(args, sentinel.CONFIG_MAP, names.SENTINEL, sentinel.config()),
            sentinel.stateful_set(args),
        )
        service = k8s.core.v1.Service(
            self.child_name("sentinels"), services.client_service(args, names.SENTINEL), self.child_opts()
        )
        return _all_names(self._nodes(), watchers, service)

    def _nodes(self) -> k8s.apps.v1.StatefulSet:
        args = self._args
        return self._workload(
            names.VALKEY,
            NODES_SERVICE,
            config_map(args, valkey.CONFIG_MAP, names.VALKEY, valkey.config(args)),
            valkey.stateful_set(args),
        )

    def _workload(
        self,
        workload: str,
        headless: str,
        config: k8s.core.v1.ConfigMapInitArgs,
        stateful_set: k8s.apps.v1.StatefulSetInitArgs,
    ) -> k8s.apps.v1.StatefulSet:
        """A StatefulSet with its account, configuration and headless Service."""
        args = self._args
        account = k8s.core.v1.ServiceAccount(
            self.child_name(f"account-{workload}"), services.service_account(args, workload), self.child_opts()
        )
        configured = k8s.core.v1.ConfigMap(self.child_name(f"config-{workload}"), config, self.child_opts())
        named = k8s.core.v1.Service(
            self.child_name(f"nodes-{workload}"),
            services.headless_service(args, headless, workload),
            self.child_opts(),
        )
        return k8s.apps.v1.StatefulSet(
            self.child_name(workload),
            stateful_set,
            self.child_opts(
                protect=True if args.settings.environment is not Environment.DEV else None,
                depends_on=[account, configured, named],
            ),
        )


def _all_names(*created: k8s.apps.v1.StatefulSet | k8s.core.v1.Service) -> pulumi.Output[str]:
    """The names of created objects: whoever uses them waits for the objects."""
    return pulumi.Output.all(*(item.metadata.apply(lambda found: found.name or "") for item in created)).apply(",".join)
