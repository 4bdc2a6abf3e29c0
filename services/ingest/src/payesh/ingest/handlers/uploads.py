"""What holds for every upload."""

from datetime import UTC, datetime, timedelta

from payesh.ingest.errors import BadTime

_FUTURE_TOLERANCE = timedelta(seconds=60)
"""By how much a device's clock may be ahead of ours."""


def require_past(moment: datetime, name: str) -> None:
    """Raises BadTime: the future cannot have been captured."""
    if moment > datetime.now(UTC) + _FUTURE_TOLERANCE:
        raise BadTime(f"{name} lies in the future")
