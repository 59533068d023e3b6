"""The OpenAPI document of a service: as FastAPI tells it, but with errors as they are answered, which are problems.

Leaves out which codes a route has: each problem says its own (`shared/web/problems.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.web.problems import CONTENT_TYPE

_TEXT: Final = {"type": "string"}
PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). It never holds what was sent.",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "code"), _TEXT),
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": _TEXT, "message": _TEXT},
            },
        },
    },
}
"""A problem, as JSON Schema has it."""
_NOT_OURS: Final = frozenset(("HTTPValidationError", "ValidationError"))
_METHODS: Final = frozenset(("get", "post", "put", "patch", "delete"))


def told(described: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> dict[str, Any]:
    """FastAPI's document of an app with our errors, and with the paths that are answered past the app."""
    components = described.get("components", {})
    schemas = {name: each for name, each in components.get("schemas", {}).items() if name not in _NOT_OURS}
    paths = {path: _path(path, of_path) for path, of_path in described["paths"].items()}
    return {
        **described,
        "paths": {**elsewhere, **paths},
        "components": {**components, "schemas": {**schemas, "Problem": PROBLEM}},
    }


def problem(description: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A response that is a problem."""
    return {"description": description, "content": {CONTENT_TYPE: {"schema": schema}}}


def _path(path: str, of_path: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _operation(path, each) if name in _METHODS else each for name, each in of_path.items()}


def _operation(path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    statuses = {"default": "Any other error."}
    if operation.get("security"):
        statuses |= {"401": "No token that is known.", "403": "The token may not do this."}
    if "{" in path:
        statuses["404"] = "There is no such thing."
    if "422" in operation["responses"]:
        statuses["422"] = "What was sent does not fit."
    schema = {"$ref": "#/components/schemas/Problem"}
    problems = {status: problem(text, schema) for status, text in statuses.items()}
    return {**operation, "responses": {**operation["responses"], **dict(sorted(problems.items()))}}
