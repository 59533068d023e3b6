"""What hand-off holds of a person: hand-offs, what is withheld of them, what was sent about them, what sales did."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from services.handoff.store.tables import DEAL_PEOPLE, DEALS, DELIVERIES, HANDOFFS, SALES_ACTS, STANDINGS, WITHHELD
from shared.db.export import Section
from shared.db.work import Reader


async def sections(reader: Reader, person_ids: Collection[str]) -> Sequence[Section]:
    """The sections of somebody by all their ids."""
    ids = [*person_ids]
    on_deals = select(DEAL_PEOPLE.c.deal_id).where(reader.among(DEAL_PEOPLE.c.person_id, ids))
    handed = select(HANDOFFS).where(reader.among(HANDOFFS.c.person_id, ids))
    sent = select(DELIVERIES).where(reader.among(DELIVERIES.c.person_id, ids))
    said = select(STANDINGS).where(reader.among(STANDINGS.c.person_id, ids))
    kept_back = select(WITHHELD).where(reader.among(WITHHELD.c.person_id, ids))
    acts = select(SALES_ACTS).where(reader.among(SALES_ACTS.c.person_id, ids))
    return (
        Section("handoffs", handed, (HANDOFFS.c.id,), ("body",)),
        Section("deliveries", sent, (DELIVERIES.c.id,), ("body",)),
        Section("sales_acts", acts, (SALES_ACTS.c.id,)),
        Section("standings", said, (STANDINGS.c.person_id,), ("promotions", "cycles")),
        Section("withheld", kept_back, (WITHHELD.c.id,), ("body",)),
        Section("deals", select(DEALS).where(DEALS.c.id.in_(on_deals)), (DEALS.c.id,)),
    )
