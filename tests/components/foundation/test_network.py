from components.contract.labels import NAME, PlatformLabels
from components.contract.peers import Need, Outside, OutsideService, Port, Workload
from components.foundation.network import NAMESPACE_LABEL, PRIVATE_RANGES, deny_all, policies
from tests.harness import plain

LABELS = PlatformLabels(environment="dev")
DATABASE = Workload(
    name="database",
    namespace="data",
    ports=(Port(name="sql", number=5432), Port(name="metrics", number=9187, scrape_path="/metrics")),
)
SERVER = Workload(
    name="server",
    namespace="apps",
    ports=(Port(name="http", number=8080), Port(name="metrics", number=9000, scrape_path="/metrics")),
    needs=(Need(workload="database", port="sql"),),
    reaches=frozenset({Outside.INTERNET}),
    reached_by=frozenset({Outside.CLIENTS}),
)
STATSD = Workload(name="statsd", namespace="monitoring", ports=(Port(name="statsd", number=9125, protocol="UDP"),))
PROMETHEUS = Workload(
    name="prometheus",
    namespace="monitoring",
    needs=(Need(workload="statsd", port="statsd"),),
    reaches=frozenset({Outside.KUBERNETES_API}),
)
ALL = (DATABASE, SERVER, STATSD, PROMETHEUS)
DNS = {
    "to": [
        {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: "kube-system"}}},
        {"ipBlock": {"cidr": "169.254.20.10/32"}},
    ],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}


def peer(namespace: str, name: str) -> dict[str, object]:
    return {
        "namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: namespace}},
        "podSelector": {"matchLabels": {NAME: name}},
    }


def test_default_deny_selects_every_pod_and_closes_both_ways() -> None:
    assert plain(deny_all()) == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [], "egress": []}


def test_a_server_lets_in_who_needs_it_and_prometheus() -> None:
    assert plain(policies(ALL, LABELS)["database"]) == {
        "podSelector": {"matchLabels": {NAME: "database"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [peer("monitoring", "prometheus")], "ports": [{"port": 9187, "protocol": "TCP"}]},
            {"from": [peer("apps", "server")], "ports": [{"port": 5432, "protocol": "TCP"}]},
        ],
        "egress": [DNS],
    }


def test_clients_reach_the_service_port_and_not_the_metrics() -> None:
    rules = plain(policies(ALL, LABELS)["server"])["ingress"]
    assert {"ports": [{"port": 8080, "protocol": "TCP"}]} in rules
    assert [rule for rule in rules if "from" not in rule] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]


def test_the_internet_is_not_the_network_of_the_cluster() -> None:
    (rule,) = [r for r in plain(policies(ALL, LABELS)["server"])["egress"] if "ports" not in r]
    four, six = (block["ipBlock"] for block in rule["to"])
    assert four == {"cidr": "0.0.0.0/0", "except": list(PRIVATE_RANGES)}
    assert six["cidr"] == "::/0"


def test_the_api_server_is_reached_by_its_ports_and_udp_stays_udp() -> None:
    egress = plain(policies(ALL, LABELS)["prometheus"])["egress"]
    assert {"ports": [{"port": 443, "protocol": "TCP"}, {"port": 6443, "protocol": "TCP"}]} in egress
    assert {"to": [peer("monitoring", "statsd")], "ports": [{"port": 9125, "protocol": "UDP"}]} in egress


def test_a_workload_that_needs_nothing_may_resolve_names_and_nothing_else() -> None:
    assert plain(policies(ALL, LABELS)["statsd"])["egress"] == [DNS]


def test_metrics_are_open_to_the_cluster_where_its_own_prometheus_scrapes() -> None:
    rules = plain(policies((DATABASE,), LABELS)["database"])["ingress"]
    assert rules == [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 9187, "protocol": "TCP"}]}]


def test_a_service_of_others_is_reached_at_its_port_and_its_networks_alone() -> None:
    def rules(*networks: str) -> object:
        service = OutsideService(name="cloud", port=6379, networks=networks)
        client = Workload(name="client", namespace="apps", services=(service,))
        return plain(policies([client], LABELS)["client"])["egress"]

    port = {"port": 6379, "protocol": "TCP"}
    blocks = [{"ipBlock": {"cidr": "10.1.0.0/16"}}, {"ipBlock": {"cidr": "10.2.0.0/16"}}]
    assert rules("10.1.0.0/16", "10.2.0.0/16") == [DNS, {"to": blocks, "ports": [port]}]
    assert rules() == [DNS, {"ports": [port]}]
