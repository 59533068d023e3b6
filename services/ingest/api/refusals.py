"""A request that is refused whole: the status it is answered with, besides the reason."""

from shared.kernel.errors import Reject


class Refusal(Reject):
    """Nothing of this request was taken."""

    def __init__(self, status: int, code: str, message: str, path: str = "") -> None:
        super().__init__(code, message, path)
        self.status = status
