from datetime import date
from typing import Any

import pytest
from airflow_guard.configuration import ConfigurationError, Level, RuleSetting
from airflow_guard.model import Resource
from airflow_guard.node import UNKNOWN
from airflow_guard.pack import Pack, Report
from airflow_guard.registry import RULES

from tests.policies.objects import (
    Object,
    budget,
    change,
    config_map,
    default_deny,
    deployment,
    quota,
    resource,
    secret,
    service,
    worker,
)

ROOT = "spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem"
WRITABLE = resource(change(deployment(), ROOT, False))
EXEMPTION = {
    "rule": "restricted-pods",
    "resource": "Deployment airflow/sched*",
    "reason": "writes its plugins",
    "owner": "platform",
    "expires": "2027-01-31",
}


def pack(*exemptions: dict[str, str], today: date = date(2027, 1, 31), **levels: str) -> Pack:
    made = Pack(RULES, today=lambda: today)
    settings = {name.replace("_", "-"): RuleSetting(Level(level)) for name, level in levels.items()}
    if exemptions:
        settings["exemptions"] = RuleSetting(properties={"entries": list(exemptions)})
    made.configure(settings)
    return made


def names(report: Report) -> list[tuple[str, Level]]:
    return [(violation.rule.name, level) for violation, level in report.violations]


def said(report: Report) -> str:
    return "\n".join(violation.message for violation, _ in report.violations)


def test_a_compliant_stack() -> None:
    made = pack()
    around = [default_deny(), budget(), budget("worker-default"), quota(), quota("LimitRange")]
    items = [resource(item) for item in (deployment(), worker(), *around)]
    assert [names(made.analyze(item)) for item in items] == [[]] * len(items)
    assert names(made.analyze_stack(items)) == []


def test_the_message_says_what_where_why_and_how_to_mend_it() -> None:
    assert said(pack().analyze(WRITABLE)) == (
        f"Deployment airflow/scheduler, container scheduler: can write to its root file system ({ROOT}).\n"
        "Why: a process that breaks out of a task or a parser must find neither root nor the node behind the "
        "container\n"
        "Mend: set readOnlyRootFilesystem: true and mount an emptyDir where it must write\n"
        "See: docs/policies/restricted-pods.md"
    )


def test_levels() -> None:
    assert names(pack().analyze(WRITABLE)) == [("restricted-pods", Level.MANDATORY)]
    assert names(pack(all="advisory").analyze(WRITABLE)) == [("restricted-pods", Level.ADVISORY)]
    assert names(pack(restricted_pods="disabled").analyze(WRITABLE)) == []


def test_an_unknown_value_never_passes_in_silence() -> None:
    item = resource(change(worker(), "spec.template.spec.terminationGracePeriodSeconds", UNKNOWN))
    report = pack().analyze(item)
    assert names(report) == [("worker-drain", Level.MANDATORY)]
    assert "not known in a preview" in said(report)


def test_rules_without_a_say_are_told_apart_from_rules_that_hold() -> None:
    report = pack().analyze(resource(default_deny()))
    assert "restricted-pods" in report.not_applicable
    assert "plain-secrets" not in report.not_applicable


def test_an_exemption_holds_on_its_last_day() -> None:
    made = pack(EXEMPTION)
    assert names(made.analyze(WRITABLE)) == []
    assert names(made.analyze_stack([resource(default_deny())])) == []


def test_an_expired_exemption_is_a_violation_and_exempts_nothing() -> None:
    made = pack(EXEMPTION, today=date(2027, 2, 1))
    assert names(made.analyze(WRITABLE)) == [("restricted-pods", Level.MANDATORY)]
    assert "has expired" in said(made.analyze_stack([]))


def test_an_exemption_that_nothing_needs_is_a_violation() -> None:
    made = pack(EXEMPTION)
    made.analyze(resource(deployment()))
    report = made.analyze_stack([])
    assert names(report) == [("exemptions", Level.MANDATORY)]
    assert "covers nothing any more" in said(report)


@pytest.mark.parametrize(
    ("field", "value"), [("rule", "default-deny"), ("resource", "Deployment airflow/trig*"), ("resource", "scheduler")]
)
def test_an_exemption_covers_its_own_rule_and_resource_alone(field: str, value: str) -> None:
    made = pack({**EXEMPTION, field: value})
    assert names(made.analyze(WRITABLE)) == [("restricted-pods", Level.MANDATORY)]


def test_an_exemption_by_urn_covers_stack_rules() -> None:
    made = pack({**EXEMPTION, "rule": "default-deny", "resource": "urn:pulumi:prod::*Deployment::scheduler"})
    items = [resource(item) for item in (deployment(), budget(), quota(), quota("LimitRange"))]
    assert names(made.analyze_stack(items)) == []


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("reason", " ", "'reason' is missing"),
        ("owner", "", "'owner' is missing"),
        ("rule", "restricted", "there is no rule 'restricted'"),
        ("resource", "**", "covers everything"),
        ("resource", "Deployment [a", "may hold * and ? only"),
        ("expires", "next year", "is no day; write it as 2027-01-31"),
        ("until", "2027-01-31", "'until' is unknown"),
    ],
)
def test_broken_exemptions(field: str, value: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        pack({**EXEMPTION, field: value})
    assert f"exemption 1: {problem}" in str(caught.value).replace(f"the pattern {value!r} ", "").replace(
        f"expires {value!r} ", ""
    )


def test_resources_that_no_rule_knows() -> None:
    odd: list[dict[str, Any]] = [{}, {"metadata": None}, {"metadata": {"name": 3}}, {"spec": UNKNOWN}]
    items = [resource(made, type_token=token) for made in odd for token in ("aws:s3/bucket:Bucket", "kubernetes:x:Y")]
    made = pack(labels="disabled")
    assert [names(made.analyze(item)) for item in items] == [[]] * len(items)
    assert names(made.analyze_stack(items)) == []


def reaching(name: str) -> Object:
    return change(service(name=name), "spec.selector", {"app.kubernetes.io/name": name})


def crowd(count: int) -> list[Resource]:
    """Many workloads, each with its Service, budget, ConfigMap and Secret."""
    around = [default_deny(), quota(), quota("LimitRange")]
    names = [f"part-{number}" for number in range(count)]
    made = [item for name in names for item in (deployment(name), reaching(name), budget(name), config_map(), secret())]
    return [resource(item) for item in (*made, *around)]


def test_five_thousand_objects_that_have_to_do_with_each_other() -> None:
    items = crowd(1000)
    assert len(items) > 5000
    assert names(pack().analyze_stack(items)) == []
    without = [item for item in items if item.title != "PodDisruptionBudget airflow/part-7"]
    [found] = pack().analyze_stack(without).violations
    assert found[0].message.startswith("Deployment airflow/part-7: has several pods and no PodDisruptionBudget")
