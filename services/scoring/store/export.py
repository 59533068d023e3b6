"""What scoring holds of a person: what they did, the card, what sales answered, and what was derived of it."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from services.scoring.store.tables import CARDS, DEAL_PEOPLE, DEALS, LEAD_ACCOUNTS, LEADS, OUTCOMES, TOUCHES
from shared.db.export import Section
from shared.db.work import Reader


async def sections(reader: Reader, person_ids: Collection[str]) -> Sequence[Section]:
    """The sections of somebody by all their ids."""
    ids = [*person_ids]
    owned = reader.among(TOUCHES.c.owner, ids)
    promoted = select(TOUCHES.c.promotion_id).where(owned, TOUCHES.c.promotion_id.is_not(None))
    on_deals = select(DEAL_PEOPLE.c.deal_id).where(reader.among(DEAL_PEOPLE.c.person_id, ids))
    asked_by = select(LEAD_ACCOUNTS).where(reader.among(LEAD_ACCOUNTS.c.person_id, ids))
    return (
        Section("cards", select(CARDS).where(reader.among(CARDS.c.person_id, ids)), (CARDS.c.person_id,), ("body",)),
        Section("lead_accounts", asked_by, tuple(LEAD_ACCOUNTS.primary_key)),
        Section("touches", select(TOUCHES).where(owned), (TOUCHES.c.id,), ("body",)),
        Section("outcomes", select(OUTCOMES).where(OUTCOMES.c.promotion_id.in_(promoted)), (OUTCOMES.c.id,)),
        Section("deals", select(DEALS).where(DEALS.c.id.in_(on_deals)), (DEALS.c.id,)),
        Section("leads", select(LEADS).where(reader.among(LEADS.c.person_id, ids)), (LEADS.c.person_id,), ("state",)),
    )
