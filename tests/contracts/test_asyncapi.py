"""The page that describes the topics is the one the models give."""

from pathlib import Path

from shared.contracts import asyncapi
from shared.contracts.topics import TOPICS, TYPES

PAGE = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"


def test_the_page_is_what_the_models_say_today() -> None:
    """Made again by `python -m shared.contracts.asyncapi > docs/asyncapi.yaml`."""
    assert PAGE.read_text() == asyncapi.text()


def test_every_topic_and_every_event_type_is_on_the_page() -> None:
    document = asyncapi.document()
    assert set(document["channels"]) == {topic.name for topic in TOPICS}
    assert set(document["components"]["messages"]) == set(TYPES)


def test_every_reference_on_the_page_leads_somewhere() -> None:
    text = asyncapi.text()
    named = {line.split("'")[1] for line in text.splitlines() if "$ref:" in line and "'" in line}
    document = asyncapi.document()
    for reference in named:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
