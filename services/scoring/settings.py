"""What scoring goes by: the charter's rules as the domain reads them."""

from services.scoring.domain.rules import FitRule, HandRaiser, Match, Rule, Rules, days, plain
from shared.contracts import charter_scoring as agreed
from shared.contracts.charter import Charter

UNSIGNED = "default"
"""The version of the shipped charter, in force until one is signed."""


def rules_of(charter: Charter, version: str = UNSIGNED) -> Rules:
    """The rules a charter holds; `version` is stored with every state they give."""
    scoring, stages, attribution = charter.scoring, charter.stages, charter.attribution
    return Rules(
        version=version,
        engagement=(*map(_rule, scoring.engagement), *map(_rule, scoring.negative)),
        fit=tuple(_fit_rule(rule) for rule in scoring.fit),
        grades=(("A", scoring.grades.A), ("B", scoring.grades.B), ("C", scoring.grades.C)),
        hand_raisers=tuple(HandRaiser(name=one.name, match=_match(one.match)) for one in scoring.hand_raisers),
        mql_points=scoring.thresholds.mql.given,
        bands=scoring.bands,
        lead_points=scoring.thresholds.lead,
        lead_kinds=frozenset(stages.lead.kinds),
        lead_kinds_of_ours=frozenset(stages.lead.kinds_of_ours),
        advocate_kinds=frozenset(stages.advocate.kinds),
        repeat_kinds=frozenset(stages.repeat_customer.kinds),
        interactions=frozenset((*attribution.visit_kinds, *attribution.interaction_kinds)),
        phases={stage: getattr(stages, stage).phase for stage in type(stages).model_fields},
    )


def _match(match: agreed.Match) -> Match:
    return Match(
        kinds=frozenset(match.kinds),
        names=frozenset(plain(name) for name in match.names),
        channels=frozenset(match.channels),
        direction=match.direction,
        paths=match.paths,
        properties=tuple((name, value.casefold()) for name, value in match.properties.items()),
    )


def _rule(rule: agreed.EngagementRule | agreed.NegativeRule) -> Rule:
    return Rule(
        name=rule.name,
        text=rule.text,
        match=_match(rule.match),
        points=rule.points,
        half_life=days(rule.half_life_days),
        cap=rule.cap,
        cap_per_day=rule.cap_per_day,
        once=rule.once,
    )


def _fit_rule(rule: agreed.FitRule) -> FitRule:
    return FitRule(
        name=rule.name,
        text=rule.text,
        attributes=rule.attributes,
        points=rule.points,
        any_of=_plain(rule.any_of),
        none_of=_plain(rule.none_of),
        contains=_plain(rule.contains),
        ends_with=_plain(rule.ends_with),
        at_least=rule.at_least,
    )


def _plain(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.casefold() for text in texts)
