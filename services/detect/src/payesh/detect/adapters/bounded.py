"""The one place where a caller's bounds become a condition."""

from typing import Any

from sqlalchemy import Table

from payesh.kit.tokens import Bounds


def within(statement: Any, table: Table, bounds: Bounds) -> Any:
    """`statement` limited to rows of the caller's counties and road classes."""
    if bounds.counties is not None:
        statement = statement.where(table.c.county.in_(bounds.counties))
    if bounds.road_classes is not None:
        statement = statement.where(table.c.road_class.in_(bounds.road_classes))
    return statement
