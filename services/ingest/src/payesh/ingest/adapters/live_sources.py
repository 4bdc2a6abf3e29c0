"""Stored sources, opened: the password unsealed, and the address checked once more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from payesh.ingest.adapters.camera_socket import camera_tls
from payesh.ingest.adapters.rtsp import (
    AddressForbidden,
    LiveSource,
    RtspAddress,
    SourceUnreachable,
    open_live,
)
from payesh.ingest.adapters.source_networks import SourceNetworks
from payesh.ingest.adapters.source_secrets import SourceSeal, StoredSource
from payesh.kit.networks import ForbiddenAddress


@dataclass(frozen=True, slots=True)
class LiveSources:
    """Opens sources within the networks that cameras may be in. Times in seconds."""

    seal: SourceSeal
    networks: SourceNetworks
    connect_timeout_s: float
    read_timeout_s: float
    ca_file: Path | None = None
    """The authority of cameras under `rtsps://`; without it their certificates are not judged."""

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
        """Resolves the name, once. Raises AddressForbidden for a place where no camera may be: a
        name may resolve to another address than when the source was set."""
        try:
            places = self.networks.require(source.url)
        except ForbiddenAddress as error:
            raise AddressForbidden(str(error)) from None
        except OSError as error:
            raise SourceUnreachable(f"the name does not resolve: {type(error).__name__}") from None
        sealed = source.sealed_password
        password = None if sealed is None else self.seal.open(sealed)
        return RtspAddress(
            source.url,
            places,
            source.username,
            password,
            basic_allowed=source.basic_allowed,
            tls=camera_tls(self.ca_file) if source.url.startswith("rtsps:") else None,
        )
