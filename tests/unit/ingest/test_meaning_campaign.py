"""The campaign an event came by."""

from typing import Any

import pytest

from services.ingest.domain.campaign import campaign_of
from services.ingest.domain.page import address

NOWHERE = address("")


def landed(query: str) -> dict[str, str]:
    return campaign_of({}, {}, address(f"https://acme.example/?{query}"))


def test_the_address_of_the_page_tells_the_campaign() -> None:
    query = "utm_source=%20LinkedIn+Ads&UTM_MEDIUM=CPC&utm_campaign=Q3+Robots&utm_term=a&utm_content=b&utm_id=7"
    assert landed(query) == {
        "source": "linkedin ads", "medium": "cpc", "name": "Q3 Robots", "term": "a", "content": "b", "id": "7",
    }  # fmt: skip


@pytest.mark.parametrize("click_id", ["gclid", "gbraid", "wbraid", "dclid", "msclkid", "fbclid", "li_fat_id", "ttclid"])
def test_a_click_id_is_kept_by_its_own_name_and_in_its_own_case(click_id: str) -> None:
    assert landed(f"{click_id}=AbC") == {click_id: "AbC"}


def test_the_context_tells_the_whole_campaign_or_none_of_it() -> None:
    context = {"campaign": {"source": "News", "name": "Spring", "id": 7, "colour": "red", "term": None, "content": ""}}
    url = address("https://acme.example/?utm_source=google&utm_medium=cpc&gclid=1")
    assert campaign_of(context, {}, url) == {"source": "news", "name": "Spring", "id": "7", "gclid": "1"}


def test_an_empty_campaign_in_the_context_leaves_it_to_the_address() -> None:
    assert campaign_of({"campaign": {}}, {}, address("https://a.example/?utm_source=x")) == {"source": "x"}


def test_a_form_may_carry_the_campaign_in_hidden_fields() -> None:
    assert campaign_of({}, {"utm_source": "Google", "name": "Ana"}, NOWHERE) == {"source": "google"}


def test_click_ids_of_the_context_are_taken_too() -> None:
    assert campaign_of({"campaign": {"gclid": "1", "source": "x"}}, {}, NOWHERE) == {"gclid": "1", "source": "x"}


def test_markup_in_a_campaign_is_kept_as_it_was_sent() -> None:
    assert landed("utm_campaign=%3Cscript%3Ealert(1)%3C/script%3E") == {"name": "<script>alert(1)</script>"}


def test_somebodys_address_is_no_campaign() -> None:
    assert landed("utm_content=ana@acme.example&utm_source=x") == {"source": "x"}


def test_values_are_cut_and_the_first_of_two_holds() -> None:
    assert landed("utm_source=first&utm_source=second&utm_campaign=" + "x" * 900) == {
        "source": "first",
        "name": "x" * 256,
    }


@pytest.mark.parametrize("campaign", ["x", 7, None, ["source"], {"source": True, "medium": {}}])
def test_a_campaign_of_another_shape_is_none(campaign: Any) -> None:
    assert campaign_of({"campaign": campaign}, {}, NOWHERE) == {}
