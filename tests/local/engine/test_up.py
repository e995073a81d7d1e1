"""`up`, `preview`, `destroy` and `refresh` on things that really lie in a folder."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest

from local.engine.errors import EngineError
from local.engine.events import Op
from local.engine.urn import Alias

from .conftest import Bench
from .script import Script, Thing, thing


def with_options(entry: Thing, **options: Any) -> Thing:
    return replace(entry, options=options)


def test_things_are_created_once_in_order_of_need_and_then_left_alone(bench: Bench) -> None:
    things = (thing("a", label="x"), thing("b", "a"), thing("c", "b"))
    first = bench.up(*things)
    assert first.exit_code == 0, first.error
    assert bench.witness.steps == [("create", "a"), ("create", "b"), ("create", "c")]
    assert first.outputs["serials"] == {name: f"serial-of-{name}" for name in "abc"}
    assert sorted(found["name"] for found in bench.shelf.things().values()) == ["a", "b", "c"]

    again = bench.up(*things)
    assert again.exit_code == 0
    assert again.changes == 0
    assert bench.shelf.calls == []


def test_preview_touches_nothing_and_passes_unknowns_on(bench: Bench) -> None:
    result = bench.preview(thing("a"), thing("b", "a"))
    assert result.exit_code == 0, result.error
    assert bench.witness.steps == [("create", "a"), ("create", "b")]
    assert bench.shelf.calls == []
    assert not bench.state_file.exists()

    bench.up(thing("a"), thing("b", "a"))
    before = bench.state_file.read_bytes()
    result = bench.preview(thing("a", shape="new"), thing("b", "a"))
    assert bench.witness.steps == [("replace", "a"), ("update", "b"), ("delete-replaced", "a")]
    assert bench.state_file.read_bytes() == before


def test_a_changed_property_updates_in_place(bench: Bench) -> None:
    bench.up(thing("a", label="x"), thing("b", label="same"))
    made = bench.resources()["a"]
    result = bench.up(thing("a", label="y"), thing("b", label="same"))
    assert result.exit_code == 0
    assert bench.shelf.calls == [("update", "a")]
    changed = bench.resources()["a"]
    assert changed["inputs"] == {"label": "y"}
    assert (changed["id"], changed["created"]) == (made["id"], made["created"])
    assert changed["modified"] > made["modified"]


def test_a_replacement_is_made_before_the_old_one_goes_at_the_end(bench: Bench) -> None:
    bench.up(thing("a", shape="round"), thing("b", "a"))
    result = bench.up(thing("a", shape="square"), thing("b", "a"))
    assert result.exit_code == 0
    assert bench.shelf.calls == [("create", "a"), ("delete", "a")]
    assert bench.witness.steps == [("replace", "a"), ("same", "b"), ("delete-replaced", "a")]
    assert len(bench.shelf.things()) == 2


def test_what_has_a_fixed_name_goes_first_with_all_that_must_follow(bench: Bench) -> None:
    def things(shape: str) -> tuple[Thing, ...]:
        # b's own shape comes from a, so it cannot stay; c only takes a label and can.
        return (
            thing("a", shape=shape, place="spot"),
            replace(thing("b", "a", label="x"), props={"label": "x"}),
            thing("c", "b"),
        )

    class Following(Script):
        def _thing(self, context: Any, entry: Thing, done: Any, parent: str, reference: str) -> Any:
            goal = super()._thing(context, entry, done, parent, reference)
            if entry.name != "b":
                return goal
            used = dict(goal.property_dependencies)
            inputs = dict(goal.inputs)
            inputs["shape"], used["shape"] = inputs.pop("from-a"), used.pop("from-a")
            return replace(goal, inputs=inputs, property_dependencies=used)

    assert bench.up(script=Following(things("round"))).exit_code == 0
    preview = bench.preview(script=Following(things("square")))
    assert preview.exit_code == 0, preview.error
    assert preview.counts[Op.REPLACE] == 2
    result = bench.up(script=Following(things("square")))
    assert result.exit_code == 0, result.error
    assert bench.shelf.calls == [("delete", "b"), ("delete", "a"), ("create", "a"), ("create", "b")]
    assert sorted(found["name"] for found in bench.shelf.things().values()) == ["a", "b", "c"]


def test_what_the_program_no_longer_names_goes_in_reverse_order(bench: Bench) -> None:
    bench.up(thing("a"), thing("b", "a"), thing("c", "b"), thing("d"))
    result = bench.up(thing("d"))
    assert result.exit_code == 0
    assert bench.shelf.calls == [("delete", "c"), ("delete", "b"), ("delete", "a")]
    assert [found["name"] for found in bench.shelf.things().values()] == ["d"]


def test_destroy_leaves_nothing(bench: Bench) -> None:
    bench.up(thing("a"), thing("b", "a"), replace(thing("c", "a"), grouped=True))
    result = bench.destroy()
    assert result.exit_code == 0, result.error
    assert bench.shelf.things() == {}
    assert bench.resources() == {}
    assert bench.shelf.calls[-1] == ("delete", "a")


def test_a_failed_step_keeps_what_was_done_and_the_next_run_goes_on(bench: Bench) -> None:
    broken = thing("b", "a", **{"break": True})
    result = bench.up(thing("a"), broken, thing("c"))
    assert result.exit_code == 1
    assert bench.witness.failures == [("b", "the shelf broke")]
    assert "the shelf broke" in result.error
    assert {"a"} == bench.resources().keys() & {"a", "b", "c"}
    assert "pending_operations" not in bench.deployment()

    result = bench.up(thing("a"), thing("b", "a"), thing("c"))
    assert result.exit_code == 0
    assert bench.shelf.calls == [("create", "b"), ("create", "c")]


def test_nothing_is_deleted_after_a_failure(bench: Bench) -> None:
    bench.up(thing("a"), thing("b"))
    result = bench.up(thing("c", **{"break": True}))
    assert result.exit_code == 1
    assert sorted(found["name"] for found in bench.shelf.things().values()) == ["a", "b"]
    assert {"a", "b"} <= bench.resources().keys()


def test_what_exists_but_is_not_ready_is_kept_and_worked_on_again(bench: Bench) -> None:
    assert bench.up(thing("a", halfway=True)).exit_code == 1
    assert bench.resources()["a"]["initErrors"] == ["it never became ready"]
    # The same inputs again: only an update waits for readiness once more.
    result = bench.up(thing("a", halfway=True))
    assert result.exit_code == 0
    assert bench.shelf.calls == [("update", "a")]
    assert "initErrors" not in bench.resources()["a"]


def test_the_protected_are_neither_deleted_nor_replaced(bench: Bench) -> None:
    guarded = with_options(thing("a", shape="round"), protect=True)
    bench.up(guarded, thing("b"))
    for attempt in (bench.up, bench.preview):
        result = attempt(thing("c"))
        assert result.exit_code == 2
        assert "protected" in result.error
        assert "a" in result.error
    result = bench.destroy()
    assert result.exit_code == 2
    assert bench.shelf.calls == []
    result = bench.up(with_options(thing("a", shape="square"), protect=True), thing("b"), thing("c"))
    assert result.exit_code == 1
    assert "protected" in result.error
    assert sorted(found["name"] for found in bench.shelf.things().values()) == ["a", "b", "c"]


def test_retained_things_are_forgotten_not_deleted(bench: Bench) -> None:
    bench.up(with_options(thing("a"), retain_on_delete=True))
    result = bench.destroy()
    assert result.exit_code == 0
    assert bench.resources() == {}
    assert [found["name"] for found in bench.shelf.things().values()] == ["a"]


def test_what_goes_along_with_another_is_not_deleted_by_itself(bench: Bench) -> None:
    urn = "urn:pulumi:dev::proj::shelf:index:Thing::a"
    bench.up(thing("a"), with_options(thing("b"), deleted_with=urn))
    bench.destroy()
    assert bench.shelf.calls == [("delete", "a")]
    assert bench.resources() == {}


def test_ignored_changes_stay_away_and_forced_ones_replace(bench: Bench) -> None:
    bench.up(with_options(thing("a", label="x"), ignore_changes=("label",)), thing("b", label="x"))
    result = bench.up(
        with_options(thing("a", label="y"), ignore_changes=("label",)),
        with_options(thing("b", label="y"), replace_on_changes=("label",)),
    )
    assert result.exit_code == 0
    assert bench.witness.steps[:2] == [("same", "a"), ("replace", "b")]
    assert bench.resources()["a"]["inputs"] == {"label": "x"}


def test_the_program_may_ask_for_deletion_first(bench: Bench) -> None:
    bench.up(with_options(thing("a", shape="round"), delete_before_replace=True))
    bench.up(with_options(thing("a", shape="square"), delete_before_replace=True))
    assert bench.shelf.calls == [("delete", "a"), ("create", "a")]


def test_a_renamed_thing_keeps_its_identity_through_an_alias(bench: Bench) -> None:
    bench.up(thing("old"), thing("b", "old"))
    renamed = with_options(thing("new"), aliases=(Alias(name="old"),))
    result = bench.up(renamed, replace(thing("b"), needs=("new",), props={}))
    assert result.exit_code == 0, result.error
    assert ("delete", "old") not in bench.shelf.calls
    assert "old" not in bench.resources()
    assert bench.resources()["new"]["id"].startswith("old-")


def test_children_follow_a_renamed_component(bench: Bench) -> None:
    child = replace(thing("group-part"), grouped=True)
    bench.up(script=Script((child,)))
    moved = replace(thing("crew-part"), grouped=True)
    script = Script((moved,), group="crew", group_options={"aliases": (Alias(name="group"),)})
    result = bench.up(script=script)
    assert result.exit_code == 0, result.error
    assert bench.shelf.calls == []
    assert bench.resources()["crew-part"]["id"].startswith("group-part-")


def test_a_default_provider_is_made_when_none_is_named(bench: Bench) -> None:
    entry = replace(thing("a"), defaulted=True, options={"version": "1.2.3"})
    assert bench.up(entry).exit_code == 0
    assert "default_1_2_3" in bench.resources()
    reference = bench.resources()["a"]["provider"]
    assert reference.startswith("urn:pulumi:dev::proj::pulumi:providers:shelf::default_1_2_3::")
    assert bench.up(entry).changes == 0


def test_a_disabled_default_provider_is_refused(bench: Bench) -> None:
    (bench.folder / "Pulumi.dev.yaml").write_text("config:\n  pulumi:disable-default-providers: [shelf]\n")
    result = bench.up(replace(thing("a"), defaulted=True))
    assert result.exit_code == 2
    assert "pulumi:disable-default-providers" in result.error
    assert bench.shelf.calls == []


def test_changed_settings_of_a_provider_replace_nothing(bench: Bench) -> None:
    bench.up(thing("a"))
    made = bench.resources()["shelf"]
    result = bench.up(script=Script((thing("a"),), wood="pine"))
    assert result.exit_code == 0
    assert bench.shelf.calls == []
    assert bench.resources()["shelf"]["inputs"]["wood"] == "pine"
    assert bench.resources()["shelf"]["id"] == made["id"]


def test_two_of_one_name_are_refused(bench: Bench) -> None:
    result = bench.up(thing("a"), thing("a", label="other"))
    assert result.exit_code == 2
    assert "urn:pulumi:dev::proj::shelf:index:Thing::a" in result.error


def test_bad_inputs_of_a_thing_fail_before_anything_is_done(bench: Bench) -> None:
    result = bench.up(thing("a", label="forbidden"))
    assert result.exit_code == 1
    assert bench.witness.failures == [("a", "label: 'forbidden' is forbidden")]
    assert bench.shelf.calls == []


@pytest.mark.parametrize("key", ["label", "shape"])
def test_secrets_are_nowhere_in_plain_sight(bench: Bench, key: str) -> None:
    def hidden(value: str) -> Thing:
        return replace(thing("a", **{key: value}), secret=(key,))

    bench.up(hidden("tell-no-one"))
    bench.up(hidden("tell-nobody"))
    for path in bench.folder.joinpath("state").rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert "tell-no" not in text, path
            assert "hush-hush" not in text, path
    assert bench.resources()["a"]["outputs"][key].keys() == {"4dabf18193072939515e22adb298388d", "ciphertext"}
    shown = json.dumps([repr(step.changed) for step in bench.witness.whole])
    assert "tell-no" not in shown
    assert bench.up(hidden("tell-nobody")).changes == 0


def test_refresh_finds_what_others_changed_or_took(bench: Bench) -> None:
    bench.up(thing("a", label="x"), thing("b"))
    identity = bench.resources()["a"]["id"]
    path = bench.shelf.folder / f"{identity}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "label": "z"}))
    (bench.shelf.folder / f"{bench.resources()['b']['id']}.json").unlink()
    assert bench.refresh().exit_code == 0
    assert "b" not in bench.resources()
    assert bench.resources()["a"]["outputs"]["label"] == "z"
    bench.up(thing("a", label="x"), thing("b"))
    assert ("create", "b") in bench.shelf.calls


def sound(bench: Bench) -> None:
    """What the CLI checks when it opens a state: everything stands after what it refers to."""
    known: set[str] = set()
    for body in bench.deployment()["resources"]:
        properties: dict[str, list[str] | None] = body.get("propertyDependencies", {})
        used = [urn for urns in properties.values() for urn in urns or []]
        provider = [body["provider"].rpartition("::")[0]] if "provider" in body else []
        needed = {*used, *provider, *body.get("dependencies", []), *([body["parent"]] if "parent" in body else [])}
        assert needed <= known, body["urn"]
        known.add(body["urn"])


def test_a_state_left_by_a_failure_is_sound(bench: Bench) -> None:
    broken = thing("last", **{"break": True})
    bench.up(thing("a", shape="round", place="spot"), thing("b", "a"), replace(thing("group-c", "b"), grouped=True))
    sound(bench)
    # Replaced with another, then failed before what needs it was reached.
    assert bench.up(broken, thing("a", shape="square", place="spot"), thing("b", "a")).exit_code == 1
    sound(bench)
    assert bench.up(thing("a", shape="square", place="spot"), broken, thing("b", "a")).exit_code == 1
    sound(bench)


def test_a_state_left_by_a_failure_knows_new_names(bench: Bench) -> None:
    bench.up(thing("a"), thing("b", "a"))
    renamed = with_options(thing("new"), aliases=(Alias(name="a"),))
    assert bench.up(renamed, thing("c", **{"break": True})).exit_code == 1
    sound(bench)
    assert {"new", "b"} <= bench.resources().keys()


def test_an_interrupted_replacement_is_finished_by_the_next_run(bench: Bench) -> None:
    bench.up(thing("a", shape="round", place="spot"), thing("b", "a"))
    assert bench.up(thing("a", shape="square", place="spot", **{"break": True}), thing("b", "a")).exit_code == 1
    assert bench.resources()["a"]["pendingReplacement"]
    sound(bench)
    result = bench.up(thing("a", shape="square", place="spot"), thing("b", "a"))
    assert result.exit_code == 0
    assert bench.witness.steps == [("replace", "a"), ("same", "b")]
    assert "pendingReplacement" not in bench.resources()["a"]


def test_a_program_that_hides_a_failed_step_still_fails_and_deletes_nothing(bench: Bench) -> None:
    class Stubborn(Script):
        def __call__(self, *arguments: Any, **rest: Any) -> None:
            with contextlib.suppress(EngineError):
                super().__call__(*arguments, **rest)

    bench.up(thing("a"))
    result = bench.up(script=Stubborn((thing("b", **{"break": True}),)))
    assert result.exit_code == 1
    assert "a" in bench.resources()
    assert bench.shelf.calls == [("create", "b")]
