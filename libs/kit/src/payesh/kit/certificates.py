"""TLS contexts that follow their files: certificates are renewed while a service runs.

A context is never changed while connections use it: a new one is built and takes its place for the
next connection. Files that cannot be used leave the former context in place, with an error logged.
"""

import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import structlog
from cryptography import x509

from payesh.kit import metrics

log = structlog.get_logger(__name__)

_LOOK_AFTER_S = 5.0
"""Files are looked at for a connection when they were not for so long."""


class _Followed:
    """What `load` makes of some files, made anew when they change."""

    def __init__(
        self,
        files: tuple[Path, ...],
        load: Callable[[], ssl.SSLContext],
        clock_s: Callable[[], float],
    ) -> None:
        self._files = files
        self._load = load
        self._clock_s = clock_s
        self._turn = threading.Lock()
        self._seen = self._state()
        self._looked_at_s = clock_s()
        self._context = load()

    def current(self) -> ssl.SSLContext:
        with self._turn:
            now = self._clock_s()
            if now - self._looked_at_s >= _LOOK_AFTER_S:
                self._looked_at_s = now
                self._look()
            return self._context

    def _look(self) -> None:
        seen = self._state()
        if seen == self._seen:
            return
        try:
            self._context = self._load()
        except (OSError, ValueError) as error:  # half-written, or a key that does not fit
            names = [each.name for each in self._files]
            log.error("certificate not loaded", files=names, reason=type(error).__name__)
        else:
            self._seen = seen
            log.info("certificate loaded", files=[each.name for each in self._files])

    def _state(self) -> tuple[tuple[int, int, int] | None, ...]:
        found: list[tuple[int, int, int] | None] = []
        for each in self._files:
            try:
                status = each.stat()  # follows the links by which a mounted secret is exchanged
            except OSError:
                found.append(None)
            else:
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(found)


class TrustedAuthority(ssl.SSLContext):
    """For connections to servers whose certificates the authority in `ca_file` signed, with the
    name that they are reached under. Raises OSError, among them ssl.SSLError."""

    def __new__(cls, ca_file: Path, clock_s: Callable[[], float] = time.monotonic) -> Self:
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, ca_file: Path, clock_s: Callable[[], float] = time.monotonic) -> None:
        def load() -> ssl.SSLContext:
            return ssl.create_default_context(cafile=str(ca_file))

        self._followed = _Followed((ca_file,), load, clock_s)

    # All clients make their connections by one of these two.
    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        return self._followed.current().wrap_bio(*arguments, **named)

    def wrap_socket(self, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        return self._followed.current().wrap_socket(*arguments, **named)


class ServerCertificate:
    """A server's certificate chain and key. Raises OSError, among them ssl.SSLError.

    `context` is for the server; each handshake is made with the newest files.
    """

    def __init__(
        self,
        certificate_file: Path,
        key_file: Path,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._certificate_file = certificate_file
        self._key_file = key_file
        self._followed = _Followed((certificate_file, key_file), self._loaded, clock_s)
        self.context = self._loaded()
        self.context.sni_callback = self._choose

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._certificate_file, self._key_file)
        leaf = x509.load_pem_x509_certificate(self._certificate_file.read_bytes())
        metrics.certificate_expires.set(leaf.not_valid_after_utc.timestamp())
        return context

    def _choose(self, connection: Any, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._followed.current()


def encryption(ca_file: Path | None) -> dict[str, Any]:
    """asyncpg's arguments for a server that has to prove its name; none where there is no
    authority."""
    return {} if ca_file is None else {"ssl": TrustedAuthority(ca_file)}


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """By an authority of our own, or by the system's where there is none."""
    return ssl.create_default_context() if ca_file is None else TrustedAuthority(ca_file)
