import pytest

from components.contract.edges import Edge, edges
from components.contract.peers import Need, Outside, Port, Workload

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
PROMETHEUS = Workload(name="prometheus", namespace="monitoring", reaches=frozenset({Outside.KUBERNETES_API}))


def test_edges_are_needs_scrapes_and_outside_parties_and_nothing_else() -> None:
    assert set(edges([DATABASE, SERVER, PROMETHEUS])) == {
        Edge(source="server", target="database", port=5432),
        Edge(source="server", target="internet", port=0),
        Edge(source="clients", target="server", port=8080),
        Edge(source="prometheus", target="database", port=9187),
        Edge(source="prometheus", target="server", port=9000),
        Edge(source="prometheus", target="kubernetes-api", port=0),
    }


def test_without_a_prometheus_of_our_own_nobody_is_named_for_the_metrics() -> None:
    assert not [edge for edge in edges([DATABASE, SERVER]) if edge.port in {9187, 9000}]


def test_a_need_that_leads_nowhere_names_both_ends_and_what_there_is() -> None:
    lost = Workload(
        name="lost",
        namespace="apps",
        needs=(Need(workload="databse", port="sql"), Need(workload="database", port="tcp")),
    )
    with pytest.raises(ValueError) as caught:
        edges([DATABASE, lost])
    text = str(caught.value)
    assert "'lost' needs 'databse', which nobody declares; there are database, lost" in text
    assert "'lost' needs port 'tcp' of 'database', whose ports are sql, metrics" in text


def test_two_workloads_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'database' is declared more than once"):
        edges([DATABASE, Workload(name="database", namespace="apps")])


def test_a_workload_cannot_pass_for_an_outside_party() -> None:
    with pytest.raises(ValueError, match="'internet' is the name of an outside party"):
        edges([Workload(name="internet", namespace="apps")])
