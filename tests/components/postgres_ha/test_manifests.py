"""The objects of PostgresHA, as pure functions."""

from typing import Any

import pytest

from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.manifests import access, backup, configure, database, drill, pooler, services
from components.postgres_ha.peers import workloads
from settings.backup import AccessMode, BackupVolume
from settings.quantities import parse_bytes
from settings.stack import Environment
from tests.components.postgres_ha.arguments import arguments, changed
from tests.harness import plain, settings_of

DEV, STAGING, PROD = arguments("dev"), arguments("staging"), arguments("prod")


def pods(args: PostgresHAArgs) -> dict[str, dict[str, Any]]:
    """The pod template of every workload."""
    return {
        "postgres": plain(database.stateful_set(args))["spec"]["template"],
        "postgres-pooler": plain(pooler.deployment(args, "configured"))["spec"]["template"],
        "postgres-configure": plain(configure.job(args, "postgres"))["spec"]["template"],
        **backup_pods(args),
    }


def backup_pods(args: PostgresHAArgs) -> dict[str, dict[str, Any]]:
    scheduled = [item for _, item in backup.schedules(args)]
    return {
        job["metadata"]["labels"]["app.kubernetes.io/name"]: job["spec"]["jobTemplate"]["spec"]["template"]
        for job in map(plain, [*scheduled, drill.cron_job(args)])
    }


def containers(args: PostgresHAArgs) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name}/{container['name']}", container)
        for name, template in pods(args).items()
        for container in [*template["spec"]["containers"], *template["spec"].get("initContainers", [])]
    ]


def container(args: PostgresHAArgs, workload: str, name: str) -> dict[str, Any]:
    return next(item for item in pods(args)[workload]["spec"]["containers"] if item["name"] == name)


@pytest.mark.parametrize("args", [DEV, PROD], ids=("dev", "prod"))
def test_every_container_is_restricted(args: PostgresHAArgs) -> None:
    for template in pods(args).values():
        context = template["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert context["runAsUser"] == context["fsGroup"] > 0
        # Otherwise the second start widens the data folder's mode and PostgreSQL refuses it.
        assert context["fsGroupChangePolicy"] == "OnRootMismatch"
    for name, item in containers(args):
        security = item["securityContext"]
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name


@pytest.mark.parametrize("args", [DEV, PROD], ids=("dev", "prod"))
def test_every_container_asks_for_what_it_needs_and_has_a_limit(args: PostgresHAArgs) -> None:
    for name, item in containers(args):
        resources = item["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}, name
        assert parse_bytes(resources["requests"]["memory"]) <= parse_bytes(resources["limits"]["memory"]), name
        assert "@sha256:" in item["image"], name


def test_an_exporter_beside_the_database_is_not_its_user() -> None:
    # Over the socket the database takes whoever has its own user id for the superuser.
    pod = pods(DEV)["postgres"]["spec"]
    exporter = container(DEV, "postgres", "exporter")
    assert exporter["securityContext"]["runAsUser"] not in {None, pod["securityContext"]["runAsUser"]}


def test_only_patroni_gets_a_token() -> None:
    assert {name: template["spec"]["automountServiceAccountToken"] for name, template in pods(PROD).items()} == {
        "postgres": True,
        "postgres-configure": True,
        "postgres-pooler": False,
        "postgres-backup": False,
        "postgres-restore-drill": False,
    }


def test_patroni_may_keep_its_state_and_nothing_else() -> None:
    rules = plain(access.role(PROD))["rules"]
    assert rules == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch", "create", "patch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "patch"]},
    ]
    binding = plain(access.role_binding(PROD))
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "postgres", "namespace": "airflow-data"}]


@pytest.mark.parametrize(("args", "count"), [(DEV, 1), (STAGING, 3), (PROD, 3)], ids=("dev", "staging", "prod"))
def test_instances_are_the_setting(args: PostgresHAArgs, count: int) -> None:
    spec = plain(database.stateful_set(args))["spec"]
    assert spec["replicas"] == count
    assert spec["podManagementPolicy"] == "Parallel"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == args.settings.postgres.storage.size


def test_replicas_find_each_other_before_they_are_ready() -> None:
    nodes = plain(services.nodes_service(PROD))
    assert nodes["spec"]["clusterIP"] == "None"
    assert nodes["spec"]["publishNotReadyAddresses"] is True
    assert plain(database.stateful_set(PROD))["spec"]["serviceName"] == nodes["metadata"]["name"]


def test_one_instance_is_ready_as_primary_and_three_also_as_counted_standbys() -> None:
    alone = container(DEV, "postgres", "postgres")
    assert alone["readinessProbe"]["httpGet"] == {"path": "/leader", "port": "patroni", "scheme": "HTTPS"}
    assert "lifecycle" not in alone
    one_of_three = container(PROD, "postgres", "postgres")
    assert one_of_three["readinessProbe"]["exec"]["command"][-1].endswith("ready.sh")
    assert one_of_three["lifecycle"]["preStop"]["exec"]["command"][-1].endswith("stop.sh")


def test_the_scripts_that_are_named_are_there() -> None:
    maps = (database.scripts_map(PROD), configure.config_map(PROD), backup.job_files(PROD))
    mounted = {file for item in maps for file in plain(item)["data"]}
    for args in (DEV, PROD):
        for _, item in containers(args):
            hooks = [item.get(key, {}).get("exec", {}) for key in ("readinessProbe", "livenessProbe")]
            hooks += [
                item.get("lifecycle", {}).get("preStop", {}).get("exec", {}),
                {"command": item.get("command", [])},
            ]
            for word in (word for hook in hooks for word in hook.get("command", [])):
                if word.startswith("/etc/airflow-platform/"):
                    assert word.rpartition("/")[2] in mounted
    for text in plain(database.scripts_map(PROD))["data"].values():
        for line in text.splitlines():
            if line.startswith(". /etc/airflow-platform/"):
                assert line.rpartition("/")[2] in mounted


