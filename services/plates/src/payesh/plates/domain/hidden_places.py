"""Texts under which a plate may have been stored when some of its characters were hidden."""

import re
from itertools import combinations

from payesh.plates.domain.reading import MOST_UNREADABLE, UNREADABLE

_CHARACTER = re.compile("الف|.")  # one letter of three characters
_ANY = "_"


def possibly_stored_as(text: str) -> tuple[str, ...]:
    """`text` itself and with every choice of up to two known characters unreadable.

    `_` is a character that the search does not know; it stands for a hidden one too.

    >>> possibly_stored_as("1_3")
    ('1_3', '?_3', '1_?', '?_?')
    """
    characters = _CHARACTER.findall(text)
    known = [place for place, character in enumerate(characters) if character != _ANY]
    return tuple(
        "".join(UNREADABLE if n in hidden else each for n, each in enumerate(characters))
        for count in range(MOST_UNREADABLE + 1)
        for hidden in combinations(known, count)
    )
