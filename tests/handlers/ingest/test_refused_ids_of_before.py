"""A store whose rejects did not say under which message id they came says so after its migration."""

from collections import Counter
from pathlib import Path

from services.ingest.store.tables import REJECTED
from shared.contracts.touchpoints import RejectedTouchpoint
from shared.kernel.ids import derived
from tests.handlers.ingest.at_ingest import NOW, opened, refused
from tests.handlers.ingest.migrated_again import again

_SAID = {
    '{"messageId":"m-1"}': "m-1",
    '{"messageId":4711}': "4711",
    '{"messageId":"m\\u00fcller"}': "müller",
    '{"messageId":"m\\u0000-1"}': "m-1",
    f'{{"messageId":"{"m" * 1_000}"}}': None,
    '{"messageId":["m-1"]}': None,
    '{"messageId":"m\\ud800"}': None,
    '{"event":"E"}': None,
    '["messageId"]': None,
    "[" * 30_000: None,
    '{"messageId":"m-2","properties":{"note":"': None,
}
"""By the text that is kept."""


async def check(folder: Path, url: str) -> None:
    """Keep rejects as a store of before, go back to the table as it was and forth again, and ask for them."""
    async with opened(folder, url if url.startswith("postgresql") else None) as ingest:
        rejects = [
            RejectedTouchpoint(
                id=derived("rejected", "web", body), source="web", door="segment", received_at=NOW, codes=("bad",),
                reasons=("bad",), body=body,
            )
            for body in _SAID
        ]  # fmt: skip
        await ingest.given(*map(refused, rejects))
        before, after = await again(url, "ids_of_rejects", REJECTED)
        assert {row.body: row.message_id for row in after} == _SAID
        assert after == before
        for message_id, of_it in Counter(filter(None, _SAID.values())).items():
            assert len(await ingest.pages("/v1/events", message_id=message_id)) == of_it


async def test_rejects_of_before_on_sqlite(tmp_path: Path) -> None:
    await check(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}")


async def test_rejects_of_before_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    await check(tmp_path, postgres_url)
