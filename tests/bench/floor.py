"""The yardstick: a bare relay on the product's own stack, without keys, routing or tracing.

What axonhub adds to this is its own cost.

    UPSTREAM=http://127.0.0.1:19911 uvicorn floor:app --port 18200 --loop uvloop --http httptools
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from functools import cache

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

UPSTREAM = os.environ["UPSTREAM"]
NOT_FORWARDED = frozenset(
    b"host content-length connection transfer-encoding accept-encoding".split()
)


@cache
def client() -> httpx.AsyncClient:
    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )

    return httpx.AsyncClient(
        transport=AiohttpTransport(client=session), timeout=None, trust_env=False
    )


async def relay(request: Request) -> Response:
    headers = [(name, value) for name, value in request.headers.raw if name not in NOT_FORWARDED]
    call = client().build_request(
        "POST", UPSTREAM + request.url.path, headers=headers, content=await request.body()
    )
    upstream = await client().send(call, stream=True)
    kept = {
        name.decode(): value.decode()
        for name, value in upstream.headers.raw
        if name.lower() not in NOT_FORWARDED
    }
    if "text/event-stream" not in upstream.headers.get("content-type", ""):
        body = b"".join([chunk async for chunk in upstream.aiter_raw()])
        await upstream.aclose()
        return Response(body, upstream.status_code, kept)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async for chunk in upstream.aiter_raw():
                yield chunk
        finally:
            await upstream.aclose()

    return StreamingResponse(chunks(), upstream.status_code, kept)


_PATHS = ("/v1/messages", "/v1/chat/completions")
app = Starlette(routes=[Route(path, relay, methods=["POST"]) for path in _PATHS])
