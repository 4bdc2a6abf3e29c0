"""Promises of tokens and scopes, over keys that are fetched by HTTP."""

import asyncio
import time
from urllib.parse import unquote

import httpx
import pytest
from joserfc.jwk import OKPKey

from payesh.kit.database import Database
from payesh.kit.errors import PeerUnavailable
from payesh.kit.published_keys import JwksKeys
from tests.integration.kit.authority import (
    Authority,
    application,
    bearer,
    client_of,
    states_purpose,
)
from tests.support.problems import problem


async def test_both_algorithms_are_admitted_with_their_bounds(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    for key in authority.keys:
        answer = await client.get("/v1/reads", headers=bearer(authority.token(key=key)))
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"subject": "officer-1", "counties": ["tehran"]}


async def test_each_wrong_token_is_refused_as_invalid(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    now = int(time.time())
    foreign = OKPKey.generate_key("Ed25519", {"kid": "key-one-1"})
    unknown = OKPKey.generate_key("Ed25519", {"kid": "unknown-9"})
    wrong = [
        authority.token(exp=now - 60, nbf=now - 400),
        authority.token(nbf=now + 60),
        authority.token(aud="another"),
        authority.token(aud="urn:payesh:service:tickets"),
        authority.token(aud=["urn:payesh:service:kit-test", "urn:payesh:service:tickets"]),
        authority.token(without="aud"),
        authority.token(iss="http://evil.test"),
        authority.token(without="exp"),
        authority.token(without="counties"),
        authority.token(without="client_id"),
        authority.token(typ="JWT"),
        authority.token(typ="tree-head+jwt"),
        authority.token(key=foreign),
        authority.token(key=unknown),
        authority.token()[:-4] + "AAAA",
        "not-a-token",
        "eyJhbGciOiJub25lIiwia2lkIjoia2V5LW9uZS0xIn0.e30.",
    ]
    for token in wrong:
        answer = await client.get("/v1/reads", headers=bearer(token))
        assert problem(answer) == (401, "invalid-token"), token
        assert answer.headers["www-authenticate"].startswith("Bearer")
    expired = await client.get("/v1/reads", headers=bearer(wrong[0]))
    assert expired.json()["detail"] == "the token has expired"


async def test_no_token_no_scope_and_no_purpose_are_three_problems(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    nothing = await client.get("/v1/reads")
    assert problem(nothing) == (401, "unauthorized")
    scopeless = await client.get("/v1/reads", headers=bearer(authority.token(scope="law:read")))
    assert problem(scopeless) == (403, "missing-scope")
    purposeless = await client.get("/v1/reads", headers=bearer(authority.token(), None))
    assert problem(purposeless) == (403, "purpose-required")


@pytest.mark.parametrize("purpose", ["x%00", "two%0Alines", "ca%C2%85se"])
async def test_a_purpose_with_a_control_character_is_not_recorded(
    client: httpx.AsyncClient, authority: Authority, purpose: str
) -> None:
    read = await client.get("/v1/reads", headers=bearer(authority.token(), purpose))
    stated = await states_purpose(client, other=unquote(purpose))
    assert problem(read) == (422, "purpose")
    assert stated.status_code == 422
    assert "payesh_sign_in" not in stated.headers.get("set-cookie", "")


async def test_a_purpose_may_hold_a_zero_width_non_joiner(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    purpose = "%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85"
    read = await client.get("/v1/reads", headers=bearer(authority.token(), purpose))
    assert read.status_code == 200


async def test_unknown_keys_do_not_flood_access_with_requests(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    await client.get("/v1/reads", headers=bearer(authority.token()))
    before = authority.requests
    for number in range(20):
        unknown = OKPKey.generate_key("Ed25519", {"kid": f"unknown-{number}"})
        await client.get("/v1/reads", headers=bearer(authority.token(key=unknown)))
    assert authority.requests <= before + 1


async def test_a_new_key_is_known_within_three_seconds_of_its_first_token(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0
    keys = JwksKeys(f"{authority.url}/jwks.json", clock_s=lambda: now_s)
    await keys.key_set(authority.keys[0].kid)
    added = OKPKey.generate_key("Ed25519", {"kid": "key-three-3"})
    monkeypatch.setattr(authority, "published", [*authority.published, added])
    now_s = 3.1
    assert added.kid in {key.kid for key in (await keys.key_set(added.kid)).keys}


async def test_made_up_keys_neither_flood_access_nor_hold_up_a_new_key(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0
    keys = JwksKeys(f"{authority.url}/jwks.json", clock_s=lambda: now_s)
    added = OKPKey.generate_key("Ed25519", {"kid": "key-three-3"})
    first_known_s = None
    before = authority.requests
    for tick in range(300):  # 30 s of ten made-up keys a second
        now_s = tick / 10
        if tick == 110:
            monkeypatch.setattr(authority, "published", [*authority.published, added])
        await keys.key_set(f"made-up-{tick}")
        if first_known_s is None and added.kid in {
            key.kid for key in (await keys.key_set(added.kid)).keys
        }:
            first_known_s = now_s
    assert authority.requests - before <= 10
    assert first_known_s is not None and first_known_s <= 14.2


async def test_a_token_of_a_new_key_waits_for_the_fetch_that_is_under_way(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page sends several requests at once: not the first alone is admitted."""
    now_s = 0.0
    keys = JwksKeys(f"{authority.url}/jwks.json", clock_s=lambda: now_s)
    await keys.key_set(authority.keys[0].kid)
    added = OKPKey.generate_key("Ed25519", {"kid": "key-three-3"})
    monkeypatch.setattr(authority, "published", [*authority.published, added])
    now_s, before = 31.0, authority.requests
    answers = await asyncio.gather(*(keys.key_set(added.kid) for _ in range(5)))
    assert all(added.kid in {key.kid for key in answer.keys} for answer in answers)
    assert authority.requests == before + 1


async def test_a_withdrawn_key_is_refused_soon_and_keys_outlive_an_absence_of_access(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0

    def pass_by(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    async def known() -> set[str | None]:
        return {key.kid for key in (await keys.key_set(second.kid)).keys}

    first, second = authority.keys
    keys = JwksKeys(f"{authority.url}/jwks.json", clock_s=lambda: now_s)
    assert await known() == {first.kid, second.kid}
    monkeypatch.setattr(authority, "published", [second])
    pass_by(31)
    assert await known() == {second.kid}
    keys._url = "http://127.0.0.1:1/jwks.json"
    pass_by(890)
    assert await known() == {second.kid}
    pass_by(20)
    for _ in range(2):  # the second answer comes without another request
        with pytest.raises(PeerUnavailable):
            await known()


async def test_an_absent_access_is_503_and_not_401(
    authority: Authority, database: Database
) -> None:
    async with client_of(application("http://127.0.0.1:1", database)) as client:
        answer = await client.get("/v1/reads", headers=bearer(authority.token()))
    assert problem(answer) == (503, "unavailable")
    assert "retry-after" in answer.headers
