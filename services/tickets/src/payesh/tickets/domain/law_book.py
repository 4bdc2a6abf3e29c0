"""The law in force, by day. Law changes while the service runs, so no use case keeps a table."""

from dataclasses import dataclass

from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import LawTable

_EVER = JalaliDay(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Published:
    """A table that was approved as the `number`th, in force from a day."""

    number: int
    first: JalaliDay
    table: LawTable


class LawBook:
    """Published law tables, each in force from a day until the next one begins."""

    def __init__(self, table: LawTable) -> None:
        self._tables = {_EVER: table}
        self._numbers = {_EVER: 0}
        self.number = 0
        """Of the newest approved table that this book has; 0 with none."""

    @property
    def name(self) -> str:
        """Another one with every change of the law."""
        return f"{self._tables[_EVER].sha256}/{self.number}"

    def law_on(self, day: JalaliDay) -> LawTable:
        """The table that prices what happened on `day`."""
        return self._tables[max(first for first in self._tables if first <= day)]

    def publish(self, published: Published) -> None:
        """Put a table in force from its day on, in place of one that began on the same day and was
        approved before: readers that act at once may come with what they read in any order."""
        if published.number >= self._numbers.get(published.first, 0):
            self._numbers[published.first] = published.number
            self._tables = {**self._tables, published.first: published.table}
        self.number = max(self.number, published.number)

    def begins(self) -> list[tuple[JalaliDay | None, LawTable]]:
        """Every table with the day from which it rules, the latest first; None: from ever."""
        return [
            (None if first == _EVER else first, table)
            for first, table in sorted(self._tables.items(), reverse=True)
        ]
