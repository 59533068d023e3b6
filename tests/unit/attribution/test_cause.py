"""Why a credit changed: one reason a change, the deal's own before its people's."""

import pytest

from services.attribution.domain.cause import Cause, Reason, Standing, deal_event, own_reason
from services.attribution.domain.deal import DealStatus
from services.attribution.handlers.news import News
from services.attribution.ports import KeptTouch, Published
from shared.contracts.deals import Deal, DealPerson
from shared.contracts.touchpoints import AccountRef
from shared.kernel.ids import derived
from tests.unit.attribution.builders import START, touch

MEMBERS = {"ana": "ana", "ann": "ana", "ben": "ben"}


def standing(status: DealStatus = "won", version: int = 1, revision: int = 1, charter: str = "1") -> Standing:
    """A deal that is won, unless told otherwise."""
    return Standing(status, version, revision, charter)


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (None, standing(), Cause.NEW_DEAL),
        (standing("lost"), standing(version=2), Cause.NEW_DEAL),
        (standing(), standing("lost", 2), Cause.LOST),
        (standing(), standing("open", 2), Cause.REOPENED),
        (standing(), standing(version=2, charter="2"), Cause.AMENDED),
        (standing(), standing(revision=2), Cause.PEOPLE),
        (standing(), standing(charter="2"), Cause.CHARTER),
        (standing(), standing(), None),
    ],
)
def test_a_deal_tells_its_own_reason(before: Standing | None, after: Standing, cause: Cause | None) -> None:
    found = own_reason("d-1", before, after)
    assert (found and found.cause) == cause


def bought(name: str = "d-1", *, who: str = "ana", account: str | None = None) -> Deal:
    """A deal that Ana is on, unless told otherwise."""
    on_it, of = (DealPerson(person_id=who),), None if account is None else AccountRef(id=account)
    return Deal(
        id=name, version=1, revision=1, status="won", amount_minor=1, currency="EUR", created_at=START,
        occurred_at=START, people=on_it, account=of,
    )  # fmt: skip


def news(*owners: str) -> News:
    """Somebody's touches came, one after the other."""
    found = News()
    for minute, owner in enumerate(owners):
        found.touched(owner, KeptTouch(touch(minute, name=f"t{minute}"), Published(owner, 1)))
    return found


def test_the_earliest_touch_of_anybody_on_the_deal_speaks_for_all() -> None:
    found = news("ben", "ann", "ana")
    assert found.settled(MEMBERS).reason(bought()) == Reason(Cause.LATE_TOUCH, "t1")


def test_a_merge_of_somebody_on_the_deal_goes_before_their_touches() -> None:
    found = news("ana")
    found.aliased("ann", "ana", 1)
    assert found.settled(MEMBERS).reason(bought()).cause is Cause.MERGE
    assert found.settled(MEMBERS).reason(bought(who="ben")).cause is Cause.OTHER


def test_who_was_split_off_is_the_reason_where_they_are_on_the_deal_no_more() -> None:
    found = news()
    found.aliased("ben", None, 2)
    assert found.settled(MEMBERS).reason(bought()).cause is Cause.SPLIT


def test_news_of_when_somebody_became_a_lead_goes_after_their_touches_and_before_other_purchases() -> None:
    found = news("ben")
    found.became("ann", 3)
    found.posted(bought("d-0"))
    assert found.settled(MEMBERS).reason(bought()) == Reason(Cause.STAGE, derived("stage", "ann", "3"))
    assert found.settled(MEMBERS).reason(bought(who="ben")).cause is Cause.LATE_TOUCH


@pytest.mark.parametrize("other", [bought("d-0", who="ann"), bought("d-0", who="ben", account="acme")])
def test_with_no_news_of_its_people_another_purchase_of_the_buyer_was_it(other: Deal) -> None:
    found = news("ben")
    found.posted(other)
    assert found.settled(MEMBERS).reason(bought(account="acme")) == Reason(Cause.OTHER_DEAL, deal_event("d-0", 1, 1))


def test_where_nothing_is_known_nothing_is_said() -> None:
    found = news("ben")
    found.posted(bought(who="ben"))
    assert found.settled(MEMBERS).reason(bought()) == Reason(Cause.OTHER)
