"""What `make referees` concludes; the referees themselves run there."""

from tests.policies.referees import CHECKOV, VALIDATE, Case, Found, caught, deviations, page

CASE = Case("restricted-pods", "001-before.yaml", "001-after.yaml")
ENTRY = {"tool": CHECKOV, "check": "CKV_K8S_11", "place": "Deployment.airflow.*", "reason": "they throttle"}


def found(check: str, file: str, tool: str = CHECKOV) -> Found:
    return Found(tool, check, file)


def test_a_referee_finds_what_it_did_not_say_before() -> None:
    said = [found("CKV_K8S_11", CASE.before), found("CKV_K8S_11", CASE.after), found("CKV_K8S_16", CASE.after)]
    assert caught(CASE, said) == {"CKV_K8S_16"}
    assert caught(CASE, [found("schema", CASE.after, VALIDATE)]) == {VALIDATE}
    assert caught(Case("quotas", "", ""), said) == set()


def test_a_new_deviation_and_a_vanished_one_are_told() -> None:
    assert deviations([found("CKV_K8S_11", "Deployment.airflow.scheduler.yaml")], [ENTRY]) == []
    [new, gone] = deviations([found("CKV_K8S_11", "StatefulSet.airflow-data.postgres.yaml")], [ENTRY])
    assert new.startswith("new: checkov CKV_K8S_11 StatefulSet.airflow-data.postgres.yaml: mend it, or explain it")
    assert gone == "vanished: checkov CKV_K8S_11 Deployment.airflow.*: remove it"


def test_the_page_says_rule_by_rule_who_else_finds_it() -> None:
    text = page([CASE, Case("quotas", "", "")], {found("CKV_K8S_16", CASE.after)}, [ENTRY])
    assert "| [restricted-pods](restricted-pods.md) | 1 | 1 | 1 of 1 | CKV_K8S_16 |" in text
    assert "| [quotas](quotas.md) | 1 | 0 | - | - |" in text
    assert "[quotas](quotas.md)" in text.rpartition("Not shown to them")[2]
    assert "| checkov | CKV_K8S_11 | `Deployment.airflow.*` | they throttle |" in text
