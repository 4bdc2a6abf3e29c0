"""No input makes tickets fail, or answer what its OpenAPI document does not list."""

import asyncio

from tests.integration.tickets.conftest import Office
from tests.support.unexpected_input import attack


async def test_no_input_leads_to_an_answer_that_is_not_listed(office: Office) -> None:
    async with office.client("fuzz") as http:
        await asyncio.to_thread(attack, "tickets", office.url, http.headers)
