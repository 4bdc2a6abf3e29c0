"""Persian words for the identifiers of contracts and domain, read from `wording/`.

One file a vocabulary, identifier to word. A word is added or changed there, not in code.
"""

import json
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("wording")


@cache
def words(vocabulary: str) -> dict[str, str]:
    """Every word of `wording/<vocabulary>.json`."""
    found: dict[str, str] = json.loads((_FOLDER / f"{vocabulary}.json").read_text("utf-8"))
    return found


def word(vocabulary: str, identifier: str) -> str:
    """The word for an identifier; one that has none is shown as it is."""
    return words(vocabulary).get(identifier, identifier)
