"""Who talks to whom around the database."""

from components.contract.edges import Edge, edges
from components.contract.peers import Outside
from components.postgres_ha.peers import workloads
from tests.harness import settings_of

FOUND = {item.name: item for item in workloads(settings_of("prod"))}


def test_instances_talk_to_one_another_the_pooler_to_them_and_backups_to_their_bucket() -> None:
    assert set(edges(tuple(FOUND.values()))) == {
        Edge(source="postgres", target="postgres", port=5432),
        Edge(source="postgres", target="postgres", port=8008),
        Edge(source="postgres", target="kubernetes-api", port=0),
        Edge(source="postgres-configure", target="postgres", port=5432),
        Edge(source="postgres-configure", target="postgres", port=8008),
        Edge(source="postgres-configure", target="kubernetes-api", port=0),
        Edge(source="postgres-pooler", target="postgres", port=5432),
        Edge(source="postgres", target="internet", port=0),
        Edge(source="postgres-backup", target="postgres", port=5432),
        Edge(source="postgres-restore-drill", target="postgres", port=5432),
        Edge(source="postgres-restore-drill", target="internet", port=0),
    }
    assert not any(Outside.CLIENTS in item.reached_by for item in FOUND.values())


def test_a_volume_opens_no_way_out() -> None:
    found = edges(tuple(workloads(settings_of("dev"))))
    assert not [edge for edge in found if edge.target == "internet"]


def test_metrics_are_scraped_from_all_three_programs() -> None:
    scraped = {
        (item.name, port.number, port.scheme) for item in FOUND.values() for port in item.ports if port.scrape_path
    }
    assert scraped == {
        ("postgres", 8008, "https"),
        ("postgres", 9187, "http"),
        ("postgres-pooler", 9127, "http"),
    }
