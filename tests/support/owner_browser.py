"""What an owner's browser does at the page: forms posted with what the page put in them."""

import re
from dataclasses import dataclass, field

import httpx

from payesh.local.counterparts import Simulated

_HIDDEN = re.compile(r'<input type="hidden" name="(form|csrf)" value="([^"]+)"')
_CODE = re.compile(r"#([0-9]{6})$")


def last_code(simulated: Simulated) -> str:
    """The code of the last message that carries one."""
    found = [code for each in simulated.messages if (code := _CODE.search(each.text))]
    return found[-1][1]


@dataclass
class OwnerBrowser:
    """Cookies and the tokens of the last page."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = httpx.AsyncClient(base_url=self.url, timeout=20, headers=self.headers)
        self.hidden: dict[str, str] = {}

    async def get(self, path: str) -> httpx.Response:
        return self._seen(await self.http.get(path))

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of the last page, posted; a redirect is not followed."""
        return self._seen(await self.http.post(path, data={**self.hidden, **fields}))

    async def ask(self, number: str) -> httpx.Response:
        await self.get("/owner")
        return await self.post("/owner/code", number=number)

    async def open(self, number: str, code: str) -> httpx.Response:
        await self.get(f"/owner/code?n={number}")
        return await self.post("/owner/open", number=number, code=code)

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        found = (
            dict(_HIDDEN.findall(answer.text))
            if "html" in answer.headers.get("content-type", "")
            else {}
        )
        self.hidden = found or self.hidden
        return answer
