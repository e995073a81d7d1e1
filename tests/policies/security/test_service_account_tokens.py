from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.security.service_account_tokens import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, paths

MOUNT = "spec.template.spec.automountServiceAccountToken"
ACCOUNT = "spec.template.spec.serviceAccountName"


def test_compliant() -> None:
    assert judge(RULE, deployment()) == []
    assert judge(RULE, change(change(deployment(), MOUNT, True), ACCOUNT, "prometheus")) == []


@pytest.mark.parametrize("mount", [True, ABSENT])
@pytest.mark.parametrize("account", ["", "default"])
def test_violating_and_absent(mount: Any, account: str) -> None:
    assert paths(judge(RULE, change(change(deployment(), MOUNT, mount), ACCOUNT, account))) == [MOUNT]


def test_unknown() -> None:
    with pytest.raises(NotKnownError, match="automount"):
        judge(RULE, change(deployment(), MOUNT, UNKNOWN))
