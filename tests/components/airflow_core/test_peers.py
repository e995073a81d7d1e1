"""Whom Airflow's processes talk to."""

from components.airflow_core.peers import workloads
from components.contract import names
from components.contract.peers import Outside, Workload
from settings.ingress import IngressKind
from settings.migration import DowngradeSettings, MigrationSettings
from settings.platform_settings import PlatformSettings
from tests.harness import settings_of


def of(settings: PlatformSettings) -> dict[str, Workload]:
    return {workload.name: workload for workload in workloads(settings)}


def needs(workload: Workload) -> set[tuple[str, str]]:
    return {(need.workload, need.port) for need in workload.needs}


def test_only_jobs_pass_the_pooler() -> None:
    found = of(settings_of("prod"))
    around = {name for name, workload in found.items() if ("postgres", "postgresql") in needs(workload)}
    assert around == {"migration", "resumption", "cleaning"}
    assert all(("postgres-pooler", "postgresql") in needs(w) for name, w in found.items() if name not in around)


def test_who_changes_the_tables_alone_asks_the_cluster_to_stop_others() -> None:
    settings = settings_of("prod")
    migration = MigrationSettings(downgrade=DowngradeSettings(from_version="3.4.0", image=f"a@sha256:{'1' * 64}"))
    back = settings.model_copy(update={"airflow": settings.airflow.model_copy(update={"migration": migration})})
    for stack, jobs in ((settings, {"migration"}), (back, {"migration", "downgrade"})):
        assert {name for name, w in of(stack).items() if Outside.KUBERNETES_API in w.reaches} == jobs


def test_only_the_scheduler_talks_to_the_broker_and_to_the_sentinels_where_there_are_any() -> None:
    for stack, sentinels in (("dev", False), ("prod", True)):
        found = of(settings_of(stack))
        assert {name for name, w in found.items() if ("valkey", "valkey") in needs(w)} == {"scheduler"}
        assert (("valkey-sentinel", "sentinel") in needs(found["scheduler"])) is sentinels


def test_nobody_but_the_api_core_reads_task_logs() -> None:
    found = of(settings_of("dev"))
    readers = {name for name, workload in found.items() if any(need.port == "logs" for need in workload.needs)}
    assert readers == {names.API_CORE}
    assert ("worker-default", "logs") in needs(found[names.API_CORE])


def test_the_world_reaches_the_api_core_only_through_a_foreign_controller() -> None:
    settings = settings_of("dev")
    assert not any(workload.reached_by for workload in workloads(settings))
    foreign = settings.ingress.model_copy(update={"kind": IngressKind.INGRESS})
    found = of(settings.model_copy(update={"ingress": foreign}))
    assert {name: w.reached_by for name, w in found.items() if w.reached_by} == {"api-core": {Outside.CLIENTS}}
