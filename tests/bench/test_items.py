"""What the measurement of items holds against its figures, and the service that the items come from."""

import httpx
import pytest

from tests.bench.item_service import ItemService, expected, text_of
from tests.bench.items import missed

GOOD = {"items": 10, "arrived": 10, "wrong": 0, "runs": {"success": 3}, "cores": {"all": 1.0}}


@pytest.mark.parametrize(
    ("change", "expected_text"),
    [
        ({"arrived": 9}, "9 of 10 items arrived"),
        ({"wrong": 2}, "wrong = 2, wanted is 0"),
        ({"runs": {"success": 2, "failed": 1}}, "runs = {'success': 2, 'failed': 1}, wanted is success alone"),
        ({"cores": {"all": 1.01}}, "1.01 cores were taken, wanted is 1.0 at most"),
    ],
)
def test_each_figure_that_is_missed_is_named(change: dict[str, object], expected_text: str) -> None:
    assert missed(GOOD) == []
    assert missed({**GOOD, **change}) == [expected_text]


def test_the_service_refuses_each_hundredth_once_and_sees_what_is_wrong() -> None:
    service = ItemService(answer_seconds=0)
    with service.served("127.0.0.1") as url, httpx.Client(base_url=url) as client:
        found = client.get("items", params={"first": 99, "count": 3}).json()
        assert found == [{"id": number, "text": text_of(number)} for number in (99, 100, 101)]
        assert client.put("items/99", json=expected(99)).status_code == 204
        assert [client.put("items/100", json=expected(100)).status_code for _ in range(2)] == [503, 204]
        assert client.put("items/101", json=expected(99)).status_code == 204
        assert service.tries_beyond() == 0
        client.put("items/99", json=expected(99))
    assert (sorted(service.taken), service.wrong, service.tries_beyond()) == ([99, 100, 101], {101}, 1)
