import pytest

from components.foundation.quota import Quota, quotas, with_surge
from tests.harness import settings_of


def test_a_quota_is_written_in_kubernetes_quantities() -> None:
    quota = Quota(
        pods=3, requests_cpu=1250, requests_memory=2**30 + 1, limits_memory=2**31, volumes=2, load_balancers=0
    )
    assert quota.hard() == {
        "pods": "3",
        "requests.cpu": "1250m",
        "requests.memory": "1025Mi",
        "limits.memory": "2048Mi",
        "persistentvolumeclaims": "2",
        "services.loadbalancers": "0",
    }


@pytest.mark.parametrize(("replicas", "pods"), [(1, 2), (2, 3), (4, 5), (5, 7), (50, 63)])
def test_a_rollout_starts_a_quarter_more_rounded_up(replicas: int, pods: int) -> None:
    assert with_surge(replicas) == pods


def test_more_workers_raise_the_quota_of_their_namespace_alone() -> None:
    settings = settings_of("dev")
    queue = settings.workers.queues["default"]
    larger = settings.model_copy(
        update={
            "workers": settings.workers.model_copy(
                update={"queues": {"default": queue.model_copy(update={"max_replicas": queue.max_replicas + 1})}}
            )
        }
    )
    before, after = quotas(settings), quotas(larger)
    assert {name for name in before if before[name] != after[name]} == {"airflow"}
    # One that runs, and one that drains.
    assert after["airflow"].pods == before["airflow"].pods + 2
