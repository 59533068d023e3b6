"""The table of topics is complete, and says one thing."""

from shared.contracts.topics import TOPICS, TYPES, dead_topic

SERVICES = {"ingest", "scoring", "handoff", "attribution"}


def test_a_type_of_event_has_one_topic() -> None:
    assert sum(len(topic.types) for topic in TOPICS) == len(TYPES)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


def test_every_topic_is_written_and_read() -> None:
    for topic in TOPICS:
        assert topic.producers
        assert set(topic.producers) <= SERVICES
        assert topic.consumers
        assert set(topic.consumers) <= SERVICES


def test_no_topic_keeps_personal_data_for_longer_than_thirty_days() -> None:
    assert all(topic.retention_days <= 30 for topic in TOPICS if topic.retention_days is not None)
    assert [topic.name for topic in TOPICS if topic.retention_days is None] == ["deals"]


def test_dead_letters_of_each_group_have_a_topic_of_their_own() -> None:
    names = {dead_topic(topic.name, group) for topic in TOPICS for group in topic.consumers}
    assert len(names) == sum(len(topic.consumers) for topic in TOPICS)
    assert dead_topic("touchpoints", "scoring") == "touchpoints.scoring.dead"
