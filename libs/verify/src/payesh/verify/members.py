"""Reading a bundle, a ZIP archive or a folder, into memory: bounded, and never out of its place."""

import re
import struct
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from payesh.verify import archive
from payesh.verify.archive import Entry
from payesh.verify.findings import Fault, Finding, Said, Verdict

MOST_MEMBERS = 256
MOST_BYTES = 1 << 30
NAME = re.compile(r"(?:[a-z]{1,32}/)?[a-z0-9]{1,32}\.[a-z0-9]{1,8}")
"""Names of a bundle's files: none leads out of a folder, and none is hidden."""
ARCHIVE = "archive"
_LONGEST_ENTRY = 1024
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    struct.error,
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,  # among them NotImplementedError
    ValueError,
)


@dataclass(slots=True)
class Members:
    """Bodies by name, and what is wrong with the container itself."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)

    def blame(self, subject: str, en: str, fa: str) -> None:
        self.faults.append(Finding(subject, Verdict.BROKEN, Said(en, fa)))


def read_members(path: Path) -> Members:
    """Raises OSError where there is nothing to read, and Fault for what is no bundle at all."""
    return _folder(path) if path.is_dir() else _archive(path)


def _folder(path: Path) -> Members:
    members, total = Members(), 0
    for number, each in enumerate(sorted(path.rglob("*"))):
        name = each.relative_to(path).as_posix()
        if number >= 2 * MOST_MEMBERS:
            raise Fault("too many files", "پرونده‌ها بیش از اندازه‌اند")
        if each.is_symlink():
            members.blame(name, "it is a link, not a file", "پیوند است، نه پرونده")
        elif each.is_dir():
            continue
        elif not NAME.fullmatch(name):
            members.blame(name, "no name of a bundle's file", "نام آن از پرونده‌های مدرک نیست")
        elif not each.is_file():
            members.blame(name, "it is no plain file", "پروندهٔ ساده نیست")
        else:
            total += each.stat().st_size
            if total > MOST_BYTES:
                raise Fault("more than 1 GiB", "بیش از یک گیگابایت است")
            members.bodies[name] = each.read_bytes()
    return members


def _archive(path: Path) -> Members:
    if path.stat().st_size > MOST_BYTES + (1 << 20):
        raise Fault("more than 1 GiB", "بیش از یک گیگابایت است")
    body = path.read_bytes()
    # Before a library reads a directory that may have millions of entries.
    if archive.directory_bytes(body) > MOST_MEMBERS * _LONGEST_ENTRY:
        raise Fault("too many members", "پرونده‌های آن بیش از اندازه‌اند")
    try:
        with zipfile.ZipFile(path) as file:
            listed = file.infolist()
    except _UNREADABLE as error:
        raise Fault("no ZIP archive, or cut off", "بایگانی ZIP نیست یا بریده شده است") from error
    if len(listed) > MOST_MEMBERS:
        raise Fault("too many members", "پرونده‌های آن بیش از اندازه‌اند")
    if sum(each.file_size for each in listed) > len(body):
        raise Fault(
            "its members are larger than the archive itself", "پرونده‌های آن از خودش بزرگ‌ترند"
        )
    members = Members()
    for each in listed:
        name = each.orig_filename
        if name in members.bodies:
            members.blame(name, "it is in the archive twice", "دو بار در بایگانی آمده است")
        elif not NAME.fullmatch(name):
            members.blame(name, "no name of a bundle's file", "نام آن از پرونده‌های مدرک نیست")
        elif each.compress_type != zipfile.ZIP_STORED or each.flag_bits & 1:
            members.blame(name, "it is compressed or encrypted", "فشرده یا رمز شده است")
        else:
            start = each.header_offset + len(archive.head(name))
            members.bodies[name] = body[start : start + each.file_size]
    if not members.faults and not _is_as_written(body, listed, members.bodies):
        members.blame(
            ARCHIVE,
            "it is not as the service writes it: something lies between its members, or it was "
            "packed again; unpack it and verify the folder",
            "به شکلی نیست که سامانه می‌نویسد: چیزی میان پرونده‌هاست یا دوباره بسته شده است؛ "
            "آن را باز کنید و پوشه را بررسی کنید",
        )
    return members


def _is_as_written(body: bytes, listed: list[zipfile.ZipInfo], bodies: dict[str, bytes]) -> bool:
    """Whether the archive is its members in the one form, a member's own bytes aside: they are
    held against the manifest."""
    entries = [Entry(each.filename, each.file_size, each.CRC) for each in listed]
    if [entry.name for entry in entries] != sorted(bodies):
        return False
    at = 0
    for entry in entries:
        before, after = archive.head(entry.name), archive.tail(entry)
        if body[at : at + len(before)] != before:
            return False
        at += len(before) + entry.size_bytes
        if body[at : at + len(after)] != after:
            return False
        at += len(after)
    return body[at:] == archive.directory(entries)
