"""Numbers that do not fit together are refused with the arithmetic; each rule fires on its own case only."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import settings
from settings.problems import Problem
from settings.proofs import RULES
from tests.settings.stack_files import changed, problems_of, values_of


@pytest.mark.parametrize(
    ("stack", "path", "value", "key", "arithmetic"),
    [
        ("prod", "context", None, "context", "current context"),
        ("prod", "images.build", True, "images.build", "images/lock.yaml"),
        ("dev", "images.overrides", {"valkey": "example.com/valkey:8"}, "images.overrides.valkey", "tag"),
        ("prod", "airflow.parallelism", 399, "airflow.parallelism", "399 x 2 schedulers = 798"),
        ("prod", "airflow.defaultPoolSlots", 799, "airflow.defaultPoolSlots", "800 slots"),
        ("prod", "postgres.maxConnections", 169, "postgres.maxConnections", "3 poolers x 50 connections + 20"),
        ("dev", "postgres.pooler.maxClientConnections", 50, "postgres.pooler.maxClientConnections", "x 15 connections"),
        ("dev", "postgres.instances", 2, "postgres.instances", "two instances"),
        ("dev", "postgres.durability", "strict", "postgres.durability", "1 instance"),
        ("prod", "postgres.durability", "local", "postgres.durability", "3 instance"),
        ("dev", "postgres.resources.limits.memory", "600Mi", "postgres.resources.limits.memory", "at least 939Mi"),
        ("dev", "workers.queues", {"heavy": {"maxReplicas": 1, "minReplicas": 1, "concurrency": 1}}, "workers.queues", "'default'"),
        ("dev", "workers.queues.default.minReplicas", 4, "workers.queues.default.minReplicas", "maxReplicas 3"),
        ("dev", "workers.queues.default", {"minReplicas": 0, "maxReplicas": 1, "concurrency": 1, "scaling": {"profile": "fixed"}}, "workers.queues.default.minReplicas", "ever start"),
        ("dev", "workers.queues.default.scaling", {"queuedDown": 50}, "workers.queues.default.scaling.queuedDown", "queuedUp 50"),
        ("dev", "workers.queues.default.scaling", {"oldestQueuedUpSeconds": 15}, "workers.queues.default.scaling.oldestQueuedDownSeconds", "oldestQueuedUpSeconds 15"),
        ("dev", "workers.queues.default.scaling", {"cpuDownPercent": 80}, "workers.queues.default.scaling.cpuDownPercent", "cpuUpPercent 75"),
        ("dev", "workers.queues.default.scaling", {"planned": [{"start": "0 1 * * *", "end": "0 2 * * *", "replicas": 9}]}, "workers.queues.default.scaling.planned[0].replicas", "maxReplicas 3"),
        ("dev", "redis.maxMemory", "160Mi", "redis.maxMemory", "three quarters"),
        ("dev", "redis.resources.requests.memory", "1Gi", "redis.resources.requests.memory", "limit 192Mi"),
        ("dev", "airflow.apiCore.resources.limits.cpu", "50m", "airflow.apiCore.resources.requests.cpu", "limit 50m"),
        ("prod", "airflow.auth.oidc", None, "airflow.auth.oidc", "provider"),
        ("dev", "ingress.kind", "gateway", "ingress.gateway", "gateway"),
        ("dev", "ingress", {"host": "a.example.com", "kind": "ingress", "tlsSecret": "tls"}, "ingress.className", "ingress"),
        ("dev", "ingress", {"host": "a.example.com", "kind": "ingress", "className": "x"}, "ingress.tlsSecret", "certificate"),
        ("dev", "ingress.className", "nginx", "ingress.className", "does not use it"),
        ("staging", "airflow.loadExamples", True, "airflow.loadExamples", "staging"),
        ("prod", "airflow.triggerer", {"replicas": 1, "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}}, "airflow.triggerer.replicas", "at least 2"),
        ("prod", "redis.mode", "standalone", "redis.mode", "broker's pod"),
    ],
)  # fmt: skip
def test_one_wrong_number_gives_one_problem(stack: str, path: str, value: Any, key: str, arithmetic: str) -> None:
    (problem,) = problems_of(changed(values_of(stack), path, value))
    assert problem.key == key
    assert arithmetic in problem.reason
    assert problem.way_out


def test_all_contradictions_are_told_at_once() -> None:
    values = changed(values_of("prod"), "airflow.parallelism", 1)
    values = changed(values, "redis.mode", "standalone")
    values = changed(values, "context", None)
    assert {problem.key for problem in problems_of(values)} == {"airflow.parallelism", "redis.mode", "context"}


def test_the_way_out_of_too_little_parallelism_is_a_way_out() -> None:
    values = changed(values_of("prod"), "airflow.parallelism", 10)
    (problem,) = problems_of(values)
    wanted = int(problem.way_out.split()[3])
    assert problems_of(changed(values, "airflow.parallelism", wanted)) == []
    assert problems_of(changed(values, "airflow.parallelism", wanted - 1)) != []


@given(replicas=st.integers(1, 5), pool=st.integers(5, 500), connections=st.integers(40, 2000))
def test_poolers_never_get_more_connections_than_the_database_has(replicas: int, pool: int, connections: int) -> None:
    values = changed(values_of("dev"), "postgres.pooler.replicas", replicas)
    values = changed(values, "postgres.pooler.poolSize", pool)
    values = changed(values, "postgres.maxConnections", connections)
    refused = any(problem.key == "postgres.maxConnections" for problem in problems_of(values))
    assert refused == (replicas * pool + 20 > connections)


def test_scalers_get_their_connections_too() -> None:
    values = changed(values_of("prod"), "postgres.maxConnections", 3 * 50 + 20 + 6)
    assert problems_of(values) == []
    assert problems_of(changed(values, "postgres.maxConnections", 3 * 50 + 20 + 5)) != []


def _rules_of(module: str) -> set[Callable[..., Any]]:
    found = inspect.getmembers(importlib.import_module(f"settings.{module}"), inspect.isfunction)
    judge = {"settings": "PlatformSettings", "return": Iterator[Problem]}
    return {value for name, value in found if not name.startswith("_") and inspect.get_annotations(value) == judge}


def test_every_rule_is_in_the_list() -> None:
    modules = [path.stem for path in Path(settings.__path__[0]).glob("*_proofs.py")]
    assert set().union(*map(_rules_of, modules)) == set(RULES)
    assert all(_rules_of(module) for module in modules)
