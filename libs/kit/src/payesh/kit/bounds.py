"""The one place where a caller's bounds become a condition."""

from sqlalchemy import ColumnElement, Table, and_, true

from payesh.kit.tokens import Bounds


def within(table: Table, bounds: Bounds) -> ColumnElement[bool]:
    """Rows of `table` in the caller's counties and road classes; it has a column for each."""
    limits: list[ColumnElement[bool]] = [true()]
    if bounds.counties is not None:
        limits.append(table.c.county.in_(sorted(bounds.counties)))
    if bounds.road_classes is not None:
        limits.append(table.c.road_class.in_(sorted(bounds.road_classes)))
    return and_(*limits)
