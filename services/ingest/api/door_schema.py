"""The doors as OpenAPI has them: they answer past FastAPI, so it does not know them by itself.

Leaves out what a door takes besides (forms, gzip, keys in the body): that is for senders that exist, and nobody should
begin with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.ingest.api.posts import KINDS
from shared.web import openapi

_CALLS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "track": ({"event": "Demo Requested", "userId": "ana-1", "properties": {"plan": "team"}}, "What somebody did."),
    "identify": ({"userId": "ana-1", "traits": {"email": "ana@acme.example"}}, "Who somebody is."),
    "page": ({"anonymousId": "browser-1", "name": "Pricing", "properties": {"path": "/pricing"}}, "A page was seen."),
    "screen": ({"userId": "ana-1", "name": "Home"}, "A screen of an app was seen."),
    "group": ({"userId": "ana-1", "groupId": "acme", "traits": {"name": "Acme"}}, "Whom somebody belongs to."),
    "alias": ({"userId": "ana-1", "previousId": "browser-1"}, "Two ids are one person."),
}  # fmt: skip
_BATCH = {"batch": [{"type": name, **call} for name, (call, _) in _CALLS.items()]}
_BATCH_NAMES = ("batch", "b", "import")
"""The short names are those that browsers' libraries use."""
_DEAL = {
    "id": "D-1", "contacts": [{"email": "ana@acme.example", "role": "buyer"}], "amount": "12500.00", "currency": "EUR",
    "status": "won", "created_at": "2026-09-01T10:00:00Z", "closed_at": "2026-10-01T10:00:00Z", "version": 1,
}  # fmt: skip
_SPEND = {"channel": "paid_search", "campaign": "autumn", "day": "2026-09-01", "amount": "250.00", "currency": "EUR"}
_POSTS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "/v1/deals": (_DEAL, "One version of a deal, or a list of them; takes a server key."),
    "/v1/spend": (_SPEND, "What was spent on one day, or a list of such days; takes a server key."),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "/v1/deals": ("id", "status", "currency", "created_at"),
    "/v1/spend": ("channel", "day", "currency"),
}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer"}
_FIELDS: Mapping[str, Any] = {
    "amount": {"type": ["string", "number"]}, "amount_minor": _COUNT, "version": _COUNT,
    "status": {"enum": ["open", "won", "lost"]}, "account": {"type": "object"},
    "contacts": {"type": "array", "items": {"type": "object"}},
}  # fmt: skip
"""Those fields of what is posted that are no texts."""
_OF_A_CALL = ("type", "messageId", "userId", "anonymousId", "previousId", "groupId", "event", "name", "timestamp")
_TAKEN = {
    "type": "object",
    "required": ["success"],
    "properties": {
        "success": {"const": True},
        "accepted": _COUNT,
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "code", "message"],
                "properties": {
                    "index": _COUNT, "message_id": {"type": ["string", "null"]}, "code": _TEXT, "message": _TEXT,
                },
            },
        },
    },
}  # fmt: skip
_PROBLEM = {
    **openapi.PROBLEM,
    "required": ["success", *openapi.PROBLEM["required"]],
    "properties": {"success": {"const": False}, **openapi.PROBLEM["properties"]},
}
_REFUSED = openapi.problem("Nothing was taken: a problem (RFC 9457), with `success` false.", _PROBLEM)
_REFUSALS = ("400", "401", "403", "408", "413", "415", "503")


def door_paths(paths: Iterable[str]) -> Mapping[str, Any]:
    """The `paths` of an OpenAPI document for these paths of the doors."""
    told: dict[str, Any] = {}
    for name, (call, text) in _CALLS.items():
        told |= {f"/v1/{named}": _door(named, text, _call(), call) for named in (name, name[0])}
    for named in _BATCH_NAMES:
        told[f"/v1/{named}"] = _door(named, "Calls of any type; a bad one is refused alone.", _batch(), _BATCH)
    for path, (item, text) in _POSTS.items():
        told[path] = _door(KINDS[path].many, text, _one_or_many(item, _NEEDED[path]), item)
    return {path: told[path] for path in sorted(told.keys() & set(paths))}


def _door(name: str, text: str, schema: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = dict.fromkeys(_REFUSALS, _REFUSED)
    answers["200"] = {"description": "What was accepted is durable.", "content": _json(_TAKEN)}
    body = {"required": True, "content": _json(schema, example)}
    operation = {
        "operationId": f"post_{name}", "tags": ["doors"], "summary": text, "requestBody": body,
        "responses": dict(sorted(answers.items())),
    }  # fmt: skip
    return {"post": operation}


def _json(schema: Mapping[str, Any], example: Mapping[str, Any] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"schema": schema}
    return {"application/json": told if example is None else told | {"example": example}}


def _call() -> dict[str, Any]:
    ids = {name: {"type": ["string", "null"]} for name in _OF_A_CALL}
    parts = {name: {"type": ["object", "null"]} for name in ("properties", "traits", "context")}
    return {"type": "object", "properties": ids | parts}


def _batch() -> dict[str, Any]:
    calls = {"type": "array", "minItems": 1, "items": _call()}
    return {"type": "object", "required": ["batch"], "properties": {"batch": calls}}


def _one_or_many(item: Mapping[str, Any], needed: Sequence[str]) -> dict[str, Any]:
    fields = {name: _FIELDS.get(name, _TEXT) for name in sorted({*item, *needed})}
    one = {"type": "object", "required": list(needed), "properties": fields}
    return {"oneOf": [one, {"type": "array", "minItems": 1, "items": one}]}
