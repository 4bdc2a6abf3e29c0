"""Stored sources, opened: the password unsealed, and the address checked once more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from payesh.ingest.adapters.rtsp import (
    LiveSource,
    RtspAddress,
    SourceFailure,
    SourceUnreachable,
    open_live,
)
from payesh.ingest.adapters.source_networks import ForbiddenAddress, SourceNetworks
from payesh.ingest.adapters.source_secrets import SourceSeal, StoredSource


@dataclass(frozen=True, slots=True)
class LiveSources:
    """Opens sources within the networks that cameras may be in. Times in seconds."""

    seal: SourceSeal
    networks: SourceNetworks
    connect_timeout_s: float
    read_timeout_s: float

    @contextmanager
    def open(self, source: StoredSource) -> Iterator[LiveSource]:
        """Raises SourceFailure, also for what the body's reading meets."""
        address = self.address(source)
        with open_live(
            address,
            connect_timeout_s=self.connect_timeout_s,
            read_timeout_s=self.read_timeout_s,
        ) as container:
            yield LiveSource(container)

    def address(self, source: StoredSource) -> RtspAddress:
        """Raises SourceFailure for a place where no camera may be: a name may resolve to another
        address than when the source was set."""
        try:
            self.networks.require(source.url)
        except ForbiddenAddress as error:
            raise SourceFailure(str(error)) from None
        except OSError as error:
            raise SourceUnreachable(f"the name does not resolve: {type(error).__name__}") from None
        sealed = source.sealed_password
        password = None if sealed is None else self.seal.open(sealed)
        return RtspAddress(source.url, source.username, password)
