"""The topics as an AsyncAPI 3 document, made from the models that the code itself validates with.

`python -m shared.contracts.asyncapi` prints it; a test holds docs/asyncapi.yaml against it.
"""

import sys
from inspect import cleandoc
from typing import Any

import msgspec
import yaml

from shared.contracts.envelope import PREFIX
from shared.contracts.topics import TOPICS, TYPES, Topic

_REF = "#/components/schemas/{name}"
_HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "description": "derived from what the event says; the same on every redo"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"const": "application/json"},
    },
}


def document() -> dict[str, Any]:
    """The whole document, as plain data."""
    structs = sorted({struct.__name__: struct for struct in TYPES.values()}.items())
    _, schemas = msgspec.json.schema_components([struct for _, struct in structs], ref_template=_REF)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Throughline",
            "version": "1",
            "description": "CloudEvents 1.0 in the Kafka binding's binary mode. Times in the data are integer "
            "milliseconds since the epoch, UTC.",
        },
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {
            f"{producer}.publishes.{topic.name}": _operation(topic) for topic in TOPICS for producer in topic.producers
        },
        "components": {
            "messages": {name: _message(name) for name in sorted(TYPES)},
            "schemas": {name: _described(schema) for name, schema in sorted(schemas.items())},
        },
    }


def text() -> str:
    """The document as YAML."""
    return yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110)


def _channel(topic: Topic) -> dict[str, Any]:
    kept = "compacted" if topic.retention_days is None else f"kept {topic.retention_days} days"
    written, read = ", ".join(topic.producers), ", ".join(topic.consumers)
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}. Written by {written}, read by {read}; {kept}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in sorted(topic.types)},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"}}


def _message(name: str) -> dict[str, Any]:
    return {
        "name": f"{PREFIX}{name}.v1",
        "contentType": "application/json",
        "headers": _HEADERS,
        "payload": {"$ref": _REF.format(name=TYPES[name].__name__)},
    }


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its docstring as people read it: from Python 3.13 on it comes without its indentation."""
    said = schema.get("description")
    return schema if said is None else schema | {"description": cleandoc(said)}


if __name__ == "__main__":
    sys.stdout.write(text())
