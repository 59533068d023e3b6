"""What attribution holds of a person: what they did, the deals they are on, the credit of their interactions, and what
became of them as a lead.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from services.attribution.store.tables import CARDS, CREDITS, DEAL_PEOPLE, DEALS, LEADS, TOUCHES
from shared.db.export import Section
from shared.db.work import Reader


async def sections(reader: Reader, person_ids: Collection[str]) -> Sequence[Section]:
    """The sections of somebody by all their ids."""
    ids = [*person_ids]
    on_deals = select(DEAL_PEOPLE.c.deal_id).where(reader.among(DEAL_PEOPLE.c.person_id, ids))
    earned = select(CREDITS).where(reader.among(CREDITS.c.person_id, ids))
    cards = select(CARDS).where(reader.among(CARDS.c.person_id, ids))
    return (
        Section("cards", cards, (CARDS.c.person_id,), ("accounts",)),
        Section("touches", select(TOUCHES).where(reader.among(TOUCHES.c.owner, ids)), (TOUCHES.c.id,), ("body",)),
        Section("deals", select(DEALS).where(DEALS.c.id.in_(on_deals)), (DEALS.c.id,), ("body",)),
        Section("credits", earned, (CREDITS.c.deal_id, CREDITS.c.model, CREDITS.c.n)),
        Section("leads", select(LEADS).where(reader.among(LEADS.c.person_id, ids)), (LEADS.c.person_id,)),
    )
