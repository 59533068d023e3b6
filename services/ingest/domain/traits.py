"""What a call says of the person, under the names we know them by.

Promises: addresses that cannot be any, and names that are too long for one, are left out and flagged; empty values say
nothing. Leaves out: whose traits they are, and traits of groups.
"""

from collections.abc import Mapping
from typing import Any

from services.ingest.domain import identifiers
from services.ingest.domain.call import Call
from services.ingest.domain.calls import as_text
from services.ingest.domain.limits import TRAIT_NAME_LENGTH
from services.ingest.domain.text import readable

BAD_EMAIL = "bad_email"
BAD_PHONE = "bad_phone"
LONG_NAME = "trait_name_too_long"

_KNOWN: Mapping[str, str] = {
    "firstname": "first_name",
    "lastname": "last_name",
    "crmcontactid": "crm_contact_id",
    "jobtitle": "title",
    "email": "email",
    "phone": "phone",
    "phonenumber": "phone",
    "name": "name",
    "title": "title",
    "company": "company",
}
"""Names without case and separators, and what we call them."""
OUR_NAMES = frozenset(_KNOWN.values())
_FEWEST_DIGITS, _MOST_DIGITS = 5, 15


def traits_of(call: Call) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The traits of the person and what was wrong with them.

    RudderStack puts them in `context.traits` of every call; Segment at the top of an identify call, which wins.
    """
    told: Mapping[str, Any] = call.traits if call.type == "identify" else {}
    beside = call.context.get("traits")
    if isinstance(beside, dict) and beside:
        told = {**beside, **told}
    return _cleaned(told) if told else ({}, ())


def _cleaned(told: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    traits: dict[str, Any] = {}
    flags = []
    for given, value in told.items():
        name = _KNOWN.get(given.replace("_", "").replace("-", "").replace(" ", "").lower(), given)
        value = readable(value) if isinstance(value, str) else value
        # Of two spellings of one trait, ours holds.
        if value is None or value == "" or (name != given and name in told):
            continue
        if len(name) <= TRAIT_NAME_LENGTH:
            traits[name] = value
        elif LONG_NAME not in flags:
            flags.append(LONG_NAME)
    contact_id = traits.get("crm_contact_id")
    if isinstance(contact_id, int | float) and not isinstance(contact_id, bool):
        traits["crm_contact_id"] = as_text(contact_id)
    if "email" in traits:
        email = identifiers.email(traits.pop("email"))
        if email is None:
            flags.append(BAD_EMAIL)
        else:
            traits["email"] = email.value
    if "phone" in traits and not _is_phone(traits["phone"]):
        del traits["phone"]
        flags.append(BAD_PHONE)
    return traits, tuple(flags)


def _is_phone(value: object) -> bool:
    """Whether somebody could dial it. One without a country code can be dialled, though it identifies nobody."""
    if not isinstance(value, str):
        return False
    number = value.lower().replace("ext", "x").partition("x")[0]
    if any(sign.isalpha() for sign in number):
        return False
    return _FEWEST_DIGITS <= sum(sign.isdigit() for sign in number) <= _MOST_DIGITS
