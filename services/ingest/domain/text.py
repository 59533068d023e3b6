"""Text that people will read: nothing in it moves the cursor or turns the line around."""

import re

# Controls, and the marks that reorder what is shown (a name must read as it sorts). Joiners stay: scripts and
# emoji are written with them.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")


def readable(text: str) -> str:
    """The text without control characters and direction marks, and without blanks around it."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _UNSHOWN.sub(" ", text).strip()
