"""The same key twice is one act."""

import pytest

from shared.kernel.errors import Conflict, Reject
from shared.web.idempotency import Act, Answer, fingerprint, once

ACT = Act("key", fingerprint("POST", "/v1/acts", b"{}"))


class KeptActs:
    """Acts in a dict: a store as small as the port allows."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, Answer]] = {}

    async def find(self, key: str) -> tuple[bytes, Answer] | None:
        return self.kept.get(key)

    async def keep(self, act: Act, answer: Answer) -> None:
        if act.key in self.kept:
            raise Conflict
        self.kept[act.key] = (act.fingerprint, answer)


class Counted:
    """An act that tells how often it was done."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> Answer:
        self.times += 1
        return Answer(200, str(self.times).encode())


async def test_a_repeated_act_is_done_once_and_answered_the_same() -> None:
    acts, do = KeptActs(), Counted()
    assert await once(acts, ACT, do) == await once(acts, ACT, do) == Answer(200, b"1")
    assert do.times == 1


async def test_without_a_key_every_request_is_an_act() -> None:
    acts, do = KeptActs(), Counted()
    await once(acts, None, do)
    assert await once(acts, None, do) == Answer(200, b"2")


@pytest.mark.parametrize(
    "other",
    [
        fingerprint("POST", "/v1/acts", b"{ }"),
        fingerprint("POST", "/v1/other", b"{}"),
        fingerprint("PUT", "/v1/acts", b"{}"),
    ],
)
async def test_a_key_that_stands_for_another_request_is_refused(other: bytes) -> None:
    acts, do = KeptActs(), Counted()
    await once(acts, ACT, do)
    with pytest.raises(Reject, match="another request"):
        await once(acts, Act("key", other), do)
    assert do.times == 1
