"""One who follows a signed link answers for a hand-off without a login; nobody else does, and no scanner."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from services.handoff.domain import answer_link
from shared.kernel.instant import SECOND
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, qualified


async def follow(here: Scene, link: str, method: str = "POST", **form: str) -> httpx.Response:
    """What a browser gets that has no token."""
    transport = httpx.ASGITransport(here.service.api)
    async with httpx.AsyncClient(transport=transport, base_url="http://handoff") as browser:
        return await browser.request(method, link, data=form or None)


async def links_sent(here: Scene, receiver: Crm) -> dict[str, str]:
    """The links of a lead that has just reached the CRM, without the host."""
    await here.listens(receiver)
    await here.happens(qualified("ana"))
    await here.deliveries_go_out()
    sent: dict[str, Any] = receiver.of_type("lead.qualified")[0].data["links"]
    return {name: link.partition(urlsplit(link).netloc)[2] for name, link in sent.items()}


async def status(here: Scene) -> str:
    """How the one hand-off stands."""
    (handoff,) = await here.handoffs()
    return str(handoff["status"])


async def test_the_link_asks_and_only_the_button_accepts(here: Scene, receiver: Crm) -> None:
    link = (await links_sent(here, receiver))["accept"]
    page = await follow(here, link, "GET")
    assert (page.status_code, await status(here)) == (200, "assigned")
    assert "ana" not in page.text
    assert (await follow(here, link)).status_code == 200
    assert await status(here) == "accepted"


async def test_a_lead_is_rejected_for_a_reason_of_the_charter_alone(here: Scene, receiver: Crm) -> None:
    link = (await links_sent(here, receiver))["reject"]
    assert "no budget" in (await follow(here, link, "GET")).text
    assert (await follow(here, link, reason="<b>bored</b>")).status_code == 400
    assert await status(here) == "assigned"
    assert (await follow(here, link, reason="no-budget", note="in spring")).status_code == 200
    assert (await here.handoffs())[0]["reason"] == "no-budget"


async def test_pressed_twice_is_one_answer_and_the_other_answer_comes_too_late(here: Scene, receiver: Crm) -> None:
    links = await links_sent(here, receiver)
    said = [(await follow(here, links["reject"], reason="poor-fit")).status_code for _ in range(2)]
    assert said == [200, 200]
    assert (await follow(here, links["accept"])).status_code == 409
    assert await here.acts() == ["assigned", "delivered", "rejected"]


@pytest.mark.parametrize(
    "forged",
    [
        lambda link: link.replace("/accept?", "/reject?"),
        lambda link: re.sub("answers/[^/]+", "answers/zork", link),
        lambda link: link.replace("until=1", "until=2"),
        lambda link: link[:-1] + ("A" if link[-1] != "A" else "B"),
        lambda link: link.partition("signature=")[0] + "signature=%C3%A4",
    ],
)
async def test_a_link_that_was_changed_answers_nothing(
    here: Scene, receiver: Crm, forged: Callable[[str], str]
) -> None:
    link = forged((await links_sent(here, receiver))["accept"])
    assert [(await follow(here, link, method)).status_code for method in ("GET", "POST")] == [403, 403]
    assert await status(here) == "assigned"


async def test_a_link_ends(here: Scene, receiver: Crm) -> None:
    link = (await links_sent(here, receiver))["accept"]
    here.pass_time(answer_link.VALID // SECOND)
    assert (await follow(here, link)).status_code == 403
