"""Problems say what went wrong and where, and nothing of what was sent."""

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from shared.kernel.errors import Conflict, Erased, NotFound, Reject, TryLater
from shared.web import problems
from shared.web.problems import FieldError, Problem

CANARY = "pii-canary-7f3@example.test"


class Cat(BaseModel):
    type: Literal["cat"]


class Dog(BaseModel):
    type: Literal["dog"]


class Item(BaseModel, extra="forbid"):
    timestamp: int = 0
    pet: Annotated[Cat | Dog | None, Field(discriminator="type")] = None
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def known(cls, zone: str) -> str:
        if zone != "UTC":
            raise ValueError(f"no zone {zone}")
        return zone


def errors_of(items: list[dict[str, Any]]) -> list[FieldError]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(dict[str, list[Item]]).validate_python({"batch": items})
    return problems.field_errors([dict(each) for each in refused.value.errors()])


def test_a_field_is_named_by_its_path() -> None:
    (error,) = errors_of([{}, {"timestamp": "yesterday"}])
    assert error.path == "batch[1].timestamp"
    assert error.message.startswith("Input should be a valid integer")


@pytest.mark.parametrize(
    "item", [{"zone": CANARY}, {"pet": {"type": CANARY}}, {CANARY: 1}, {"timestamp": CANARY}, {"zone": [CANARY]}]
)
def test_no_message_and_no_path_holds_what_was_sent(item: dict[str, Any]) -> None:
    (error,) = errors_of([item])
    assert CANARY not in error.path + error.message


def test_a_name_that_looks_like_a_value_is_left_out_of_the_path() -> None:
    assert problems.field_path(["batch", 0, CANARY, "email"]) == "batch[0].*.email"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Reject("bad_amount", "an amount is a number", "amount"), 422, "bad_amount"),
        (NotFound(CANARY), 404, "not_found"),
        (Erased("e-1"), 410, "erased"),
        (Conflict("it is closed"), 409, "conflict"),
        (TryLater(CANARY), 503, "try_later"),
        (KeyError(CANARY), 500, "internal"),
    ],
)
def test_an_error_of_ours_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    problem = problems.of(error)
    assert (problem.status, problem.code) == (status, code)
    assert CANARY.encode() not in problem.body()


def test_a_reject_names_its_field() -> None:
    body = json.loads(problems.of(Reject("bad_amount", "an amount is a number", "amount")).body())
    assert body["errors"] == [{"path": "amount", "message": "an amount is a number"}]


def test_try_later_says_when() -> None:
    assert int(problems.of(TryLater("away")).headers["Retry-After"]) >= 1


def test_a_problem_has_all_its_fields_and_a_door_says_success_false() -> None:
    problem = Problem(400, "empty_body", "a body is needed")
    assert json.loads(problem.body(door=True))["success"] is False
    assert json.loads(problem.body()) == {
        "type": "urn:throughline:problem:empty_body",
        "title": "Bad Request",
        "status": 400,
        "detail": "a body is needed",
        "code": "empty_body",
        "errors": [],
    }
