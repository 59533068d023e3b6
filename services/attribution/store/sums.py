"""Sums of credit, kept as deals are derived: what a deal added before is taken away, what it adds now is added.

All of it is integers, so live sums are those of a rebuild to the last unit, whatever came in between. Written after
everything else of a batch and in the order of their keys, so that workers wait for each other and never for ever.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from math import floor
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Row, delete

from services.attribution.domain.credit import Credit
from services.attribution.domain.period import day_of, month_of
from services.attribution.ports import WonDeal
from services.attribution.store.credits import part_of
from services.attribution.store.tables import CREDITS, MODEL_SUMS, SUMMED, SUMMED_MODELS, WON_SUMS
from shared.db.dialect import Upsert
from shared.db.work import Work
from shared.kernel.money import split

KEYS = ("channel", "department", "source", "campaign", "kind", "utm_source")
"""What sums are kept by."""
UNIT = 2**40
"""Parts of a deal."""
FORMER = (
    *(CREDITS.c[name] for name in ("deal_id", "model", "n", "share", "part", "amount_minor")),
    *(CREDITS.c[key] for key in KEYS),
)
"""What has to be known of credits to take them away."""

_WON = ("deals", "own_minor", "amount_minor")
_EARNED = tuple(column.name for column in MODEL_SUMS.columns if not column.primary_key)
_PLACE = {model: _EARNED.index(f"{model}_parts") for model in SUMMED_MODELS}
"""Where the three sums of a model begin in a row."""
_keys_of = attrgetter(*KEYS)
_KEEP = Upsert(
    SUMMED,
    conflict=("deal_id",),
    update=("closed_at", "currency", "amount_minor", "reported_in", "reported_minor"),
)
_ADD_WON = Upsert(
    WON_SUMS,
    columns=("span", "start", "currency", "reported_in", *_WON),
    conflict=("span", "start", "currency", "reported_in"),
    add=_WON,
)
_ADD_CREDIT = Upsert(
    MODEL_SUMS,
    columns=("span", "start", "reported_in", *KEYS, *_EARNED),
    conflict=("span", "reported_in", "start", *KEYS),
    add=_EARNED,
)
_Moved = defaultdict[tuple[Any, ...], list[int]]
"""Sums by their keys, which begin with a day."""


class Earned(NamedTuple):
    """What the sums need of a credit. `share`: as a fraction or as its text; few are ever asked for it."""

    model: str
    share: Fraction | str
    part: int
    amount_minor: int
    key: tuple[str, ...]


def names_of(model: str) -> tuple[str, str, str]:
    """The columns of a model's sums: parts of deals, money, and money whatever its sign."""
    return f"{model}_parts", f"{model}_minor", f"{model}_volume"


class Moves:
    """What a batch adds to the sums and takes away."""

    def __init__(self) -> None:
        self._won: _Moved = defaultdict(lambda: [0] * len(_WON))
        self._credits: _Moved = defaultdict(lambda: [0] * len(_EARNED))

    def whole(self, deal: WonDeal, earned: Collection[Earned], sign: int) -> None:
        """A won deal with its credits: in its own currency, and in the charter's."""
        self._move(deal, deal.currency, deal.amount_minor, earned, sign)
        self.reported(deal, earned, sign)

    def reported(self, deal: WonDeal, earned: Collection[Earned], sign: int) -> None:
        """What a won deal in another currency is in the charter's: one amount, split by the same shares."""
        if deal.reported_minor is not None and deal.currency != deal.reported_in:
            converted = [one for model in _by_model(earned) for one in _shared(model, deal.reported_minor)]
            self._move(deal, deal.reported_in, deal.reported_minor, converted, sign)

    def _move(self, deal: WonDeal, into: str, amount_minor: int, earned: Iterable[Earned], sign: int) -> None:
        day = day_of(deal.closed_at)
        _add(self._won[day, deal.currency, into], (sign, sign * deal.amount_minor, sign * amount_minor))
        found: dict[tuple[str, ...], list[int]] = {}
        for model, _, part, amount, key in earned:
            place = _PLACE.get(model)
            if place is None:
                continue  # Of a model without sums: its credits are added up when somebody asks.
            held = found.get(key)
            if held is None:
                held = found[key] = self._credits[(day, into, *key)]
            held[place] += sign * part
            held[place + 1] += sign * amount
            held[place + 2] += sign * abs(amount)

    async def write(self, work: Work) -> None:
        """Add it all; what cancels out is not written."""
        await work.write(_ADD_CREDIT, _rows(self._credits))
        await work.write(_ADD_WON, _rows(self._won))