def test_there_is_time_to_hand_over_and_to_stop() -> None:
    assert pods(PROD)["postgres"]["spec"]["terminationGracePeriodSeconds"] >= 120
    assert "timeout 60" in plain(database.scripts_map(PROD))["data"]["stop.sh"]


def test_production_rather_leaves_an_instance_pending_than_two_on_one_host() -> None:
    def host_rule(args: PostgresHAArgs) -> str:
        constraints = pods(args)["postgres"]["spec"]["topologySpreadConstraints"]
        (rule,) = [item for item in constraints if item["topologyKey"] == "kubernetes.io/hostname"]
        return rule["whenUnsatisfiable"]

    assert (host_rule(PROD), host_rule(STAGING)) == ("DoNotSchedule", "ScheduleAnyway")
    assert PROD.settings.environment is Environment.PROD
    assert "topologySpreadConstraints" not in pods(DEV)["postgres"]["spec"]


@pytest.mark.parametrize(("args", "role"), [(DEV, "primary"), (PROD, "replica")], ids=("one", "three"))
def test_roles_are_services(args: PostgresHAArgs, role: str) -> None:
    primary, replica = plain(services.primary_service(args)), plain(services.replica_service(args))
    assert primary["metadata"]["name"] == "postgres-rw"
    assert primary["spec"]["selector"]["airflow-platform/role"] == "primary"
    assert "publishNotReadyAddresses" not in primary["spec"]
    assert replica["metadata"]["name"] == "postgres-ro"
    assert replica["spec"]["selector"]["airflow-platform/role"] == role


def test_pods_carry_what_patroni_selects_by() -> None:
    labels = pods(PROD)["postgres"]["metadata"]["labels"]
    assert labels["airflow-platform/scope"] == "postgres"
    assert "airflow-platform/role" not in labels  # Patroni's to write


def test_no_config_map_of_ours_bears_a_name_of_patronis() -> None:
    ours = {plain(item)["metadata"]["name"] for item in (database.config_map(PROD), database.scripts_map(PROD))}
    assert not ours & {f"postgres-{kind}" for kind in ("config", "leader", "sync", "failover")}


@pytest.mark.parametrize("workload", ["postgres", "postgres-pooler"])
def test_a_changed_configuration_or_secret_renews_the_pods(workload: str) -> None:
    more = settings_of("prod").postgres
    larger = changed(
        settings_of("prod"),
        max_connections=more.max_connections + 1,
        pooler=more.pooler.model_copy(update={"pool_size": more.pooler.pool_size - 1}),
    )

    def annotation(args: PostgresHAArgs, name: str) -> str:
        return pods(args)[workload]["metadata"]["annotations"][name]

    assert annotation(PROD, CONFIG_CHECKSUM_ANNOTATION) == annotation(arguments("prod"), CONFIG_CHECKSUM_ANNOTATION)
    assert annotation(PROD, CONFIG_CHECKSUM_ANNOTATION) != annotation(
        arguments(settings=larger), CONFIG_CHECKSUM_ANNOTATION
    )
    assert annotation(PROD, SECRETS_VERSION_ANNOTATION) != annotation(
        arguments("prod", version="2"), SECRETS_VERSION_ANNOTATION
    )


def test_how_many_backups_are_kept_restarts_no_instance() -> None:
    settings = settings_of("prod")
    retention = settings.postgres.backup.retention.model_copy(update={"full": 3})
    fewer = changed(settings, backup=settings.postgres.backup.model_copy(update={"retention": retention}))
    assert pods(arguments(settings=fewer))["postgres"] == pods(PROD)["postgres"]
    assert "repo1-retention-full=3" in plain(database.scripts_map(arguments(settings=fewer)))["data"]["pgbackrest.conf"]


def test_a_job_that_changes_is_another_job() -> None:
    fewer = arguments(settings=changed(settings_of("prod"), max_connections=190))
    names = {
        configure.job_name(PROD, "image"),
        configure.job_name(fewer, "image"),
        configure.job_name(arguments("prod", version="2"), "image"),
        configure.job_name(PROD, "other image"),
    }
    assert len(names) == 4
    assert configure.job_name(arguments("prod"), "image") in names


def test_ports_in_pods_are_those_declared() -> None:
    for workload in workloads(PROD.settings):
        served = {
            (port["name"], port["containerPort"])
            for item in pods(PROD)[workload.name]["spec"]["containers"]
            for port in item.get("ports", [])
        }
        assert served == {(port.name, port.number) for port in workload.ports}


def test_probes_do_not_make_metrics_a_condition_of_service() -> None:
    for name, item in containers(PROD):
        if name.endswith("/exporter"):
            assert "readinessProbe" not in item
            assert "livenessProbe" in item


@pytest.mark.parametrize(
    ("instances", "stated", "mode"),
    [
        (1, None, "ReadWriteOnce"),
        (3, None, "ReadWriteMany"),
        (1, AccessMode.MANY_NODES, "ReadWriteMany"),
        (3, AccessMode.MANY_NODES, "ReadWriteMany"),
    ],
)
def test_who_mounts_the_volume_of_backups_follows_from_the_instances_unless_it_is_stated(
    instances: int, stated: AccessMode | None, mode: str
) -> None:
    settings = settings_of("dev")
    volume = BackupVolume(size="1Gi", class_name="nfs", access_mode=stated)
    archived = settings.postgres.backup.model_copy(update={"volume": volume})
    claim = backup.volume_claim(arguments(settings=changed(settings, instances=instances, backup=archived)))
    assert plain(claim)["spec"]["accessModes"] == [mode]
