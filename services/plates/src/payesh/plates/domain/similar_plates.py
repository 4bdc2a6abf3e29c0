"""Whether two texts may be read from one plate: what a reader confuses, or could not see."""

import re

from payesh.plates.domain.reading import UNREADABLE

_CHARACTER = re.compile("الف|.")  # one letter of three characters


def may_be_one(text: str, other: str) -> bool:
    """Whether the texts differ in one character at most; a hidden one (`?`) differs from none.

    >>> may_be_one("12ب34567", "12ب34561"), may_be_one("12ب34567", "12ب34512")
    (True, False)
    >>> may_be_one("12ب34567", "?2ب3456?"), may_be_one("12الف34567", "12ب34567")
    (True, True)
    """
    ours, theirs = _CHARACTER.findall(text), _CHARACTER.findall(other)
    if len(ours) != len(theirs):
        return False
    pairs = zip(ours, theirs, strict=True)
    differing = sum(a != b and UNREADABLE not in (a, b) for a, b in pairs)
    return bool(differing <= 1)
