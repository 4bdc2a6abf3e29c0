"""A citation's evidence as one archive, streamed: stored objects and signed decisions."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID
from zlib import crc32

from payesh.contracts.values import ObjectReference
from payesh.kit.objects import ObjectStore
from payesh.tickets.evidence.manifest import name_in_bundle
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.verify import archive, time_stamps
from payesh.verify.archive import Entry
from payesh.verify.decisions import file_name

MEDIA_TYPE = "application/zip"


@dataclass(frozen=True, slots=True)
class Archive:
    """What is packed, by name: objects of the store, and texts. The same members make the same
    archive, byte for byte; its length is known before."""

    members: Mapping[str, ObjectReference | bytes]

    @property
    def size_bytes(self) -> int:
        return archive.archive_bytes((name, _size(each)) for name, each in self.members.items())

    async def stream(self, store: ObjectStore) -> AsyncIterator[bytes]:
        """The archive, a chunk at a time. Raises ObjectMissing, ObjectTampered, StoreUnavailable:
        before the directory, so that what was sent until then opens nowhere."""
        entries = []
        for name in sorted(self.members):
            member = self.members[name]
            yield archive.head(name)
            checksum = size_bytes = 0
            async for chunk in _chunks(member, store):
                checksum = crc32(chunk, checksum)
                size_bytes += len(chunk)
                yield chunk
            entry = Entry(name, size_bytes, checksum)
            entries.append(entry)
            yield archive.tail(entry)
        yield archive.directory(entries)


def archive_of(
    citation_id: UUID, evidence: EvidenceRecord, decisions: tuple[tuple[str, str | None], ...]
) -> Archive:
    """The archive of a bundle and the statements of what was decided of it, the first one first,
    each with its time-stamp if it has one."""
    found: dict[str, ObjectReference | bytes] = {
        name_in_bundle(citation_id, reference): reference for reference in evidence.objects
    }
    for number, (statement, stamp) in enumerate(decisions, 1):
        found[file_name(number)] = statement.encode()
        if stamp is not None:
            found[time_stamps.file_name(number)] = stamp.encode()
    return Archive(found)


def _size(member: ObjectReference | bytes) -> int:
    return len(member) if isinstance(member, bytes) else member.size_bytes


async def _chunks(member: ObjectReference | bytes, store: ObjectStore) -> AsyncIterator[bytes]:
    if isinstance(member, bytes):
        yield member
        return
    async for chunk in store.stream(member):
        yield chunk
