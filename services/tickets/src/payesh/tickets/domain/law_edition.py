"""The life of an edition of the law: drafted by people, proposed, approved by a second person.

An approved edition is never changed: another one for the same day takes its place.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from payesh.tickets.domain.jalali_day import JalaliDay


class EditionState(StrEnum):
    """Where an edition stands. Only `approved` prices anything."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Refused(Exception):
    """The edition does not allow this; `name` is the problem's type in the API."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


@dataclass(frozen=True, slots=True)
class EditionStanding:
    """`editors` are all who wrote any part of it, the proposer included; `revision` counts changes.
    `first` is the day from which the edition is to rule."""

    state: EditionState
    revision: int
    first: JalaliDay
    editors: tuple[str, ...]
    proposed_by: str | None = None
    approved_by: str | None = None

    def changed(self, by: str, revision: int, first: JalaliDay) -> "EditionStanding":
        """Raises Refused where it is no draft, or was changed since `revision` was read."""
        self._require(EditionState.DRAFT)
        self._require_revision(revision)
        return replace(self, revision=revision + 1, first=first, editors=self._with(by))

    def proposed(self, by: str, revision: int, faults: int) -> "EditionStanding":
        """Put a draft before a second person. Raises Refused, also for one with faults."""
        self._require(EditionState.DRAFT)
        self._require_revision(revision)
        if faults:
            raise Refused("law-faults", "this draft contradicts itself: mend its faults first")
        return replace(
            self,
            state=EditionState.PROPOSED,
            revision=revision + 1,
            proposed_by=by,
            editors=self._with(by),
        )

    def returned(self, revision: int) -> "EditionStanding":
        """Back to a draft. Raises Refused."""
        self._require(EditionState.PROPOSED)
        self._require_revision(revision)
        return replace(self, state=EditionState.DRAFT, revision=revision + 1, proposed_by=None)

    def approved(self, by: str, revision: int) -> "EditionStanding":
        """In force from its day on. Raises Refused for anybody who wrote a part of it."""
        self._require(EditionState.PROPOSED)
        self._require_revision(revision)
        if by in self.editors:
            raise Refused(
                "second-person",
                "who wrote or proposed an edition does not approve it: another has to",
            )
        return replace(self, state=EditionState.APPROVED, revision=revision + 1, approved_by=by)

    def withdrawn(self, revision: int) -> "EditionStanding":
        """Given up before it was in force. Raises Refused."""
        if self.state not in (EditionState.DRAFT, EditionState.PROPOSED):
            raise Refused("edition-state", f"this edition is {self.state}")
        self._require_revision(revision)
        return replace(self, state=EditionState.WITHDRAWN, revision=revision + 1)

    def _require(self, state: EditionState) -> None:
        if self.state is not state:
            raise Refused("edition-state", f"this edition is {self.state}, not {state}")

    def _require_revision(self, revision: int) -> None:
        if revision != self.revision:
            raise Refused(
                "edition-changed", f"somebody changed it since: it is at revision {self.revision}"
            )

    def _with(self, person: str) -> tuple[str, ...]:
        return self.editors if person in self.editors else (*self.editors, person)
