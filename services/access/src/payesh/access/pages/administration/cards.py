"""What the administration's pages show: text alone, ready to be written."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from payesh.access.adapters.clients import StoredClient
from payesh.access.adapters.keys import StoredKey
from payesh.access.adapters.people import StoredPerson
from payesh.access.domain.entitlements import SCOPES, Entitlements
from payesh.access.pages.administration.wording import moment, word
from payesh.access.pages.scope_words import persian_scope
from payesh.kit.principal import Principal


@dataclass(frozen=True, slots=True)
class Choice:
    """A box that can be ticked; `is_held` where it is ticked."""

    value: str
    text: str
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class RightsCard:
    """The scopes and counties that may be given, with those that are held; `everywhere` is None
    where whoever gives them is bound to counties."""

    scopes: tuple[Choice, ...]
    counties: tuple[Choice, ...]
    everywhere: Choice | None
    base: str
    """JSON that goes with a new holder's rights: the bounds that are not chosen."""


@dataclass(frozen=True, slots=True)
class PersonCard:
    id: str
    username: str
    name: str
    agency: str
    scopes: tuple[str, ...]
    counties: str
    is_enabled: bool
    is_self: bool
    made: str


@dataclass(frozen=True, slots=True)
class ClientCard:
    id: str
    name: str
    agency: str
    is_for_people: bool
    redirect_uris: tuple[str, ...]
    cameras: str
    scopes: tuple[str, ...]
    counties: str
    is_enabled: bool
    is_declared: bool
    proposed_by: str | None
    proposal: str | None
    made: str


@dataclass(frozen=True, slots=True)
class KeyCard:
    id: str
    algorithm: str
    since: str
    until: str | None


def rights_card(
    granter: Principal, known: Iterable[str], held: Entitlements | None = None
) -> RightsCard:
    """What a granter may give to a holder of `held`; the handlers decide about it once more."""
    everywhere, roads = granter.counties is None, granter.road_classes
    mine = known if everywhere else granter.counties or ()
    given = frozenset() if held is None else held.scopes
    of_counties = frozenset() if held is None else held.counties
    counties = sorted({*mine, *(of_counties or ())})
    return RightsCard(
        scopes=tuple(Choice(each, persian_scope(each), each in given) for each in SCOPES),
        counties=tuple(
            Choice(each, word("counties", each), each in (of_counties or ())) for each in counties
        ),
        everywhere=Choice("*", "همهٔ استان", of_counties is None) if everywhere else None,
        base="{}" if roads is None else json.dumps({"road_classes": sorted(roads)}),
    )


def person_card(person: StoredPerson, reader: str) -> PersonCard:
    held = person.entitlements
    return PersonCard(
        id=str(person.person_id),
        username=person.username,
        name=person.name,
        agency=person.agency_id,
        scopes=_scopes(held),
        counties=_counties(held),
        is_enabled=person.enabled,
        is_self=person.subject == reader,
        made=moment(person.created_at),
    )


def client_card(client: StoredClient) -> ClientCard:
    held, cameras = client.entitlements, client.cameras
    return ClientCard(
        id=client.client_id,
        name=client.name,
        agency=client.agency_id,
        is_for_people="authorization_code" in client.grants,
        redirect_uris=client.redirect_uris,
        cameras="همه" if cameras is None else "، ".join(sorted(cameras)),
        scopes=_scopes(held),
        counties=_counties(held),
        is_enabled=client.enabled,
        is_declared=client.declared,
        proposed_by=client.proposed_by if client.awaits_approval else None,
        proposal=client.proposal,
        made=moment(client.created_at),
    )


def key_card(key: StoredKey) -> KeyCard:
    retires = key.life.retires_at
    return KeyCard(
        id=key.key_id,
        algorithm=key.algorithm,
        since=moment(key.life.activates_at),
        until=moment(retires) if retires else None,
    )


def _scopes(held: Entitlements) -> tuple[str, ...]:
    if held.scopes >= SCOPES.keys():
        return ("همهٔ اجازه‌ها",)
    return tuple(persian_scope(each) for each in SCOPES if each in held.scopes)


def _counties(held: Entitlements) -> str:
    if held.counties is None:
        return "همهٔ استان"
    return "، ".join(word("counties", each) for each in sorted(held.counties)) or "هیچ‌جا"
