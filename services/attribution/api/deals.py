"""`/v1/deals`: deals as posted, what their interactions earned, and why."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.attribution.api import schemas
from services.attribution.api.report import INCREMENTAL, no_hold_out
from services.attribution.domain.credit import Credit
from services.attribution.domain.models.linear import LINEAR
from services.attribution.domain.paths import of_deal
from services.attribution.domain.paths.closed import Closed
from services.attribution.domain.paths.of_deal import MARKOV, NO_EFFECTS, Effects
from services.attribution.domain.rules import Rules
from services.attribution.ports import Counted, CreditedDeal, NotCounted, Reading, ReportAsked, Reports
from shared.contracts.deals import Deal
from shared.kernel.errors import Conflict, NotFound, Reject
from shared.kernel.instant import Instant, to_text
from shared.kernel.stand_ins import anybody
from shared.web.auth import Scope, require
from shared.web.paging import Asked, Page, page

_Model = Annotated[str | None, Query(description=f"A model's name, also {', '.join(of_deal.RULES)}; the agreed one.")]


def router(reading: Reading, reports: Reports, rules: Rules) -> APIRouter:
    """The routes of deals."""
    routes = APIRouter(prefix="/v1/deals", tags=["deals"], dependencies=[require(Scope.READ)])

    @routes.get("")
    async def deals(asked: Asked) -> Page[schemas.Deal]:
        """Deals by id."""
        position = asked.position(str)
        found = await reading.deals(asked.limit + 1, None if position is None else str(position[0]))
        return page(found, asked, _deal, lambda deal: (deal.id,))

    @routes.get("/{deal_id}")
    async def deal(deal_id: str) -> schemas.DealWithHistory:
        """A deal with every version of it."""
        found = await reading.deal(deal_id)
        if found is None:
            raise NotFound
        return schemas.DealWithHistory(**_told(found.deal), history=[_version(each) for each in found.versions])

    @routes.get("/{deal_id}/credits")
    async def deal_credits(deal_id: str, model: _Model = None) -> schemas.Credits:
        """What each interaction of a won deal earned. Models that learn do so from all deals won and lost."""
        name = _named(model, rules)
        if name in of_deal.RULES:
            # By the linear model every interaction has a credit.
            return await _learned(await _won(reading, deal_id, LINEAR.name), name, reports, rules)
        found, asked = await _won(reading, deal_id, name), rules.models[name]
        missing: list[str] = [milestone for milestone in asked.milestones if milestone in found.missing]
        return replace(_credits(found, name, asked.rule), missing=missing)

    @routes.get("/{deal_id}/why")
    async def why(deal_id: str) -> schemas.Why:
        """The journey of a deal: what was counted, what was not and why."""
        found = await reading.journey(deal_id)
        if found is None:
            raise NotFound
        counted = [_counted(each) for each in found.counted]
        return schemas.Why(found.deal_id, found.charter, counted, [_not_counted(each) for each in found.not_counted])

    return routes


def _deal(deal: Deal) -> schemas.Deal:
    return schemas.Deal(**_told(deal))


def _told(deal: Deal) -> Mapping[str, Any]:
    account = deal.account
    return {
        "id": deal.id,
        "version": deal.version,
        "name": deal.name,
        "status": deal.status,
        "stage": deal.stage,
        "deal_type": deal.deal_type,
        "lost_reason": deal.lost_reason,
        "owner": deal.owner,
        "account": None if account is None else schemas.Account(account.id, account.name, account.domain),
        "amount_minor": deal.amount_minor,
        "currency": deal.currency,
        "created_at": _text(deal.created_at),
        "closed_at": _text_or_none(deal.closed_at),
        "occurred_at": _text(deal.occurred_at),
        "people": [schemas.Person(anybody(person.person_id), person.role) for person in deal.people],
        "flags": list(deal.flags),
    }


def _version(deal: Deal) -> schemas.Version:
    return schemas.Version(
        deal.version,
        _text(deal.occurred_at),
        deal.status,
        deal.stage,
        deal.amount_minor,
        deal.currency,
        _text_or_none(deal.closed_at),
    )


def _named(model: str | None, rules: Rules) -> str:
    """The model that is asked for; raises Reject where it is unknown, or of channels alone."""
    if model == INCREMENTAL:
        raise no_hold_out()
    if model is None:
        return rules.agreed
    if model not in (known := (*rules.models, *of_deal.RULES)):
        raise Reject("unknown_name", f"known of one deal are {', '.join(known)}", "model")
    return model


async def _won(reading: Reading, deal_id: str, model: str) -> CreditedDeal:
    found = await reading.credits(deal_id, model)
    if found is None:
        raise NotFound
    if found.deal.status != "won":
        raise Conflict("only a won deal has credits")
    return found


async def _learned(every: CreditedDeal, model: str, reports: Reports, rules: Rules) -> schemas.Credits:
    """The credits of a deal by a model that learns, out of those of a model by which every interaction earns."""
    nobodys = every.credits[0].interaction_id is None
    learned = NO_EFFECTS if nobodys or model != MARKOV else await _effects(every, reports, rules)
    shares = of_deal.shares(model, [credit.channel for credit in every.credits], learned.by_channel)
    found = replace(every, credits=of_deal.shared(every.credits, shares))
    return replace(_credits(found, model, of_deal.RULES[model]), warnings=list(learned.warnings))


async def _effects(own: CreditedDeal, reports: Reports, rules: Rules) -> Effects:
    """What the journeys of the report that is asked for nothing show, and that of a deal it cannot convert."""
    closed = await reports.closed(ReportAsked((MARKOV,), ("channel",), rules.currency))
    deal = own.deal
    closes = deal.occurred_at if deal.closed_at is None else deal.closed_at
    if rules.rates.converted(deal.amount_minor, deal.currency, rules.currency, closes) is None:
        closed = [*closed, Closed(tuple(credit.channel for credit in own.credits), deal.amount_minor)]
    return await asyncio.to_thread(of_deal.effects, closed)


def _credits(found: CreditedDeal, model: str, rule: str) -> schemas.Credits:
    return schemas.Credits(
        deal_id=found.deal.id,
        model=model,
        rule=rule,
        charter=found.charter,
        amount_minor=found.deal.amount_minor,
        currency=found.deal.currency,
        credits=[_credit(each) for each in found.credits],
    )


def _credit(credit: Credit) -> schemas.Credit:
    return schemas.Credit(
        **credit._asdict()
        | {
            "occurred_at": _text_or_none(credit.occurred_at),
            "person_id": anybody(credit.person_id),
            "share": float(credit.share),
        }
    )


def _counted(counted: Counted) -> schemas.Counted:
    return schemas.Counted(
        counted.interaction_id,
        _text(counted.occurred_at),
        anybody(counted.person_id),
        counted.kind,
        list(counted.kinds),
        counted.channel,
        counted.campaign,
        counted.department,
        list(counted.touchpoints),
    )


def _not_counted(passed: NotCounted) -> schemas.NotCounted:
    return schemas.NotCounted(
        passed.id,
        passed.what,
        _text(passed.occurred_at),
        anybody(passed.person_id),
        passed.kind,
        passed.channel,
        passed.why,
        passed.why.sentence,
    )


def _text(at: int) -> str:
    return to_text(Instant(at))


def _text_or_none(at: int | None) -> str | None:
    return None if at is None else _text(at)
