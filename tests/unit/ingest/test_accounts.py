"""Accounts, told from what was said of them."""

from services.ingest.domain.accounts import (
    Account,
    AccountClaim,
    Address,
    Belonging,
    Directory,
    Membership,
    Rule,
    Source,
    belongings,
    matches,
    standing,
)
from services.ingest.domain.identity import Identifier, statement_id

ANA = Identifier("user_id", "ana")
ALONE = statement_id([ANA])


def source(at: int, rule: Rule = "crm_id") -> Source:
    return Source(rule, rule == "crm_id", at, f"event-{at}")


def said(account: str, at: int, rule: Rule = "crm_id", *, name: str | None = None, domain: str | None) -> AccountClaim:
    return AccountClaim(account, source(at, rule), name, domain)


def address(host: str, at: int, domain: str = "acme.com") -> Address:
    return Address(Identifier("email", f"ana@{host}"), host, domain, at, f"event-{at}")


def holder(*claims: AccountClaim, host: str = "acme.com") -> str:
    return Directory().learned(claims).account_at(host, "acme.com")


def test_a_domain_that_nobody_claims_names_its_account() -> None:
    assert holder() == "acme.com"


def test_whoever_claims_a_domain_first_holds_it() -> None:
    assert holder(said("crm-2", 2, domain="acme.com"), said("crm-1", 1, domain="acme.com")) == "crm-1"


def test_a_write_key_never_takes_over_a_domain_that_a_trusted_sender_gave() -> None:
    assert holder(said("g", 1, "group", domain="acme.com"), said("crm", 2, domain="acme.com")) == "crm"
    assert holder(said("g", 1, "group", domain="acme.com"), said("acme.com", 2, domain="acme.com")) == "acme.com"


def test_an_account_with_an_id_of_its_own_holds_a_domain_before_one_that_is_named_by_it() -> None:
    assert holder(said("acme.com", 1, domain="acme.com"), said("crm", 2, domain="acme.com")) == "crm"


def test_a_subsidiary_is_of_the_domain_above_unless_it_was_claimed_itself() -> None:
    acme, sub = said("crm-1", 1, domain="acme.com"), said("crm-2", 2, domain="sub.acme.com")
    assert holder(acme, host="x.sub.acme.com") == "crm-1"
    assert holder(acme, sub, host="x.sub.acme.com") == "crm-2"
    assert holder(acme, sub, host="acme.com") == "crm-1"


def test_an_account_is_called_what_it_was_called_last_by_whom_one_can_trust() -> None:
    claims = [said("a", 2, name="New", domain=None), said("a", 1, name="Old", domain=None)]
    shouted = said("a", 3, "group", name="Mine", domain="mine.com")
    account = Directory().learned([*claims, shouted]).account("a")
    assert account.name is not None
    assert account.domain is not None
    assert (account.name.value, account.domain.value) == ("New", "mine.com")


def test_an_account_nobody_spoke_of_has_nothing_but_its_id() -> None:
    assert Directory().account("acme.com") == Account("acme.com")


def test_the_current_account_is_the_newest_that_was_named_and_a_domain_comes_last() -> None:
    named = [
        Membership(ANA, "old", source(1), ALONE),
        Membership(ANA, "new", source(5), ALONE),
        Membership(ANA, "g", source(9, "group"), ALONE),
    ]
    found = belongings(matches(named, [address("acme.com", 7)], Directory()))
    assert found == (Belonging("new", 5), Belonging("old", 1), Belonging("g", 9), Belonging("acme.com", 7))


def test_somebody_belongs_to_an_account_since_the_first_event_that_says_so() -> None:
    directory = Directory().learned([said("crm", 1, domain="acme.com")])
    found = matches([Membership(ANA, "crm", source(8), ALONE)], [address("sub.acme.com", 3)], directory)
    assert [match.source.rule for match in found] == ["domain", "crm_id"]
    assert belongings(found) == (Belonging("crm", 3),)


def test_an_event_whose_statement_is_withdrawn_names_no_account() -> None:
    shared = statement_id([ANA, Identifier("anonymous_id", "kiosk")])
    named = [Membership(ANA, "a", source(1), shared), Membership(ANA, "a", source(2), ALONE)]
    assert [standing(named, silent)[0].source.at for silent in ((), (shared,))] == [1, 2]
    assert standing(named, (shared, ALONE)) == []
