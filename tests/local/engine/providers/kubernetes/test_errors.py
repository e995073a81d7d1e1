from local.engine.providers.kubernetes.errors import (
    conflicting_fields,
    parse_status,
    tell_exists,
    tell_refusal,
)
from local.engine.providers.kubernetes.kinds import Kind, Ref

WEB = Ref(Kind("apps/v1", "Deployment"), "shop", "web")

CONFLICT = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "message": 'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using apps/v1:\n- .spec.replicas',
    "reason": "Conflict",
    "details": {
        "causes": [
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "kubectl-edit" using apps/v1',
                "field": ".spec.replicas",
            },
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "autoscaler" with subresource "scale" using apps/v1',
                "field": ".spec.paused",
            },
        ]
    },
    "code": 409,
}
INVALID = {
    "kind": "Status",
    "message": 'Service "web" is invalid: spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535',
    "reason": "Invalid",
    "details": {"causes": [{"reason": "FieldValueInvalid", "message": "x", "field": "spec.ports[0].port"}]},
    "code": 422,
}


def test_a_conflict_names_the_other_managers_and_their_fields() -> None:
    error = parse_status(409, CONFLICT, "Conflict")
    assert error.is_conflict
    assert conflicting_fields(error) == {"kubectl-edit": [".spec.replicas"], "autoscaler (scale)": [".spec.paused"]}
    told = tell_refusal(WEB, "apply", error)
    assert told.startswith("Deployment shop/web: other managers own fields")
    assert "kubectl-edit: .spec.replicas" in told
    assert "pulumi.com/patchForce" in told


def test_a_refusal_shows_the_servers_words_and_a_way_out() -> None:
    told = tell_refusal(WEB, "apply", parse_status(422, INVALID, "Unprocessable Entity"))
    assert "must be between 1 and 65535" in told
    assert "422 Invalid" in told
    assert "Way out: correct the field" in told


def test_a_field_that_the_sentence_does_not_name_is_added() -> None:
    body = {**INVALID, "message": "invalid"}
    assert "  field spec.ports[0].port" in tell_refusal(WEB, "apply", parse_status(422, body, ""))


def test_an_immutable_field_points_at_a_replacement() -> None:
    body = {"kind": "Status", "message": "spec.selector: field is immutable", "reason": "Invalid"}
    assert "replace_on_changes" in tell_refusal(WEB, "apply", parse_status(422, body, ""))


def test_a_missing_namespace_is_named() -> None:
    body = {"kind": "Status", "message": 'namespaces "shop" not found', "reason": "NotFound"}
    assert "create the namespace shop first" in tell_refusal(WEB, "apply", parse_status(404, body, ""))


def test_an_answer_that_is_no_status_is_shown_as_it_is() -> None:
    error = parse_status(502, "<html>bad gateway</html>", "Bad Gateway")
    assert (error.code, error.reason, error.message) == (502, "Bad Gateway", "<html>bad gateway</html>")
    assert parse_status(500, "", "Internal Server Error").message == "Internal Server Error"
    assert parse_status(500, None, "Internal Server Error").message == "Internal Server Error"


def test_an_object_in_the_way_is_told_with_its_managers_and_the_ways_out() -> None:
    told = tell_exists(WEB, ["helm"])
    for part in (
        "managed by helm",
        "import_='shop/web'",
        "kubectl -n shop delete deployment web",
        "upsertExistingObjects",
    ):
        assert part in told


def test_a_dump_of_a_whole_field_is_cut_out_of_the_sentence() -> None:
    message = 'Job "x" is invalid: spec.template: Invalid value: {' + "Name:,\n" * 500 + "}: field is immutable"
    told = tell_refusal(WEB, "apply", parse_status(422, {"kind": "Status", "message": message}, ""))
    assert len(told) < 800
    assert 'Job "x" is invalid: spec.template' in told
    assert "}: field is immutable\nWay out: this field cannot be changed in place" in told
