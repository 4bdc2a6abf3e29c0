"""Who may grant what to which account: the rules that every writing use case asks.

Each function works in its caller's transaction and raises problems as answers.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TypedDict

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import agencies, clients, people
from payesh.access.adapters.clients import StoredClient
from payesh.access.adapters.people import SUBJECT_PREFIX, StoredPerson
from payesh.access.domain.entitlements import SCOPES, Entitlements, excess, unknown_scopes
from payesh.access.domain.scope_services import delegable
from payesh.kit.errors import Forbidden, Unprocessable
from payesh.kit.principal import Bounds, Principal

Holder = StoredClient | StoredPerson
_OWN_TO_CHANGE = {"password", "secret"}
_ADMINISTRATION = 0x70617965  # a lock's number, of this service alone


class ChangedRights(TypedDict, total=False):
    """The rights that a change names; None as a bound is no bound."""

    scopes: list[str]
    counties: list[str] | None
    road_classes: list[str] | None


def entitlements(
    scopes: Iterable[str], counties: Iterable[str] | None, road_classes: Iterable[str] | None
) -> Entitlements:
    """Raises Unprocessable for a scope that does not exist."""
    if unknown := unknown_scopes(scopes):
        raise Unprocessable(f"no such scope: {', '.join(unknown)}", type="unknown-scope")
    return Entitlements(
        frozenset(scopes),
        None if counties is None else frozenset(counties),
        None if road_classes is None else frozenset(road_classes),
    )


def agency_bound(principal: Principal) -> str | None:
    """The one agency that a principal may manage, None for all."""
    return None if "agencies:write" in principal.scopes else principal.agency


def is_visible(principal: Principal, holder: Holder) -> bool:
    """Whether a principal may see a client or an account."""
    return agency_bound(principal) in (None, holder.agency_id)


async def one_at_a_time(session: AsyncSession) -> None:
    """Until the transaction ends no other takes rights away from who administers: of two that
    disable each other at once, the second one finds that it is disabled."""
    await session.execute(select(func.pg_advisory_xact_lock(_ADMINISTRATION)))


def require_known_counties(
    known: frozenset[str], granted: Entitlements, held: Entitlements | None = None
) -> None:
    """Raises Unprocessable for a county that the installation does not have and that was not held
    before: a misspelt one would show nothing, and nobody would know why."""
    before = frozenset() if held is None else held.counties or frozenset()
    unknown = sorted((granted.counties or frozenset()) - before - known)
    if unknown:
        raise Unprocessable(f"no such county: {', '.join(unknown)}", type="unknown-county")


async def as_of_now(session: AsyncSession, principal: Principal, scope: str) -> Principal:
    """The principal with no more than is stored now for the person and for the client, and with
    their scopes of other services, which its token cannot have but which it may pass on.

    A token stays valid for minutes after a right was withdrawn; what it wrote here would stay for
    good. So every write asks this, and does so after locking the row that it changes: an account
    that is disabled first and has that row changed next cannot undo it. Raises Forbidden when an
    account or its agency is disabled, or no longer holds `scope`.
    """
    held = Entitlements(frozenset(SCOPES), principal.counties, principal.road_classes)
    for subject in {principal.subject, principal.actor}:
        holder = await _enabled_holder(session, subject)
        if holder is None:
            raise Forbidden(f"{subject} or its agency is disabled", type="disabled")
        held = held.shared_with(holder.entitlements)
    scopes = delegable(held.scopes, principal.scopes)
    if scope not in scopes:
        raise Forbidden(f"the scope {scope} was taken away", type="missing-scope", scope=scope)
    return replace(principal, scopes=scopes, bounds=Bounds(held.counties, held.road_classes))


async def check_may_grant(
    session: AsyncSession, principal: Principal, scope: str, agency_id: str, granted: Entitlements
) -> None:
    """Raises Forbidden when that is more than the granter holds now, or in another agency."""
    granter = await as_of_now(session, principal, scope)
    bound = agency_bound(granter)
    if bound is not None and agency_id != bound:
        raise Forbidden("that agency is not yours to manage", type="other-agency")
    held = Entitlements(granter.scopes, granter.counties, granter.road_classes)
    if beyond := excess(granted, held):
        raise Forbidden(
            f"you do not hold that yourself: {', '.join(beyond)}", type="wider-than-own"
        )


async def check_may_change(
    session: AsyncSession,
    principal: Principal,
    scope: str,
    holder: Holder,
    fields: Collection[str],
) -> None:
    """Raises Forbidden when the holder has more than the principal, or is the principal itself
    and more than its secret or password is changed.

    Without the first, a new secret or password would give its holder's rights to the principal.
    """
    await check_may_grant(session, principal, scope, holder.agency_id, holder.entitlements)
    if holder.subject == principal.subject and not _OWN_TO_CHANGE.issuperset(fields):
        raise Forbidden(
            "your own account is for another administrator to change", type="own-account"
        )


async def changed_entitlements(
    session: AsyncSession,
    principal: Principal,
    scope: str,
    holder: Holder,
    changes: ChangedRights,
    known_counties: frozenset[str],
) -> Entitlements:
    """The holder's entitlements with the changes; what differs from before is a grant, and is
    checked as one."""
    current = holder.entitlements
    wanted = entitlements(
        changes.get("scopes", current.scopes),
        changes.get("counties", current.counties),
        changes.get("road_classes", current.road_classes),
    )
    require_known_counties(known_counties, wanted, current)
    if wanted != current:
        await check_may_grant(session, principal, scope, holder.agency_id, wanted)
    return wanted


async def require_agency(session: AsyncSession, agency_id: str) -> None:
    """Raises Unprocessable unless the agency is there and enabled."""
    agency = await agencies.find(session, agency_id)
    if agency is None or not agency.enabled:
        raise Unprocessable(f"no agency {agency_id}", type="unknown-agency")


async def _enabled_holder(session: AsyncSession, subject: str) -> Holder | None:
    username = subject.removeprefix(SUBJECT_PREFIX)
    if username != subject:
        return await people.find_enabled(session, username)
    return await clients.find_enabled(session, subject)
