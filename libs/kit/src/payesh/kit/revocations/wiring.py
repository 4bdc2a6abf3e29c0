"""How a service learns revocations, from its settings."""

from typing import Any

from payesh.kit.lifecycle import OnStop
from payesh.kit.revocations.known import Doors, Revocations
from payesh.kit.revocations.poll import AccessPoll
from payesh.kit.revocations.topic import TopicFollower
from payesh.kit.settings import BusSettings, PeerSettings, TokenSettings

_JWKS_PATH = "/.well-known/jwks.json"
LIST_PATH = "/v1/revocations"


def doors_of(settings: TokenSettings) -> Doors:
    """Which doors stay open while revocations are not known."""
    return Doors(
        patience_s=settings.revocation_patience_s,
        open_scopes=frozenset(settings.revocation_open_scopes.split()),
    )


def revocations_of(settings: Any) -> Revocations | None:
    """For a service that verifies the tokens of access; None for settings of anything else.

    Follows the topic, and asks access where the settings name a client to ask with.
    """
    if not isinstance(settings, PeerSettings) or not isinstance(settings, BusSettings):
        return None
    doors = doors_of(settings)
    if settings.service_client_id:
        poll = AccessPoll(
            _list_url(settings),
            settings.service_client_id,
            settings.service_client_secret,
            ca_file=settings.access_ca_file,
        )
        revocations = Revocations(doors, news=poll.news, poll_s=settings.revocation_poll_s)
        revocations.add(OnStop(poll.close))
    else:
        revocations = Revocations(doors)
    revocations.add(TopicFollower(settings, learn=revocations.learn, confirm=revocations.confirm))
    return revocations


def _list_url(settings: PeerSettings) -> str:
    return settings.revocations_url or settings.jwks_url.removesuffix(_JWKS_PATH) + LIST_PATH
