"""The objects of RedisHA, as pure functions."""

from typing import Any

import pytest

from components.contract.edges import Edge, edges
from components.contract.labels import SECRETS_VERSION_ANNOTATION
from components.redis_ha.args import RedisHAArgs
from components.redis_ha.config import sentinel_config, valkey_config, watch_config
from components.redis_ha.manifests import sentinel, services, valkey
from components.redis_ha.peers import workloads
from settings.quantities import parse_bytes
from tests.components.redis_ha.arguments import arguments
from tests.harness import plain

DEV, STAGING, PROD = arguments("dev"), arguments("staging"), arguments("prod")


def options(text: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in text.splitlines())


def pods(args: RedisHAArgs) -> dict[str, dict[str, Any]]:
    found = {"valkey": plain(valkey.stateful_set(args))["spec"]["template"]}
    if args is not DEV:
        found["valkey-sentinel"] = plain(sentinel.stateful_set(args))["spec"]["template"]
    return found


def containers(args: RedisHAArgs) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name}/{item['name']}", item)
        for name, template in pods(args).items()
        for item in template["spec"]["containers"]
    ]


@pytest.mark.parametrize("args", [DEV, PROD], ids=("dev", "prod"))
def test_every_container_is_restricted_and_limited(args: RedisHAArgs) -> None:
    for template in pods(args).values():
        context = template["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert template["spec"]["automountServiceAccountToken"] is False
    for name, item in containers(args):
        security, resources = item["securityContext"], item["resources"]
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert set(resources["requests"]) == {"cpu", "memory"}, name
        assert "memory" in resources["limits"], name
        assert "@sha256:" in item["image"], name


@pytest.mark.parametrize(("args", "nodes"), [(DEV, 1), (STAGING, 3), (PROD, 3)], ids=("dev", "staging", "prod"))
def test_the_mode_is_the_shape(args: RedisHAArgs, nodes: int) -> None:
    assert plain(valkey.stateful_set(args))["spec"]["replicas"] == nodes
    node = containers(args)[0][1]
    replicated = nodes > 1
    assert ("lifecycle" in node) is replicated
    assert ("min-replicas-to-write 1" in valkey_config(args.settings)) is replicated
    assert {item.name for item in workloads(args.settings)} == (
        {"valkey", "valkey-sentinel"} if replicated else {"valkey"}
    )


def test_nothing_is_evicted_and_only_tls_is_served() -> None:
    found = options(valkey_config(PROD.settings))
    assert found["maxmemory-policy"] == "noeviction"
    assert int(found["maxmemory"]) == parse_bytes(PROD.settings.redis.max_memory)
    assert int(found["maxclients"]) == PROD.settings.redis.max_clients
    assert (found["port"], found["tls-port"], found["tls-replication"]) == ("0", "6379", "yes")
    assert (found["appendonly"], found["appendfsync"]) == ("yes", "everysec")


def test_sentinels_learn_how_names_are_told_before_any_name() -> None:
    before, after = sentinel_config(), watch_config()
    assert "sentinel resolve-hostnames yes" in before
    assert "sentinel announce-hostnames yes" in before
    assert "port 0\n" in before
    assert "svc.cluster.local" not in before
    assert "sentinel monitor" not in before  # the start script writes it between the two
    assert "sentinel down-after-milliseconds airflow 4000" in after


def test_a_node_keeps_its_name_while_its_pod_is_away() -> None:
    service = plain(services.pod_service(PROD, "valkey-1", "valkey"))
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert service["spec"]["selector"]["statefulset.kubernetes.io/pod-name"] == "valkey-1"


def test_scripts_that_are_named_are_there() -> None:
    for args in (DEV, PROD):
        mounted = {**valkey.config(args), **(sentinel.config() if args is PROD else {})}
        for _, item in containers(args):
            text = str(item)
            for name in ("start-node.sh", "stop-node.sh", "start-sentinel.sh", "probe.sh", "valkey.conf"):
                assert f"/etc/valkey/{name}" not in text or name in mounted


def test_production_rather_leaves_a_node_pending_than_two_on_one_host() -> None:
    def rule(args: RedisHAArgs, workload: str) -> str:
        constraints = pods(args)[workload]["spec"]["topologySpreadConstraints"]
        return next(item["whenUnsatisfiable"] for item in constraints if item["topologyKey"].endswith("hostname"))

    for workload in ("valkey", "valkey-sentinel"):
        assert (rule(PROD, workload), rule(STAGING, workload)) == ("DoNotSchedule", "ScheduleAnyway")


def test_a_changed_secret_renews_the_pods() -> None:
    before, after = (
        pods(args)["valkey"]["metadata"]["annotations"][SECRETS_VERSION_ANNOTATION]
        for args in (PROD, arguments("prod", version="2"))
    )
    assert before != after


def test_everybody_who_may_talk_to_whom() -> None:
    assert edges(workloads(DEV.settings)) == ()
    pairs = [(source, target) for source in ("valkey", "valkey-sentinel") for target in ("valkey", "valkey-sentinel")]
    ports = {"valkey": 6379, "valkey-sentinel": 26379}
    assert set(edges(workloads(PROD.settings))) == {
        Edge(source=source, target=target, port=ports[target]) for source, target in pairs
    }


def test_ports_in_pods_are_those_declared() -> None:
    for workload in workloads(PROD.settings):
        served = {
            (port["name"], port["containerPort"])
            for item in pods(PROD)[workload.name]["spec"]["containers"]
            for port in item.get("ports", [])
        }
        assert served == {(port.name, port.number) for port in workload.ports}


def test_probes_start_a_shell_only_where_a_port_does_not_say_enough() -> None:
    """Each shell in a container costs a tenth of a second of CPU, and there are six containers."""

    def per_minute(args: RedisHAArgs) -> float:
        probes = [
            item[f"{kind}Probe"]
            for _, item in containers(args)
            for kind in ("readiness", "liveness")
            if f"{kind}Probe" in item
        ]
        return sum(60 / probe["periodSeconds"] for probe in probes if "exec" in probe)

    assert per_minute(DEV) <= 1
    assert per_minute(PROD) <= 6
    assert all("exec" not in item["startupProbe"] for _, item in containers(PROD) if "startupProbe" in item)
