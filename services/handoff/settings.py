"""What hand-off goes by: the charter's routing, reasons and promises as the domain reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.handoff.domain.delivery import DEFAULT_SCHEDULE, Schedule
from services.handoff.domain.reasons import RejectionOutcome
from services.handoff.domain.routing import Absence, Owner, Rules
from shared.contracts import charter as agreed
from shared.contracts.charter_words import Weekday
from shared.kernel import instant
from shared.kernel.instant import DAY, Instant

_MINUTES_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class Territory:
    """Leads with one of these values in one of these attributes belong to it; all in lower case."""

    name: str
    attributes: tuple[str, ...]
    any_of: frozenset[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed about handing over. Minutes are working minutes of the owner."""

    routing: Rules
    reasons: Mapping[str, RejectionOutcome]
    accept_minutes: int
    contact_minutes: int
    hours: Mapping[str, Sequence[str]]
    holidays: frozenset[date]
    named_accounts: Mapping[str, str]
    """Owners by an account's id, domain or name, in lower case."""
    territories: tuple[Territory, ...]
    schedule: Schedule
    """When a delivery is tried again: the deployment's, not the charter's."""
    team: tuple[agreed.Owner, ...]
    """The owners of the first start; from then on the store has them."""


def terms_of(charter: agreed.Charter, schedule: Schedule = DEFAULT_SCHEDULE) -> Terms:
    """The terms a charter holds, with the deployment's schedule of deliveries."""
    routing, promise = charter.routing, charter.sla.sales
    return Terms(
        routing=Rules(
            fallback_owner_id=routing.last_resort,
            territories={territory.name: territory.owners for territory in routing.territories},
            prospected_days=routing.keep_prospected_days,
        ),
        reasons={reason.id: reason.outcome for reason in charter.rejection_reasons},
        accept_minutes=round(promise.accept_within_hours * _MINUTES_AN_HOUR),
        contact_minutes=round(promise.contact_within_hours * _MINUTES_AN_HOUR),
        hours=_week(routing.hours),
        holidays=frozenset(routing.holidays),
        named_accounts={account.casefold(): owner for account, owner in routing.named_accounts.items()},
        territories=tuple(map(_territory, routing.territories)),
        schedule=schedule,
        team=routing.owners,
    )


def owner_of(owner: agreed.Owner, hours: Mapping[str, Sequence[str]]) -> Owner:
    """The domain's owner of an agreed one; `hours` are for those who name none of their own."""
    zone = ZoneInfo(owner.time_zone)
    return Owner(
        id=owner.id,
        name=owner.name,
        email=owner.email or "",
        weight=owner.weight,
        capacity=owner.capacity,
        time_zone=owner.time_zone,
        hours=hours if owner.hours is None else _week(owner.hours),
        away=tuple(Absence(_midnight(a.first_day, zone), _day_after(a.last_day, zone)) for a in owner.away),
    )


def _week(hours: Mapping[Weekday, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {str(day): spans for day, spans in hours.items()}


def _territory(territory: agreed.Territory) -> Territory:
    attributes = tuple(attribute.casefold() for attribute in territory.attributes)
    return Territory(territory.name, attributes, frozenset(value.casefold() for value in territory.any_of))


def _midnight(day: date, zone: ZoneInfo) -> Instant:
    return instant.from_datetime(datetime.combine(day, datetime.min.time(), zone))


def _day_after(day: date, zone: ZoneInfo) -> Instant:
    """Its midnight. Whoever has left for good may be away to the last day of the calendar, which has none after it."""
    if day == date.max:
        return Instant(_midnight(day, zone) + DAY)
    return _midnight(day + timedelta(days=1), zone)
