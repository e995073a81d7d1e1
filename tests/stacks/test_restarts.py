"""A change restarts whom it concerns, and the page that says so is true."""

from tests.harness import inputs, record_stack, settings_of
from tests.stacks.quick import WITH_PODS, name_of, pods_of
from tests.stacks.restarts import CHANGES, PAGE, STACK, Effect, effects, with_table


def test_without_an_engine_the_pods_are_those_that_are_registered() -> None:
    recorded = [(r.type, inputs(r)) for r in record_stack(STACK).resources if r.type in WITH_PODS]
    registered = {(token, name_of(token, item)): item["spec"] for token, item in recorded}
    assert {key: item["spec"] for key, item in pods_of(settings_of(STACK)).items()} == registered


def test_each_change_does_to_pods_what_is_stated_and_nothing_else() -> None:
    assert dict(zip((change.title for change in CHANGES), effects(), strict=True)) == {
        change.title: change.effect for change in CHANGES
    }


def test_the_page_lists_twenty_changes_and_says_what_the_test_says() -> None:
    assert len(CHANGES) >= 20
    assert len({change.title for change in CHANGES}) == len(CHANGES)
    assert PAGE.read_text() == with_table(PAGE.read_text()), "run `make golden` and look at the difference"


def test_some_changes_restart_nobody() -> None:
    assert sum(change.effect == Effect() for change in CHANGES) >= 2
