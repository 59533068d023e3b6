"""How far a person is on the line, by the default charter, for the kinds that the simulated world knows."""

from dataclasses import dataclass, field

from tests.reference.happened import Answer, Happening, Version

LINE = ("visitor", "subscriber", "lead", "mql", "sal", "sql", "opportunity", "customer")


@dataclass
class Walk:
    """Where a person is, and each step there: (stage, when, cause)."""

    steps: list[tuple[str, int, str]] = field(default_factory=list)
    causes: list[str | None] = field(default_factory=lambda: [None])  # what made an MQL of them, by cycle
    cycles: list[set[str]] = field(default_factory=lambda: [set()])  # their touches, by cycle
    reached: int = -1
    known: bool = False
    resting: bool = False
    won: int = 0
    open_deals: set[str] = field(default_factory=set)

    def enter(self, stage: str, at: int, cause: str) -> bool:
        """Go forward to a stage, unless they have been as far in this cycle."""
        if LINE.index(stage) <= self.reached:
            return False
        self.steps.append((stage, at, cause))
        self.reached = LINE.index(stage)
        return True

    def begin_again(self, stage: str, at: int, cause: str) -> None:
        """A cycle ends; the next one begins as a lead."""
        self.steps.append((stage, at, cause))
        self.causes.append(None)
        self.cycles.append(set())
        self.reached = LINE.index("lead")
        self.resting = stage == "recycled"


def walk(known: tuple[int, str] | None, touches: list[Happening], deals: list[Version], answers: list[Answer]) -> Walk:
    """The whole way of one person."""
    facts: list[tuple[int, int, str, Happening | Version | Answer | None]] = []
    facts += [(known[0], 0, known[1], None)] if known is not None else []
    facts += [(touch.at, 1, touch.id, touch) for touch in touches]
    facts += [(answer.at, 2, answer.id, answer) for answer in answers]
    facts += [(min(deal.created, deal.closed or deal.created), 3, deal.deal, deal) for deal in deals]
    facts += [(deal.closed, 4, deal.deal, deal) for deal in deals if deal.closed is not None]
    way = Walk()
    for at, sort, cause, fact in sorted(facts, key=lambda each: each[:3]):
        if isinstance(fact, Happening):
            _touched(way, fact)
        elif isinstance(fact, Answer):
            _answered(way, fact)
        elif isinstance(fact, Version):
            _moved(way, fact, at, closes=sort == 4)
        else:
            way.known = True
            way.enter("visitor", at, cause)
            way.enter("subscriber", at, cause)
    return way


def _touched(way: Walk, touch: Happening) -> None:
    way.cycles[-1].add(touch.id)
    way.enter("visitor", touch.at, touch.id)
    if way.known and touch.kind in ("form_submitted", "demo_requested"):
        way.enter("lead", touch.at, touch.id)
    if touch.kind == "demo_requested" and way.enter("mql", touch.at, touch.id):
        way.causes[-1] = touch.id


def _answered(way: Walk, answer: Answer) -> None:
    if answer.act in ("accepted", "sales_qualified"):
        way.enter("sal" if answer.act == "accepted" else "sql", answer.at, answer.id)
    if answer.act != "recycled":
        way.resting = False
    elif not way.resting:
        way.begin_again("recycled", answer.at, answer.id)


def _moved(way: Walk, deal: Version, at: int, *, closes: bool) -> None:
    if not closes:
        way.open_deals.add(deal.deal)
        way.resting = False
        way.enter("opportunity", at, deal.deal)
        return
    way.open_deals.discard(deal.deal)
    if deal.status == "won":
        way.won += 1
        way.begin_again("customer" if way.won == 1 else "repeat_customer", at, deal.deal)
    elif way.steps[-1][0] == "opportunity" and not way.open_deals:
        way.begin_again("recycled", at, deal.deal)
