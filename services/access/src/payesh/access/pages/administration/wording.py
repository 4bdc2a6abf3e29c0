"""Persian words of the administration's pages, and moments as its script writes them."""

import json
from datetime import UTC, datetime
from pathlib import Path

_WORDS: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("words.fa.json").read_text("utf-8")
)


def word(vocabulary: str, name: str) -> str:
    """The word for a name; the name where there is none."""
    return _WORDS[vocabulary].get(name, name)


def moment(at: datetime) -> str:
    """For a `time` element: the page's script writes it as a Solar Hijri day in Tehran."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
