"""A store that knew no statements of its memberships knows them after its migration, as far as events still tell."""

from pathlib import Path

from services.ingest.store.tables import ACCOUNT_MEMBERS
from shared.contracts.touchpoints import AccountRef
from tests.handlers.ingest.at_ingest import call, deal, opened
from tests.handlers.ingest.migrated_again import again


async def check(folder: Path, url: str) -> None:
    """Tell of three members, go back to the table as it was and forth again, and look whether anything is different."""
    async with opened(folder, url if url.startswith("postgresql") else None) as ingest:
        await ingest.given(
            call("g1", 1, type="group", group_id="acme", user_id="u", anonymous_id="b"),
            call("g2", 2, type="group", group_id="acme", anonymous_id="drawn"),
            deal("d1", 3, "bo@ex.org", AccountRef(id="globex"), crm_contact_id="c1"),
        )
        before, after = await again(url, "account_statements", ACCOUNT_MEMBERS)
        assert after == before
        assert len(before) == 3


async def test_memberships_of_before_on_sqlite(tmp_path: Path) -> None:
    await check(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}")


async def test_memberships_of_before_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    await check(tmp_path, postgres_url)
