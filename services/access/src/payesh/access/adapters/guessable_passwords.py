"""Passwords that are guessed early: found in breaches, or made of what guessing programs try first.

No request leaves the deployment. `zxcvbn` (Wheeler, USENIX Security 2016) carries the 30,000 most
frequent passwords of breaches, words and keyboard patterns; a deployment may add a list of hashes.
"""

import hashlib
import mmap
import re
from pathlib import Path

from zxcvbn import zxcvbn

from payesh.kit.errors import SettingsError

_MOST_MATCHED = 72
"""Characters that are looked at: the work grows with the square."""
_FEWEST_GUESSES_LOG10 = 8.0
_OURS = ["payesh", "پایش", "semnan", "سمنان", "police", "tickets", "access"]
_LINE = re.compile(rb"[0-9A-F]{40}(:\d+)?\r?\n?")
_SAMPLES = 1000


class GuessablePasswords:
    """Knows guessable passwords; `breached` is a file of SHA-1 hashes in ascending order, a line
    each (`HASH` or `HASH:COUNT`, upper case), as haveibeenpwned.com's downloader writes it.

    The file is searched where it lies: 40 GB take no memory. Raises SettingsError for another.
    """

    def __init__(self, breached: Path | None = None) -> None:
        self._breached = None if breached is None else _opened(breached)

    def fault(self, password: str, username: str) -> str | None:
        """Why a password is refused, or None."""
        if self._breached is not None and _holds(self._breached, password):
            return "a password is none that was found in a breach: choose another"
        looked_at = password[:_MOST_MATCHED]
        guesses = zxcvbn(looked_at, user_inputs=[username, *_OURS])["guesses_log10"]
        if float(guesses) < _FEWEST_GUESSES_LOG10:
            return "a password is not easy to guess: choose several unrelated words"
        return None


def _opened(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    step = max(1, len(lines) // _SAMPLES)
    previous = b""
    for place in range(0, len(lines), step):
        line = _line(lines, place)
        if not _LINE.fullmatch(line) or line[:40] < previous:
            raise SettingsError(
                f"{path} is no list of SHA-1 hashes in ascending order (HASH:COUNT)"
            )
        previous = line[:40]
    return lines


def _holds(lines: mmap.mmap, password: str) -> bool:
    digest = hashlib.sha1(password.encode(), usedforsecurity=False)  # the list's, not a protection
    wanted = digest.hexdigest().upper().encode()
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        line = _line(lines, middle)
        if line[:40] == wanted:
            return True
        if line[:40] < wanted:
            low = _begin(lines, middle) + len(line)
        else:
            high = _begin(lines, middle)
    return False


def _begin(lines: mmap.mmap, place: int) -> int:
    return lines.rfind(b"\n", 0, place) + 1


def _line(lines: mmap.mmap, place: int) -> bytes:
    """The whole line that the byte at `place` is part of."""
    end = lines.find(b"\n", place)
    return lines[_begin(lines, place) : len(lines) if end < 0 else end + 1]
