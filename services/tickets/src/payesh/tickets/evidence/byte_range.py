"""One range of bytes of an HTTP request (RFC 9110, section 14)."""

import re

# No object has so many bytes, and Python reads no number of any length.
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


class RangeNotSatisfiable(ValueError):
    """The range lies outside the representation: answer 416."""


def is_range(header: str | None) -> bool:
    """Whether a part is asked for; else the whole is answered.

    >>> is_range("bytes=0-"), is_range("bytes=9-2"), is_range(None)
    (True, False, False)
    """
    return _ends(header) is not None


def requested_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole.

    A malformed header or several ranges are ignored, as the RFC allows. Raises
    RangeNotSatisfiable.

    >>> requested_range("bytes=10-19", 100)
    (10, 20)
    >>> requested_range("bytes=-5", 100)
    (95, 100)
    """
    ends = _ends(header)
    if ends is None:
        return None
    first, last = ends
    if not first:
        length = int(last)
        if length == 0 or size_bytes == 0:
            raise RangeNotSatisfiable
        return max(0, size_bytes - length), size_bytes
    start = int(first)
    if start >= size_bytes:
        raise RangeNotSatisfiable
    return start, min(int(last) + 1, size_bytes) if last else size_bytes


def _ends(header: str | None) -> tuple[str, str] | None:
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    first, last = match.groups()
    is_empty = not first and not last
    is_backwards = bool(first and last) and int(last) < int(first)
    return None if is_empty or is_backwards else (first, last)
