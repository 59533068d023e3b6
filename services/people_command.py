"""`throughline people`: who somebody is, why, and what an operator decides of it; spoken over HTTP to ingest.

Whoever is meant is named by anything they are called: e-mail, phone, user id, anonymous id or person id.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from services.calling import Caller, give_up

app = typer.Typer(no_args_is_help=True, help="Who somebody is, why, and what is decided of it.")
_STEPS = 20
"""The latest steps of a journey that are shown; all of them are at /v1/people/{id}/journey."""
_LISTS = ("emails", "phones", "user_ids", "crm_contact_ids", "anonymous_ids", "aliases")

Who = Annotated[str, typer.Argument(help="An e-mail, phone, user id, anonymous id or person id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")]


@app.command()
def show(who: Who, as_json: AsJson = False) -> None:
    """Who somebody is, and the latest steps of their journey."""
    caller = Caller("ingest")
    people = found(caller, who)
    if as_json:
        _print_json(people if len(people) > 1 else people[0])
        return
    for person in people:
        _print(person_table(person))
        steps = list(_pages(caller, f"/v1/people/{person['id']}/journey", limit="1000"))
        _print(journey_table(steps[-_STEPS:]))


@app.command()
def why(who: Who, as_json: AsJson = False) -> None:
    """The claims that make somebody one person, and those that were not followed or were withdrawn."""
    caller = Caller("ingest")
    answer = caller.get(f"/v1/people/{one(caller, who)['id']}/why")
    if as_json:
        _print_json(answer)
    else:
        _print(claims_table(answer["claims"]))


@app.command()
def split(
    who: Who,
    event: Annotated[str, typer.Argument(help="The id of an event, as `why` lists it.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Withdraw what an event says of somebody, whoever else says the same."""
    caller = Caller("ingest")
    path = f"/v1/people/{one(caller, who)['id']}/split"
    _tell(caller.post(path, {"event_id": event, "dry_run": dry_run}), as_json)


@app.command()
def merge(
    who: Who,
    other: Annotated[str, typer.Argument(help="Who is the same person, named in the same ways.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make two people one."""
    caller = Caller("ingest")
    path = f"/v1/people/{one(caller, who)['id']}/merge"
    _tell(caller.post(path, {"other": one(caller, other)["id"], "dry_run": dry_run}), as_json)


def found(caller: Caller, who: str) -> Sequence[Any]:
    """Everybody who is called that, at least one; an id of ours means a person before it means a browser."""
    text = who.strip()
    person = caller.get(f"/v1/people/{text}") if _is_id(text) else None
    if person is not None:
        return [person]
    answers = (list(_pages(caller, "/v1/people", **{kind: text})) for kind in _kinds(text))
    people = next((people for people in answers if people), ())
    if not people:
        give_up(f"nobody is known as {who}")
    return people


def one(caller: Caller, who: str) -> Any:
    """The one person who is called that; where there is nobody or several, that ends the command."""
    people = found(caller, who)
    if len(people) > 1:
        ids = ", ".join(person["id"] for person in people)
        give_up(f"several people are known as {who}; name one by its id: {ids}")
    return people[0]


def person_table(person: Any) -> Table:
    """Somebody, a line for each thing they are called."""
    table = Table(title=f"person {person['id']}", title_justify="left", show_header=False)
    table.add_row("first seen", person["first_seen_at"])
    for name in _LISTS:
        if person[name]:
            table.add_row(name.replace("_", " "), "\n".join(person[name]))
    for name, value in person["traits"].items():
        table.add_row(f"trait {name}", value if isinstance(value, str) else json.dumps(value))
    return table


def journey_table(items: Sequence[Any]) -> Table:
    """Steps of a journey, a line each."""
    table = Table("when", "what", "", title="latest steps", title_justify="left")
    for item in items:
        table.add_row(item["occurred_at"], item["type"], _step_text(item))
    return table


def claims_table(claims: Sequence[Any]) -> Table:
    """Claims, a line each."""
    table = Table("when", "event", "source", "says that these are one", "state")
    for claim in claims:
        names = "\n".join(claim["identifiers"])
        table.add_row(claim["occurred_at"], claim["event_id"], claim["source"], names, claim["state"])
    return table


def _step_text(item: Any) -> str:
    match item["type"]:
        case "stage":
            return f"{item['stage']} (cycle {item['cycle']})"
        case "handoff":
            return f"{item['act']} {item['owner_id'] or ''}".strip()
        case "deal":
            return f"{item['status']} {item['name'] or item['deal_id']}"
        case "merge" | "split":
            return f"{item['act']} by {item['by']}" if "act" in item else f"of {item['from_id']}"
        case _:
            return f"{item['kind']} by {item['channel']}"


def _pages(caller: Caller, path: str, **query: str) -> Iterator[Any]:
    """Every item of a list, page after page."""
    while True:
        page = caller.get(path, **query)
        yield from page["items"]
        if page["next"] is None:
            return
        query["after"] = page["next"]


def _kinds(text: str) -> Sequence[str]:
    if "@" in text:
        return ("email", "user_id", "anonymous_id")
    return ("phone", "user_id", "anonymous_id") if text.startswith("+") else ("user_id", "anonymous_id")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _tell(outcome: Any, as_json: bool) -> None:
    """What came of an act."""
    if as_json:
        _print_json(outcome)
        return
    would = "would be" if outcome["dry_run"] else "is"
    console = Console()
    for merged in outcome["merged"]:
        console.print(f"{merged['from_id']} {would} an alias of {merged['into_id']}")
    for person_id in outcome["split"]:
        console.print(f"{person_id} {would} a person again")
    for person in outcome["people"]:
        console.print(person_table(person))


def _print(table: Table) -> None:
    Console().print(table)


def _print_json(answer: Any) -> None:
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
