"""No input makes plates fail, or answer what its OpenAPI document does not list."""

import asyncio

from tests.integration.plates.conftest import RunningService
from tests.support.unexpected_input import attack


async def test_no_input_leads_to_an_answer_that_is_not_listed(service: RunningService) -> None:
    async with service.client(sub="person:fuzz") as http:
        await asyncio.to_thread(attack, "plates", service.url, http.headers)
