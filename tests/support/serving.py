"""An application served over HTTP on loopback, as in production."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Its address, once its lifespan has begun."""
    async with served_at(app, 0) as url:
        yield url


@asynccontextmanager
async def served_at(app: FastAPI, port: int) -> AsyncIterator[str]:
    """As `served`, at a port that others were already told of."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="on"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server ended before it began"
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
