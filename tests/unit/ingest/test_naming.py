"""What a text of any shape may call somebody."""

import pytest

from services.ingest.domain.identity import Identifier
from services.ingest.domain.naming import identifiers_in

EMAIL, PHONE = Identifier("email", "ana@ex.org"), Identifier("phone", "+493012345678")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"email": "Ana@Ex.org"}', EMAIL),
        ('{"message": "write to ana@ex.org."}', EMAIL),
        ('{"traits": {"phone": "+49 30 12345678"}}', PHONE),
        ('{"userId": " u-1 "}', Identifier("user_id", "u-1")),
        ('{"userId": 17}', Identifier("user_id", "17")),
        ('{"anonymousId": "b\\u00e9"}', Identifier("anonymous_id", "bé")),
        ('{"crmContactId": "c\\"1"}', Identifier("crm_contact_id", 'c"1')),
        ('{"cut": "off", "userId": "u-1", "event": "nev', Identifier("user_id", "u-1")),
        ("no JSON, but ana@ex.org", EMAIL),
        ('{"identifiers": ["user_id:u-1", "anonymous_id:b-1"]}', Identifier("user_id", "u-1")),
        ('{"identifiers": ["crm_contact_id:c:1"]}', Identifier("crm_contact_id", "c:1")),
    ],
)
def test_whoever_is_named_is_found(body: str, named: Identifier) -> None:
    assert named in identifiers_in(body)


def test_a_text_that_names_nobody_names_nobody() -> None:
    assert identifiers_in("") == set()
    assert EMAIL not in identifiers_in('{"email": "other-ana@ex.org"}')


@pytest.mark.parametrize(
    "dear", ["x" * 32_768, "@" * 32_768, "a@" * 16_384, '"' + '\\"' * 16_384, '"a' * 16_384, "+1" * 16_384]
)
def test_what_is_made_to_be_dear_to_read_hides_nobody(dear: str) -> None:
    assert EMAIL in identifiers_in(f'{{"email": "ana@ex.org"}} {dear}')


def test_a_text_that_was_cut_names_nobody() -> None:
    assert Identifier("user_id", "u-") not in identifiers_in('{"userId": "u-')
