"""The one form in which a bundle is put into a ZIP archive (APPNOTE 6.3), byte for byte.

Members are stored, not compressed, in order of their names, with no time, no comment and no extra
field, and a data descriptor after each, so that an archive can be streamed. Its writer and its
reader share this module: an archive that holds anything else, hidden between members, twice under
one name or packed to burst, is not what `pieces_of` makes of its own members.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_STREAMED = 0x08  # sizes and checksum follow the body
_JANUARY_1980 = (0, 0x21)
_VERSION = 20
_UNIX = 3
_READABLE_FILE = 0o100444 << 16


class Entry(NamedTuple):
    """A member as the directory lists it; `crc` is the CRC-32 of its body."""

    name: str
    size_bytes: int
    crc: int


def head(name: str) -> bytes:
    """What comes before a member's body."""
    encoded = name.encode("ascii")
    fixed = struct.pack(
        "<4s5H3I2H", b"PK\3\4", _VERSION, _STREAMED, 0, *_JANUARY_1980, 0, 0, 0, len(encoded), 0
    )
    return fixed + encoded


def tail(entry: Entry) -> bytes:
    """What comes after a member's body."""
    return struct.pack("<4s3I", b"PK\7\x08", entry.crc, entry.size_bytes, entry.size_bytes)


def directory(entries: Sequence[Entry]) -> bytes:
    """What ends an archive of these members, in their order."""
    offset, listed = 0, []
    for entry in entries:
        name = entry.name.encode("ascii")
        fixed = struct.pack(
            "<4s6H3I5H2I",
            b"PK\1\2",
            _UNIX << 8 | _VERSION,
            _VERSION,
            _STREAMED,
            0,
            *_JANUARY_1980,
            entry.crc,
            entry.size_bytes,
            entry.size_bytes,
            len(name),
            0,
            0,
            0,
            0,
            _READABLE_FILE,
            offset,
        )
        listed.append(fixed + name)
        offset += member_bytes(entry.name, entry.size_bytes)
    body = b"".join(listed)
    count = len(entries)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(body), offset, 0)
    return body + end


def directory_bytes(body: bytes) -> int:
    """How long the directory is that the end of an archive states; 0 where it has no such end."""
    end = body.rfind(b"PK\5\6", max(len(body) - 65_557, 0))
    if end < 0 or len(body) < end + 22:
        return 0
    size: int = struct.unpack_from("<I", body, end + 12)[0]
    return size


def member_bytes(name: str, size_bytes: int) -> int:
    """How many bytes a member takes up before the directory."""
    return len(head(name)) + size_bytes + 16


def archive_bytes(sizes: Iterable[tuple[str, int]]) -> int:
    """The length of the archive of members of these names and sizes."""
    entries = [Entry(name, size_bytes, 0) for name, size_bytes in sizes]
    members = sum(member_bytes(entry.name, entry.size_bytes) for entry in entries)
    return members + len(directory(entries))
