"""What all Airflow pods share."""

from configparser import ConfigParser

import pytest

from components.contract import airflow
from components.contract.pods import config_checksum
from tests.harness import settings_of


def test_a_key_that_two_parts_set_is_refused() -> None:
    with pytest.raises(ValueError, match=r"set twice: \[core\] executor"):
        airflow.merge({"core": {"executor": "a"}}, {"core": {"executor": "b", "other": "c"}})


def test_text_is_the_same_whatever_the_order_and_reads_back_with_interpolation() -> None:
    text = airflow.render({"b": {"z": "50%", "a": "1"}, "a": {"x": "{}"}})
    assert text == airflow.render({"a": {"x": "{}"}, "b": {"a": "1", "z": "50%"}})
    parser = ConfigParser()
    parser.read_string(text)
    assert parser["b"]["z"] == "50%"


def test_checksum_tells_every_file_and_its_name() -> None:
    base = config_checksum({"a": "1", "b": "2"})
    assert base == config_checksum({"b": "2", "a": "1"})
    assert len({base, config_checksum({"a": "1", "b": "3"}), config_checksum({"a": "1", "c": "2"})}) == 3


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_no_message_comes_back_while_its_task_may_still_run(stack: str) -> None:
    settings = settings_of(stack)
    longest = max(queue.longest_task_seconds for queue in settings.workers.queues.values())
    assert airflow.visibility_timeout(settings) > longest


def test_broker_address_is_tls_to_one_instance() -> None:
    files = airflow.broker_files(settings_of("dev"))
    assert files["broker_url"] == (
        "rediss://airflow:{broker_airflow_password}@valkey.airflow-data.svc.cluster.local:6379/0"
    )
    assert files["result_backend"].endswith(":6379/1")
    assert set(files) == {"broker_url", "result_backend", "ca.crt"}


def test_broker_addresses_are_all_sentinels_and_the_password_stands_in_the_first() -> None:
    files = airflow.broker_files(settings_of("prod"))
    addresses = files["broker_url"].split(";")
    assert len(addresses) == 3
    assert all(address.startswith("sentinel://") and address.endswith(":26379/0") for address in addresses)
    assert ["password" in address for address in addresses] == [True, False, False]
    assert files["broker_password"] == "{broker_airflow_password}"
