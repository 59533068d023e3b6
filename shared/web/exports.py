"""Tables as downloads: streamed page by page, so that a million rows take the memory of one page.

The first page is read before anything is answered: a store that is not there is a 503, not half a file. What fails
later cuts the connection, which every client tells from an end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, Literal

from fastapi.responses import StreamingResponse

from shared.web.csv_table import CsvTable
from shared.web.parquet_table import ParquetTable
from shared.web.tables import Column, Encoder, Pages, Rows

Format = Literal["csv", "parquet"]
_ENCODER: Final[Mapping[Format, Callable[[Sequence[Column]], Encoder]]] = {"csv": CsvTable, "parquet": ParquetTable}
_MEDIA_TYPE: Final[Mapping[Format, str]] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}


async def exported(name: str, form: Format, columns: Sequence[Column], pages: Pages) -> StreamingResponse:
    """The answer that is the file `name.form`; raises what reading the first page raises."""
    first = await _first(pages)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    streamed = _streamed(_ENCODER[form](columns), first, pages)
    return StreamingResponse(streamed, media_type=_MEDIA_TYPE[form], headers=headers)


async def _first(pages: Pages) -> Rows:
    """The first page, none of any rows where there is none."""
    async for rows in pages:
        return rows
    return ()


async def _streamed(encoder: Encoder, first: Rows, pages: Pages) -> AsyncIterator[bytes]:
    yield encoder.head()
    if first:
        yield await asyncio.to_thread(encoder.page, first)
    async for rows in pages:
        if rows:
            yield await asyncio.to_thread(encoder.page, rows)
    yield encoder.tail()
