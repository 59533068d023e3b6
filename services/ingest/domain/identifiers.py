"""What an event names somebody by: read from where identifiers stand, never from free text (ruling 15).

Values that say nothing (`null`, `undefined`, `[object Object]`) name nobody: half the world would be one person.
"""

from collections.abc import Mapping
from typing import Any

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

from services.ingest.domain.call import Call
from services.ingest.domain.identity import Identifier, IdentifierKind, by_strength

JUNK = frozenset(
    (
        "", "0", "-1", "null", "nil", "none", "undefined", "nan", "true", "false", "unknown", "anonymous", "guest",
        "n/a", "na", "not_set", "(not set)", "test", "user", "id", "user_id", "userid", "anonymous_id", "anonymousid",
        "distinct_id", "distinctid", "not_authenticated", "email", "{}", "[]", "[object object]",
        "00000000-0000-0000-0000-000000000000",
    )
)  # fmt: skip
"""What a broken client sends in place of an id, in lower case: thousands of people, or accounts, would become one."""
_LONGEST = 256
_LONGEST_EMAIL = 254
_PERSONAL_KINDS = frozenset(("form_submitted", "demo_requested", "trial_started", "content_downloaded"))
"""Kinds whose properties hold what a person wrote of themselves into a form."""


def identifiers_of(call: Call, kind: str, traits: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """The identifiers of an event, the strongest first; `kind` and `traits` are its meaning's."""
    said: list[Identifier | None] = [
        plain("user_id", call.user_id),
        plain("anonymous_id", call.anonymous_id),
        plain("crm_contact_id", traits.get("crm_contact_id")),
        email(traits.get("email")),
        phone(traits.get("phone")),
    ]
    if kind in _PERSONAL_KINDS:
        said += [email(call.properties.get("email")), phone(call.properties.get("phone"))]
    if call.type == "alias":
        # The former id may have been a browser's or a person's: its sender does not say, so it is both.
        said += [plain("user_id", call.previous_id), plain("anonymous_id", call.previous_id)]
    return by_strength(one for one in said if one is not None)


def is_junk(text: str) -> bool:
    """Whether an id names nobody; it stays on the event and joins nothing."""
    return text.strip().lower() in JUNK


def plain(kind: IdentifierKind, value: object) -> Identifier | None:
    """The identifier of an id that its owner made up; None where it is none, or says nothing."""
    if not isinstance(value, str) or is_junk(value):
        return None
    text = value.strip()
    return Identifier(kind, text) if len(text) <= _LONGEST else None


def email(value: object) -> Identifier | None:
    """The identifier of an address, in lower case; None where it is none."""
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    local, at, domain = text.rpartition("@")
    plausible = at and local and "." in domain.strip(".") and len(text) <= _LONGEST_EMAIL and text.isprintable()
    if not plausible or " " in text or "@" in local.strip('"'):
        return None
    return Identifier("email", text)


def phone(value: object) -> Identifier | None:
    """The identifier of a phone number with a country code, as E.164; None where it is none."""
    if not isinstance(value, str) or not value.strip().startswith("+"):
        return None
    try:
        number = parse(value.strip()[:64], None)
    except NumberParseException:
        return None
    return Identifier("phone", format_number(number, PhoneNumberFormat.E164)) if is_possible_number(number) else None
