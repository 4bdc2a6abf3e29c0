"""No input makes detect fail, or answer what its OpenAPI document does not list."""

import asyncio

from tests.integration.detect.conftest import CountingHouse
from tests.support.unexpected_input import attack


async def test_no_input_leads_to_an_answer_that_is_not_listed(house: CountingHouse) -> None:
    async with house.client(sub="person:fuzz") as http:
        await asyncio.to_thread(attack, "detect", house.url, http.headers)
