"""Promises of lists in pages: a cursor leads to where it was given out, or is refused."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Path
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from payesh.kit.http import create_app
from payesh.kit.paging import (
    MAX_CURSOR,
    BadCursor,
    Cursor,
    From,
    Limit,
    LongNumber,
    Number,
    ShortText,
    Text,
    To,
    UtcTime,
    decode_cursor,
    encode_cursor,
    next_cursor,
)
from tests.support.problems import problem

MOMENT = "2026-01-01T00:00:00+00:00"
ID = str(uuid4())
TIME_AND_ID = TypeAdapter(tuple[UtcTime, UUID])
EVERY_PART = TypeAdapter(tuple[UtcTime, UUID, Number, LongNumber, ShortText])


def written(*parts: Any) -> str:
    """A cursor of any JSON: what a stranger might send."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@given(
    moment=st.datetimes(
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=3, minutes=30))]),
    ),
    id=st.uuids(),
    number=st.integers(0, 2**31 - 1),
    long_number=st.integers(0, 2**63 - 1),
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
)
def test_a_cursor_leads_to_the_key_that_it_was_made_of(
    moment: datetime, id: UUID, number: int, long_number: int, text: str
) -> None:
    key = (moment, id, number, long_number, text)
    decoded = decode_cursor(encode_cursor(*key), EVERY_PART)
    assert decoded == key
    assert decoded is not None
    assert decoded[0].tzinfo is UTC


@given(st.text(max_size=MAX_CURSOR + 10))
def test_any_text_is_a_first_page_or_a_bad_cursor(text: str) -> None:
    if text:
        with pytest.raises(BadCursor):
            decode_cursor(text, TIME_AND_ID)
    else:
        assert decode_cursor(text, TIME_AND_ID) is None


@given(st.binary(min_size=1, max_size=100))
def test_any_bytes_are_a_bad_cursor(content: bytes) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(base64.urlsafe_b64encode(content).decode(), TIME_AND_ID)


BAD = {
    "no base64": "x",
    "base64 of text": "bm90IGEgY3Vyc29y",
    "not ASCII": "ب",
    "a character that base64 does not have": encode_cursor(MOMENT, ID) + "!",
    "no parts": written(),
    "too few parts": written(MOMENT),
    "too many parts": written(MOMENT, ID, "1"),
    "no list": base64.urlsafe_b64encode(b'{"at": 1}').decode(),
    "parts that are no text": written(1, 2),
    "no time": written("yesterday", ID),
    "a time without a zone": written("2026-01-01T00:00:00", ID),
    "a year below 1 in UTC": written("0001-01-01T00:00:00+14:00", ID),
    "a year above 9999 in UTC": written("9999-12-31T23:59:59-14:00", ID),
    "no id": written(MOMENT, "no id"),
    "too long": written(MOMENT, ID + " " * MAX_CURSOR),
    "nested deep": base64.urlsafe_b64encode(b"[" * 370).decode(),
}


@pytest.mark.parametrize("cursor", BAD.values(), ids=BAD)
def test_a_cursor_that_was_not_given_out_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(cursor, TIME_AND_ID)


@pytest.mark.parametrize("text", ["a\0", "\0", "\ud800"])
def test_a_cursor_with_text_that_the_database_does_not_store_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(written(text), TypeAdapter(tuple[str]))


@pytest.mark.parametrize("number", ["-1", str(2**31), "²", "1.5", "nan", "1e400", ""])
def test_a_cursor_with_a_number_that_the_database_does_not_hold_is_refused(number: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(written(number), TypeAdapter(tuple[Number]))


def test_only_a_full_page_has_a_next() -> None:
    rows = ["a", "b"]
    assert next_cursor([], 2, lambda row: (row,)) is None
    assert next_cursor(rows, 3, lambda row: (row,)) is None
    assert next_cursor(rows, 2, lambda row: (row,)) == encode_cursor("b")


class Note(BaseModel):
    text: Annotated[Text, Field(min_length=1)]


def listing() -> Any:
    router = APIRouter()

    @router.get("/items/{name}")
    async def list_items(
        name: Annotated[ShortText, Path(max_length=10)],
        since: From = None,
        until: To = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        key = decode_cursor(cursor, TIME_AND_ID)
        return {"name": name, "since": since, "until": until, "key": key, "limit": limit}

    @router.get("/words")
    async def list_words(word: ShortText | None = None) -> str | None:
        return word

    @router.post("/notes")
    async def add_note(note: Note) -> str:
        return note.text

    async def ready() -> dict[str, str]:
        return {}

    return create_app(
        service="x",
        settings=None,
        lifespan=None,
        routers=[router],
        ready=ready,
        public_routes=dict.fromkeys(("/items/{name}", "/words", "/notes"), "a test"),
    )


def caller() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=listing(), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://x")


@pytest.mark.parametrize("cursor", BAD.values(), ids=BAD)
async def test_a_bad_cursor_is_one_problem(cursor: str) -> None:
    async with caller() as http:
        answer = await http.get("/items/a", params={"cursor": cursor})
    assert problem(answer) == (422, "bad-cursor")


async def test_a_list_reads_its_parameters() -> None:
    cursor = encode_cursor(datetime.fromisoformat(MOMENT), ID)
    query: dict[str, str | int] = {
        "cursor": cursor,
        "from": "2026-01-01T03:30:00+03:30",
        "to": MOMENT,
        "limit": 200,
    }
    async with caller() as http:
        answer = await http.get("/items/a", params=query)
        first = await http.get("/items/a", params={"cursor": ""})
    moment = "2026-01-01T00:00:00Z"
    assert answer.json() == {
        "name": "a",
        "since": moment,
        "until": moment,
        "key": [moment, ID],
        "limit": 200,
    }
    assert first.json()["key"] is None


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/items/a", {"from": "0001-01-01T00:00:00+14:00"}),
        ("/items/a", {"to": "9999-12-31T23:59:59-14:00"}),
        ("/items/a", {"from": "2026-01-01T00:00:00"}),
        ("/items/a", {"from": "9" * 400}),
        ("/items/a", {"limit": 0}),
        ("/items/a", {"limit": 201}),
        ("/items/a", {"limit": "9" * 400}),
        ("/items/a%00", {}),
        ("/items/abcdefghijk", {}),
        ("/words", {"word": "a\0"}),
        ("/words", {"word": "a" * 129}),
    ],
)
async def test_what_does_not_fit_is_malformed(path: str, query: dict[str, Any]) -> None:
    async with caller() as http:
        answer = await http.get(path, params=query)
    assert problem(answer) == (422, "malformed")


@pytest.mark.parametrize("body", [r'{"text": "a\u0000"}', r'{"text": "\ud800"}', '{"text": ""}'])
async def test_text_of_a_body_that_does_not_fit_is_malformed(body: str) -> None:
    async with caller() as http:
        answer = await http.post(
            "/notes", content=body, headers={"content-type": "application/json"}
        )
        fits = await http.post("/notes", json={"text": "متن"})
    assert problem(answer) == (422, "malformed")
    assert fits.json() == "متن"
