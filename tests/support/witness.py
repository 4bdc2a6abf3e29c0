"""A witness as another authority would run it: it keeps only heads that add to what it has."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from payesh.access.adapters.tree_head_statements import opened
from payesh.access.domain.merkle import EMPTY_ROOT, consistent, root_of
from tests.support.serving import served


@dataclass
class KeepingWitness:
    """Holds the newest head and every line it took; `forget` makes it know an earlier tree."""

    tree_size: int = 0
    root: bytes = EMPTY_ROOT
    lines: list[dict[str, Any]] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    token: str | None = None
    key_id: str | None = None
    url: str = ""

    def take(self, body: dict[str, Any]) -> JSONResponse:
        if body["first"] != self.tree_size:
            return JSONResponse({"tree_size": self.tree_size}, status_code=409)
        head, key_id, endorsement = opened(body["tree_head"])
        endorsed = endorsement is not None and (endorsement.key_id, endorsement.next_key_id)
        if self.key_id not in (None, key_id) and endorsed != (self.key_id, key_id):
            self.refused.append(body["tree_head"])
            return JSONResponse({}, status_code=422)
        proof = [bytes.fromhex(each) for each in body["consistency"]]
        if not consistent(self.tree_size, self.root, head.tree_size, head.root_hash, proof):
            self.refused.append(body["tree_head"])
            return JSONResponse({}, status_code=422)
        if "leaf_hashes" in body:
            joined = base64.b64decode(body["leaf_hashes"])
            self.leaves += [joined[at : at + 32] for at in range(0, len(joined), 32)]
            assert root_of(self.leaves) == head.root_hash
        self.key_id = key_id
        self.tree_size, self.root = head.tree_size, head.root_hash
        self.lines.append(body)
        return JSONResponse({})

    def write(self, path: Path) -> Path:
        path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        return path


@asynccontextmanager
async def witness_served(witness: KeepingWitness) -> AsyncIterator[KeepingWitness]:
    app = FastAPI()

    @app.post("/heads")
    async def heads(request: Request) -> JSONResponse:
        expected = f"Bearer {witness.token}" if witness.token else None
        if request.headers.get("Authorization") != expected:
            return JSONResponse({}, status_code=401)
        return witness.take(await request.json())

    async with served(app) as url:
        witness.url = f"{url}/heads"
        yield witness
