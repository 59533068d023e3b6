"""A lead gets an owner: what scoring told becomes the brief, the owner is chosen, the clocks are set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.handoff.domain import messages, routing
from services.handoff.domain.lead import Handoff
from services.handoff.domain.messages import Brief
from services.handoff.domain.routing import Choice, Lead, Load, Owner
from services.handoff.domain.sla import calendar, promised
from services.handoff.ports import Kept, SalesAct, Seat
from services.handoff.settings import Terms
from shared.contracts.leads import LeadQualified
from shared.contracts.touchpoints import PersonIdentified
from shared.kernel import instant
from shared.kernel.ids import derived
from shared.kernel.instant import Instant

_ROTA = frozenset({"territory", "segment", "round_robin"})


class Rota:
    """The owners while a batch assigns: every choice counts for the next one."""

    def __init__(self, seats: Mapping[str, Seat], in_hand: Mapping[str, int], terms: Terms, now: Instant) -> None:
        self._owners = {owner_id: seat.owner for owner_id, seat in seats.items()}
        self._loads = {owner_id: Load(in_hand.get(owner_id, 0), seat.assigned) for owner_id, seat in seats.items()}
        self._by_email = {owner.email.casefold(): owner.id for owner in self._owners.values() if owner.email}
        self._terms = terms
        self._now = now
        self.assigned: dict[str, int] = {}
        """Owners whom the rota gave something, with all that it gave them."""

    def assign(self, lead: LeadQualified, acts: Sequence[SalesAct], deal_owner: str | None) -> Kept:
        """The new hand-off of a lead; `acts` is what sales did with this person so far, `deal_owner` who has an
        open deal with them (an id or an e-mail, as sent)."""
        choice = self._choose(lead, acts, deal_owner)
        owner = self._owners.get(choice.owner_id) or Owner(choice.owner_id, choice.owner_id, "")
        when = calendar(owner.time_zone, owner.hours, self._terms.holidays)
        handoff = Handoff(
            id=derived("handoff", lead.promotion_id),
            promotion_id=lead.promotion_id,
            person_id=lead.person_id,
            cycle=lead.cycle,
            owner_id=choice.owner_id,
            assigned_at=self._now,
            accept_by=promised(self._now, self._terms.accept_minutes, when),
            contact_by=promised(self._now, self._terms.contact_minutes, when),
        )
        return Kept(handoff, brief(lead), lead.card.version, choice.trail, promoted_at=Instant(lead.at))

    def _choose(self, lead: LeadQualified, acts: Sequence[SalesAct], deal_owner: str | None) -> Choice:
        asked = Lead(
            person_id=lead.person_id,
            prospected=tuple(self._prospected(acts)),
            account_owner_id=self._account_owner(lead) if deal_owner is None else self._named(deal_owner),
            territory=_territory(lead, self._terms),
        )
        choice = routing.choose(asked, self._owners.values(), self._loads, self._terms.routing, self._now)
        load = self._loads.get(choice.owner_id, Load())
        load = replace(load, in_hand=load.in_hand + 1)
        if choice.trail[-1].step in _ROTA:
            load = replace(load, assigned=load.assigned + 1)
            self.assigned[choice.owner_id] = load.assigned
        self._loads[choice.owner_id] = load
        return choice

    def _prospected(self, acts: Iterable[SalesAct]) -> Iterable[tuple[str, Instant]]:
        for act in acts:
            if act.actor is not None:
                yield self._named(act.actor), act.occurred_at

    def _named(self, text: str) -> str:
        """The owner of that e-mail; else the text is taken for an id."""
        return self._by_email.get(text.casefold(), text)

    def _account_owner(self, lead: LeadQualified) -> str | None:
        named = self._terms.named_accounts
        told = (lead.account or {}).values()
        known = (text for account in lead.card.accounts for text in (account.id, account.domain, account.name))
        names = (text.casefold() for text in (*told, *known) if isinstance(text, str))
        return next((named[name] for name in names if name in named), None)


def _territory(lead: LeadQualified, terms: Terms) -> str | None:
    values = {name.casefold(): str(value).casefold() for name, value in _flat(lead.card.traits)}
    for territory in terms.territories:
        if any(values.get(attribute) in territory.any_of for attribute in territory.attributes):
            return territory.name
    return None


def _flat(traits: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in traits.items():
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            yield name, value


def brief(lead: LeadQualified) -> Brief:
    """What a rep needs to open the call."""
    return Brief(
        person=person(lead.card),
        stage=lead.stage,
        fit_grade=lead.fit_grade,
        fit_points=lead.fit_points,
        engagement_points=lead.engagement_points,
        as_of=Instant(lead.at),
        account=_account(lead),
        reasons=tuple(messages.Reason(reason.text, reason.points) for reason in lead.reasons),
        journey=tuple(
            messages.JourneyLine(Instant(line.occurred_at), line.kind, line.channel, line.text) for line in lead.journey
        ),
        first_touch={name: _shown(name, value) for name, value in lead.first_touch.items()},
    )


def person(card: PersonIdentified) -> messages.Person:
    """The person of a card."""
    traits = card.traits
    parts = [_text(traits, "first_name", "firstName"), _text(traits, "last_name", "lastName")]
    name = _text(traits, "name") or " ".join(part for part in parts if part) or None
    return messages.Person(
        card.person_id, name, card.emails, card.phones, _text(traits, "title", "job_title", "jobTitle")
    )


def _text(traits: Mapping[str, Any], *names: str) -> str | None:
    return next((value for name in names if isinstance(value := traits.get(name), str) and value), None)


def _account(lead: LeadQualified) -> messages.Account | None:
    named = {name: value for name, value in (lead.account or {}).items() if isinstance(value, str)}
    name, domain = named.get("name"), named.get("domain")
    if lead.card.accounts:
        current = lead.card.accounts[0]
        return messages.Account(current.id, current.name or name, current.domain)
    account_id = named.get("id") or domain or name
    return messages.Account(account_id, name, domain) if account_id else None


def _shown(name: str, value: object) -> str:
    """As a text; times as everywhere outside."""
    return instant.to_text(Instant(value)) if name.endswith("_at") and isinstance(value, int) else str(value)
