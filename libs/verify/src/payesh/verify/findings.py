"""What a check found, in English and in Persian."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

# Control characters, line separators, marks that change the direction of text, and halves of
# characters, which no encoding of text can hold.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST = 400


def safe(text: str) -> str:
    """Text of a bundle that can neither end its line, turn it, nor fail to be written."""
    return _UNSAFE.sub("?", text)[:_LONGEST]


@dataclass(frozen=True, slots=True)
class Said:
    """One statement in both languages."""

    en: str
    fa: str

    def __post_init__(self) -> None:
        for name in ("en", "fa"):
            object.__setattr__(self, name, safe(getattr(self, name)))


class Verdict(StrEnum):
    HOLDS = "holds"
    BROKEN = "broken"
    NOT_CHECKED = "not_checked"
    """What the check rests on is broken, and is named by itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its subject (a file's name, or one of `wording.SUBJECTS`) and what was found."""

    subject: str
    verdict: Verdict
    said: Said

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", safe(self.subject))


class Fault(Exception):
    """A check does not hold."""

    def __init__(self, en: str, fa: str) -> None:
        super().__init__(en)
        self.said = Said(en, fa)


# What reading a malformed document raises; nothing of a bundle may end the program.
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def checked(subject: str, check: Callable[[], Said]) -> Finding:
    """The finding of one check; a document that is not as it should be is a fault."""
    try:
        return Finding(subject, Verdict.HOLDS, check())
    except Fault as fault:
        return Finding(subject, Verdict.BROKEN, fault.said)
    except _MALFORMED as error:
        name = type(error).__name__
        said = Said(f"malformed ({name})", f"ساختار آن درست نیست ({name})")
        return Finding(subject, Verdict.BROKEN, said)


def require_same(what: str, found: object, expected: object) -> None:
    """Raises Fault where two facts differ that must be equal."""
    if found != expected:
        raise Fault(f"{what} is {found}, not {expected}", f"{what}: {found}، نه {expected}")
