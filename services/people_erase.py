"""`throughline people erase`: somebody is erased in every service, and the receipt is waited for."""

import json
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.calling import Caller, give_up
from services.deployment import Settings
from services.people_command import AsJson, Who, one

_POLL_SECONDS = 0.2
_err = Console(stderr=True)


def erase(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
    seconds: Annotated[float, typer.Option(help="Wait this long for the receipt; the erasure goes on.")] = 120.0,
) -> None:
    """Erase somebody in every service; what they are called is not taken again."""
    settings = Settings()
    caller = Caller("ingest", settings)
    person = one(caller, who)
    if not yes:
        typer.confirm(f"Erase {person['id']} for ever?", abort=True, err=True)
    receipt = caller.delete(f"/v1/people/{person['id']}")
    receipt = _waited(caller, receipt, settings.services, time.monotonic() + seconds)
    if as_json:
        typer.echo(json.dumps(receipt, indent=2))
    else:
        Console().print(receipt_table(receipt))


def receipt_table(receipt: Any) -> Table:
    """A receipt, a line for each store."""
    ends = receipt["finishes_at"] or "as soon as nothing is left"
    table = Table("service", "store", "removed", "at", title_justify="left")
    table.title = f"erasure {receipt['id']}: {receipt['state']}, {ends}"
    for line in receipt["stores"]:
        table.add_row(line["service"], line["store"], str(line["removed"]), line["at"])
    return table


def _waited(caller: Caller, receipt: Any, services: Sequence[str], deadline: float) -> Any:
    """The receipt once nothing is left, or nothing but what a broker still keeps for its time."""
    with _err.status("erasing") as status:
        while receipt["state"] != "finished":
            silent = sorted(set(services) - {line["service"] for line in receipt["stores"]})
            if not silent and receipt["finishes_at"] is not None:
                _err.print(f"all services have forgotten them; copies on the broker end by {receipt['finishes_at']}")
                return receipt
            waits_for = ", ".join(silent) or "the files"
            if time.monotonic() > deadline:
                give_up(f"the erasure {receipt['id']} is still running, and waits for {waits_for}")
            status.update(f"erasing, waiting for {waits_for}")
            time.sleep(_POLL_SECONDS)
            receipt = caller.get(f"/v1/erasures/{receipt['id']}")
    return receipt
