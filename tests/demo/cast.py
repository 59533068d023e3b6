"""Who is in the story: companies, and the buying group of each.

Everything is drawn from one seeded generator, so a seed names a cast. Domains are reserved ones that no
mail reaches. The tag sets one run apart from another on the same deployment.
"""

import random
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_FIRST_NAMES = (
    "Ana", "Bilal", "Chiara", "Dmitri", "Elif", "Femi", "Greta", "Hiro", "Ines", "Jonas", "Keiko", "Lucía", "Mateo",
    "Nadia", "Oscar", "Priya", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wanda", "Xin", "Yusuf", "Zofia",
)  # fmt: skip
_LAST_NAMES = (
    "Almeida", "Bauer", "Castellano", "Dubois", "Eriksen", "Ferrari", "García", "Haddad", "Ivanova", "Jansen",
    "Kowalski", "Lindqvist", "Müller", "Novák", "O'Brien", "Papadakis", "Reyes", "Schmidt", "Tanaka", "Weber",
)  # fmt: skip
_COMPANY_FIRST = ("Acme", "Baltic", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Iris", "Juniper")
_COMPANY_SECOND = ("Robotics", "Logistics", "Foods", "Energy", "Textiles", "Pharma", "Motors", "Paper", "Optics")
_INDUSTRIES = ("manufacturing", "logistics", "retail", "energy", "healthcare")
_TITLES = ("VP Operations", "Head of Logistics", "IT Manager", "Plant Manager", "Procurement Lead", "Analyst")
_GROUP_SIZES = (1, 1, 1, 2, 2, 3, 3, 4, 5)
_INTERESTED_SHARE = 0.4
_TWO_DEVICES_SHARE = 0.15


class Part(Enum):
    """What a person does in the story."""

    PASSER_BY = "looks around and never says who they are"
    READER = "gives an address for something to read"
    ASKER = "asks for a demo or a trial, and can be called back"
    SHY_ASKER = "asks for a trial and never gives an address"
    PROSPECT = "is found by sales"


_AMONG_INTERESTED = (30, 45, 15, 3, 7)
_AMONG_OTHERS = (60, 25, 3, 4, 8)
"""How often each part is drawn, in the order of `Part`."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company that may buy."""

    name: str
    domain: str
    industry: str
    employees: int


@dataclass(frozen=True, slots=True)
class Person:
    """One member of a buying group; `devices` are the anonymous ids of the browsers they use."""

    name: str
    email: str
    title: str
    user_id: str
    devices: tuple[str, ...]
    part: Part
    company: Company


def draw_cast(rng: random.Random, people: int, tag: str) -> Iterator[tuple[Person, ...]]:
    """Buying groups, one a company, that hold exactly `people` people between them."""
    left = people
    number = 0
    while left > 0:
        size = min(left, rng.choice(_GROUP_SIZES))
        yield _group(rng, number, size, tag)
        left -= size
        number += 1


def _group(rng: random.Random, number: int, size: int, tag: str) -> tuple[Person, ...]:
    company = _company(rng, number, tag)
    interested = rng.random() < _INTERESTED_SHARE
    return tuple(
        _person(rng, company, place, Part.ASKER if interested and place == 0 else _bystander(rng, interested))
        for place in range(size)
    )


def _bystander(rng: random.Random, interested: bool) -> Part:
    return rng.choices(tuple(Part), weights=_AMONG_INTERESTED if interested else _AMONG_OTHERS)[0]


def _company(rng: random.Random, number: int, tag: str) -> Company:
    first = _COMPANY_FIRST[number % len(_COMPANY_FIRST)]
    second = _COMPANY_SECOND[number // len(_COMPANY_FIRST) % len(_COMPANY_SECOND)]
    return Company(
        name=f"{first} {second}",
        domain=f"{first}-{second}-{number}-{tag}.example".lower(),
        industry=rng.choice(_INDUSTRIES),
        employees=int(rng.lognormvariate(5.5, 1.0)) + 10,
    )


def _person(rng: random.Random, company: Company, place: int, part: Part) -> Person:
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    # Names repeat in a company of five; addresses must not.
    local = f"p{place}.{_plain(first)}.{_plain(last)}"
    devices = 2 if part in (Part.READER, Part.ASKER) and rng.random() < _TWO_DEVICES_SHARE else 1
    return Person(
        name=f"{first} {last}",
        email=f"{local}@{company.domain}",
        title=rng.choice(_TITLES),
        user_id=f"u-{company.domain.removesuffix('.example')}-{place}",
        devices=tuple(str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(devices)),
        part=part,
        company=company,
    )


def _plain(name: str) -> str:
    """A name as it stands in an address: no accents, letters only."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name).lower() if "a" <= letter <= "z")
