"""What is true of a deal, from everything known: its journey, and by each model the credit of a won one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from services.attribution.domain.credit import Credit, credits_by
from services.attribution.domain.deal import Contact, Deal, account_counts, close_of
from services.attribution.domain.interactions import Interaction, interactions
from services.attribution.domain.journey import Exclusion, Journey, Milestone, journey, uncounted
from services.attribution.domain.rules import Rules
from services.attribution.domain.stages import first_of
from services.attribution.ports import Counted, Derived, KeptJourney, NotCounted, OpenDeal, Surroundings, WonDeal
from shared.contracts.deals import Deal as PostedDeal

_Buyer = tuple[str, str]


def derive(deals: Sequence[PostedDeal], around: Surroundings, rules: Rules) -> list[Derived]:
    """What is derived of each of these deals, in the same order."""
    # An interaction is of one person alone, so each person's are put together once, however many deals they are on.
    found = {root: interactions(touches, rules.journey.interactions) for root, touches in around.touches.items()}
    others = _by_buyer(_understood(other, around.roots) for other in around.others)
    understood = [_understood(deal, around.roots, _colleagues(deal, around, rules)) for deal in deals]
    return [_derived(deal, found, _beside(deal, others), around, rules) for deal in understood]


def _by_buyer(deals: Iterable[Deal]) -> Mapping[_Buyer, Sequence[Deal]]:
    """Deals by their account, and by each of their people."""
    found: defaultdict[_Buyer, list[Deal]] = defaultdict(list)
    for deal in deals:
        for buyer in _buyers(deal):
            found[buyer].append(deal)
    return found


def _buyers(deal: Deal) -> list[_Buyer]:
    people: list[_Buyer] = [("person", person_id) for person_id in {one.person_id for one in deal.contacts}]
    return people if deal.account_id is None else [("account", deal.account_id), *people]


def _beside(deal: Deal, others: Mapping[_Buyer, Sequence[Deal]]) -> list[Deal]:
    """The deals that may be of the same buyer, each once."""
    return list({other.id: other for buyer in _buyers(deal) for other in others.get(buyer, ())}.values())


def _colleagues(posted: PostedDeal, around: Surroundings, rules: Rules) -> frozenset[str]:
    """The account's people, where they count."""
    roles = (person.role for person in posted.people)
    if posted.account is None or not account_counts(roles, rules.journey.contact_scope):
        return frozenset()
    return around.colleagues.get(posted.account.id, frozenset())


def _understood(posted: PostedDeal, roots: Mapping[str, str], colleagues: frozenset[str] = frozenset()) -> Deal:
    return Deal(
        id=posted.id,
        status=posted.status,
        amount_minor=posted.amount_minor,
        currency=posted.currency,
        created_at=posted.created_at,
        closed_at=close_of(posted.status, posted.closed_at, posted.occurred_at),
        stage=posted.stage,
        account_id=posted.account.id if posted.account else None,
        contacts=tuple(Contact(roots[person.person_id], person.role) for person in posted.people),
        account_people=colleagues,
    )


def _derived(
    deal: Deal,
    found: Mapping[str, Sequence[Interaction]],
    others: Sequence[Deal],
    around: Surroundings,
    rules: Rules,
) -> Derived:
    people = sorted({*deal.account_people, *(contact.person_id for contact in deal.contacts)})
    own = [interaction for person in people for interaction in found.get(person, ())]
    touches = [touch for person in people for touch in around.touches.get(person, ())]
    whole = journey(deal, own, rules.journey, others, first_of(around.leads.get(person) for person in people))
    kept = _kept(whole, uncounted(touches, rules.journey.interactions), rules)
    if deal.status == "lost":
        return Derived(kept)
    earned = credits_by(deal, whole, rules.models)
    return _won(deal, kept, earned, rules) if deal.status == "won" else _open(deal, kept, earned)


def _won(deal: Deal, kept: KeptJourney, earned: Mapping[str, Sequence[Credit]], rules: Rules) -> Derived:
    closed_at = deal.created_at if deal.closed_at is None else deal.closed_at
    reported = rules.rates.converted(deal.amount_minor, deal.currency, rules.currency, closed_at)
    won = WonDeal(deal.id, closed_at, deal.currency, deal.amount_minor, rules.currency, reported)
    return Derived(kept, earned, won)


def _open(deal: Deal, kept: KeptJourney, earned: Mapping[str, Sequence[Credit]]) -> Derived:
    standing = OpenDeal(deal.id, deal.created_at, deal.stage, deal.account_id, deal.currency, deal.amount_minor, earned)
    return Derived(kept, open=standing)


def _kept(whole: Journey, uncounted_touches: Sequence[Exclusion], rules: Rules) -> KeptJourney:
    exclusions = sorted((*whole.exclusions, *uncounted_touches), key=lambda one: one.item.order)
    return KeptJourney(
        whole.deal_id,
        rules.version,
        tuple(_counted(interaction) for interaction in whole.interactions),
        tuple(_not_counted(exclusion) for exclusion in exclusions),
        tuple(milestone for milestone in Milestone if whole.position(milestone) is None),
    )


def _counted(interaction: Interaction) -> Counted:
    return Counted(
        interaction_id=interaction.id,
        occurred_at=interaction.occurred_at,
        person_id=interaction.person_id,
        kind=interaction.kind,
        kinds=interaction.kinds,
        channel=interaction.channel,
        campaign=interaction.campaign,
        department=interaction.department,
        touchpoints=tuple(touch.id for touch in interaction.touches),
        source=interaction.source,
        utm_source=interaction.utm_source,
    )


def _not_counted(exclusion: Exclusion) -> NotCounted:
    item = exclusion.item
    return NotCounted(
        id=item.id,
        what="interaction" if isinstance(item, Interaction) else "touchpoint",
        occurred_at=item.occurred_at,
        person_id=item.person_id,
        kind=item.kind,
        channel=item.channel,
        why=exclusion.why,
    )
