"""Sources of cameras: an address that an operator enters, checked and sealed."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from payesh.ingest.adapters.source_networks import ForbiddenAddress
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.errors import BadSource

_UNREADABLE = "the source's address cannot be read"


@dataclass(frozen=True, slots=True)
class EnteredSource:
    """A source as a caller sends it, its password in clear."""

    url: str
    username: str | None
    password: str | None


async def checked_source(
    dependencies: Dependencies, source: EnteredSource | None
) -> StoredSource | None:
    """The source as it is stored. Raises BadSource."""
    if source is None:
        return None
    try:
        parts = urlsplit(source.url)
    except ValueError:
        raise BadSource(_UNREADABLE) from None
    if parts.scheme not in ("rtsp", "rtsps") or not parts.hostname:
        raise BadSource("the source must be an rtsp:// or rtsps:// address")
    if "@" in parts.netloc:
        raise BadSource("name and password go into their own fields, not into the address")
    try:
        await asyncio.to_thread(dependencies.networks.require, source.url)
    except ForbiddenAddress as error:
        raise BadSource(str(error)) from error
    except ValueError:  # a port that is none, a name too long
        raise BadSource(_UNREADABLE) from None
    except OSError:
        pass  # a name may be unknown today; it is resolved again before each connection
    sealed = None if source.password is None else dependencies.seal.seal(source.password)
    return StoredSource(source.url, source.username, sealed)
