"""A store whose steps did not say of which hand-off they are says so after its migration."""

from pathlib import Path

from services.ingest.store.tables import TIMELINE
from tests.handlers.ingest.at_ingest import handed, opened, staged
from tests.handlers.ingest.migrated_again import again

_ANA = "00000000-0000-5000-8000-000000000001"


async def check(folder: Path, url: str) -> None:
    """Tell of a person, go back to the table as it was and forth again, and look whether anything is different."""
    async with opened(folder, url if url.startswith("postgresql") else None) as ingest:
        await ingest.given(staged(_ANA, 1, lead=1), handed(_ANA, 1, "assigned", 2), handed(_ANA, 2, "accepted", 3))
        before, after = await again(url, "steps_of_handoffs", TIMELINE)
        assert after == before
        assert len({row.handoff for row in before}) == 2


async def test_steps_of_before_on_sqlite(tmp_path: Path) -> None:
    await check(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}")


async def test_steps_of_before_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    await check(tmp_path, postgres_url)
