"""The law in force, by day. Law changes while the service runs, so no use case keeps a table."""

from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import LawTable

_EVER = JalaliDay(0, 0, 0)


class LawBook:
    """Published law tables, each in force from a day until the next one begins."""

    def __init__(self, table: LawTable) -> None:
        self._tables = {_EVER: table}

    def law_on(self, day: JalaliDay) -> LawTable:
        """The table that prices what happened on `day`."""
        return self._tables[max(first for first in self._tables if first <= day)]

    def publish(self, table: LawTable, first: JalaliDay = _EVER) -> None:
        """Put `table` in force from `first` on, in place of one that began on the same day."""
        self._tables = {**self._tables, first: table}
