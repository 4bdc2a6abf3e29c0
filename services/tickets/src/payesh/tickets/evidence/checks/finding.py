"""The outcome of a check, and how a check fails."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

# Control characters, line separators and marks that change the direction of text.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Verdict(StrEnum):
    HOLDS = "holds"
    BROKEN = "BROKEN"
    NOT_COVERED = "not covered"


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One check: its subject, its verdict, and the figures or the fault."""

    subject: str
    verdict: Verdict
    detail: str

    def line(self) -> str:
        """One line, even of a forged bundle: its text can neither end the line nor turn it."""
        return _UNSAFE.sub("?", f"{self.verdict:<11}  {self.subject:<14}  {self.detail}")


class Fault(ValueError):
    """A check does not hold; the text is the reason."""


def checked(subject: str, check: Callable[[], str]) -> CheckFinding:
    """The finding of one check."""
    try:
        return CheckFinding(subject, Verdict.HOLDS, check())
    except (ValueError, OverflowError) as fault:  # the latter from a moment at the end of time
        return CheckFinding(subject, Verdict.BROKEN, str(fault))


def require_same(what: str, found: object, expected: object) -> None:
    """Raises Fault where two facts differ that must be equal."""
    if found != expected:
        raise Fault(f"{what} is {found}, not {expected}")
