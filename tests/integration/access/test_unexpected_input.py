"""No input makes access fail, or answer what its OpenAPI document does not list."""

import asyncio
import secrets

import pytest

from tests.support.unexpected_input import attack

from .conftest import PURPOSE, Browser, RunningAccess

# Keys that tests rest on are rotated by a test of its own.
_ROTATION = "POST /v1/keys/rotate"


async def test_no_input_leads_to_an_answer_that_is_not_listed(access: RunningAccess) -> None:
    scopes = ["agencies:read", "agencies:write", "audit:read", "clients:read", "clients:write"]
    scopes += ["people:read", "people:write", "keys:write"]
    headers = await access.bearer_with(scopes=scopes, counties="*")
    await asyncio.to_thread(attack, "access", access.url, headers | PURPOSE, without={_ROTATION})


ODD = ("\0", "a\0b", "\ufffd" * 50, "x" * 150, "\u202e", "\U0010ffff", "'; --")


@pytest.mark.parametrize("odd", ODD, ids=ascii)
async def test_odd_texts_sign_nobody_in_and_break_nothing(
    access: RunningAccess, browser: Browser, odd: str
) -> None:
    assert (await browser.sign_in(odd)).status_code == 401
    assert (await browser.sign_in(secrets.token_hex(4), password=odd)).status_code == 401
    assert (await browser.sign_in(odd, then=odd)).status_code == 401
    for changed in ("client_id", "redirect_uri", "state", "code_challenge", "scope"):
        answer = await browser.authorize(**{changed: odd})
        assert answer.status_code in (302, 303, 400), (changed, answer.status_code)
    for changed in ("code", "redirect_uri", "code_verifier", "scope", "client_id"):
        answer = await browser.redeem(**({"code": "none"} | {changed: odd}))
        assert answer.status_code in (400, 401), (changed, answer.text)
    machine = await access.token(odd, odd, scope=odd)
    assert machine.status_code == 401


@pytest.mark.parametrize("odd", ODD, ids=ascii)
async def test_odd_texts_in_bodies_are_malformed_or_kept(access: RunningAccess, odd: str) -> None:
    answers = [
        await access.new_client(name=odd),
        await access.new_client(redirect_uris=[f"https://x.example/{odd}"]),
        await access.new_client(scopes=[odd]),
        await access.new_person(name=odd),
        await access.new_person(password=f"a long enough phrase {odd}"),
        await access.new_person(agency=odd),
    ]
    assert {each.status_code for each in answers} <= {201, 422}
