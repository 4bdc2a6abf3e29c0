"""One range of bytes of an HTTP request (RFC 9110, section 14)."""

import re

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class RangeNotSatisfiable(ValueError):
    """The range lies outside the representation: answer 416."""


def requested_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole.

    A malformed header or several ranges are ignored, as the RFC allows. Raises
    RangeNotSatisfiable.

    >>> requested_range("bytes=10-19", 100)
    (10, 20)
    >>> requested_range("bytes=-5", 100)
    (95, 100)
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        if length == 0 or size_bytes == 0:
            raise RangeNotSatisfiable
        return max(0, size_bytes - length), size_bytes
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size_bytes:
        raise RangeNotSatisfiable
    return start, min(int(last) + 1, size_bytes) if last else size_bytes
