"""Translation of a caller's bounds into an SQL condition: the only one."""

from sqlalchemy import ColumnElement, Table, and_, true

from payesh.kit.principal import Bounds


def within(table: Table, bounds: Bounds) -> ColumnElement[bool]:
    """The condition for rows in the caller's counties and road classes.

    `table` has the columns `county` and `road_class`.
    """
    limits: list[ColumnElement[bool]] = [true()]
    if bounds.counties is not None:
        limits.append(table.c.county.in_(sorted(bounds.counties)))
    if bounds.road_classes is not None:
        limits.append(table.c.road_class.in_(sorted(bounds.road_classes)))
    return and_(*limits)
