"""A bundle's folder as the archive that the service answers with."""

from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

from payesh.verify import archive
from payesh.verify.archive import Entry


def bodies_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its name."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def packed(bodies: Mapping[str, bytes]) -> bytes:
    """The archive of these members."""
    parts, entries = [], []
    for name, body in sorted(bodies.items()):
        entry = Entry(name, len(body), crc32(body))
        parts += [archive.head(name), body, archive.tail(entry)]
        entries.append(entry)
    return b"".join([*parts, archive.directory(entries)])
