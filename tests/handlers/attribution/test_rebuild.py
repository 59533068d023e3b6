"""What is stored is what a fresh start would store: the final facts of any history, in another order, give the same."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Emit
from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import Json, deal, merged, scene, split, touch

PEOPLE = ("ana", "ben", "cleo")
BEFORE = {
    "touch t0": touch("t0", 0, "ana", channel="phone"),
    "touch t1": touch("t1", 10, "ana", channel="email"),
    "touch t2": touch("t2", 20, "ana", channel="event"),
    "touch t3": touch("t3", 12, "ben", channel="email"),
    "deal d-1": deal("d-1", "ana", closed=30, account="acme"),
    "deal d-2": deal("d-2", "ben", closed=45),
}
"""Two deals with something to be credited, so that whatever is said next has something to change."""
MOST_CHANGES = 6
"""Few: where much is said, what comes last touches every deal, and hides that something before did not."""


def touched(chance: Random, name: str, nth: int) -> Emit:
    """A touch, late or again: with another owner, withdrawn or restored."""
    who, withdrawn = chance.choice((None, *PEOPLE)), chance.random() < 0.2
    channel = chance.choice(("email", "phone"))
    return touch(name, chance.randrange(50), who, channel=channel, revision=nth, withdrawn=withdrawn)


def aliased(chance: Random, who: str, nth: int) -> Emit:
    """A merge or a split; who is merged into whom makes no circle, as with real ones in the end."""
    into = chance.choice(PEOPLE[: PEOPLE.index(who)])
    return split(who, nth) if chance.random() < 0.4 else merged(who, into, nth)


def sold(chance: Random, name: str, nth: int) -> Emit:
    """A deal: amended, reopened, lost after won, on other people or another account."""
    status = chance.choice(("open", "won", "won", "lost"))
    return deal(
        name,
        *chance.sample(PEOPLE, chance.randint(1, 2)),
        closed=None if status == "open" else chance.randrange(50),
        account=chance.choice((None, "acme")),
        version=(nth + 1) // 2,
        revision=2 - nth % 2,
        status=status,
        amount_minor=chance.randrange(-5, 10_001),
    )


def staged(chance: Random, who: str, nth: int) -> Emit:
    """News of somebody's stages."""
    entered = {stage: chance.randrange(50) for stage in ("lead", "mql") if chance.random() < 0.7}
    return stages(who, version=nth, **entered)


TOLD = {
    **{f"touch {name}": (touched, name) for name in ("t0", "t1", "t2", "t3", "t4")},
    **{f"alias {who}": (aliased, who) for who in PEOPLE[1:]},
    **{f"deal {name}": (sold, name) for name in ("d-1", "d-2")},
    **{f"stages {who}": (staged, who) for who in PEOPLE},
}


def history(chance: Random) -> list[tuple[str, Emit]]:
    """What is said of facts, in the order in which it is said: of each fact the last holds, whatever arrives when."""
    said = list(BEFORE.items())
    times = Counter(BEFORE.keys())
    for fact in chance.choices(tuple(TOLD), k=chance.randint(1, MOST_CHANGES)):
        times[fact] += 1
        tell, name = TOLD[fact]
        said.append((fact, tell(chance, name, times[fact])))
    return said


async def outcome(batches: Sequence[Sequence[Emit]]) -> tuple[list[tuple[object, ...]], Json]:
    """What is stored of every deal after these batches, and what is told of the leads."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            for batch in batches:
                await stage.tell(*batch)
            return await stage.derived(), await stage.get("/v1/quality", group_by="channel,kind")


# Drawn by a seed: histories that Hypothesis builds itself are mostly short and alike, and change no credit.
@given(st.randoms(use_true_random=True))
@settings(max_examples=30)
def test_what_is_stored_is_what_the_final_facts_give_in_any_order(chance: Random) -> None:
    told = history(chance)
    arrived = [event for _, event in (told if chance.random() < 0.5 else chance.sample(told, len(told)))]
    border = chance.randrange(len(arrived))
    batches = [arrived[:border], *([event] for event in arrived[border:])]
    final = list(dict(told).values())
    chance.shuffle(final)
    assert asyncio.run(outcome(batches)) == asyncio.run(outcome([final]))