async def move(
    work: Work, won: Sequence[tuple[WonDeal, Mapping[str, Sequence[Credit]]]], former: Sequence[Row[Any]]
) -> None:
    """Have the sums hold won deals with what they earn now; `former`: the credits that these and others had."""
    moves = Moves()
    if former:
        ids = sorted({row.deal_id for row in former})
        held = await work.rows(delete(SUMMED).where(work.among(SUMMED.c.deal_id, ids)).returning(*SUMMED.columns))
        before = former_credits(former)
        for row in held:
            moves.whole(WonDeal(*tuple(row)), before[row.deal_id], -1)
    for deal, earned in won:
        moves.whole(deal, _earned(earned), 1)
    await keep(work, [deal for deal, _ in won])
    await moves.write(work)


async def keep(work: Work, deals: Iterable[WonDeal]) -> None:
    """Remember won deals as they are in the sums."""
    await work.write(_KEEP, sorted(deals))


def former_credits(rows: Iterable[Row[Any]]) -> Mapping[str, list[Earned]]:
    """Credits as they were kept, by deal, each model's in the order of the journey."""
    found: defaultdict[str, list[Earned]] = defaultdict(list)
    # By place: a long journey has tens of thousands, and to ask a row for a name takes longer than all else here.
    for deal_id, model, _, share, part, amount_minor, *key in sorted(map(tuple, rows), key=itemgetter(0, 1, 2)):
        named = tuple(value or "" for value in key)
        found[deal_id].append(Earned(model, share, _parts(part), amount_minor, named))
    return found


def _earned(by_model: Mapping[str, Sequence[Credit]]) -> list[Earned]:
    # One interaction has a credit by most models, and is asked once what it is summed under.
    keys: dict[str | None, tuple[str, ...]] = {}
    found: list[Earned] = []
    for model, earned in by_model.items():
        for credit in earned:
            key = keys.get(credit.interaction_id)
            if key is None:
                key = keys[credit.interaction_id] = tuple(value or "" for value in _keys_of(credit))
            found.append(Earned(model, credit.share, _parts(part_of(credit.share)), credit.amount_minor, key))
    return found


def _parts(part: float) -> int:
    # A power of two moves no digit of the float, so every machine and both databases round alike.
    return floor(part * UNIT + 0.5)


def _by_model(earned: Iterable[Earned]) -> Iterable[list[Earned]]:
    found: defaultdict[str, list[Earned]] = defaultdict(list)
    for credit in earned:
        found[credit.model].append(credit)
    return found.values()


def _shared(earned: Sequence[Earned], amount_minor: int) -> list[Earned]:
    amounts = split(amount_minor, [Fraction(credit.share) for credit in earned])
    return [credit._replace(amount_minor=amount) for credit, amount in zip(earned, amounts, strict=True)]


def _add(held: list[int], values: Sequence[int]) -> None:
    for place, value in enumerate(values):
        held[place] += value


def _rows(by_day: _Moved) -> list[tuple[Any, ...]]:
    """What moved by day, and the same by month, in the order of their keys."""
    by_month: dict[tuple[Any, ...], list[int]] = {}
    for (day, *key), values in by_day.items():
        month = (month_of(day), *key)
        held = by_month.get(month)
        if held is None:
            by_month[month] = [*values]
        else:
            _add(held, values)
    spans = (("day", by_day), ("month", by_month))
    return [(span, *key, *moved[key]) for span, moved in spans for key in sorted(moved) if any(moved[key])]
