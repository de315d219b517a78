"""A request -> its body, within a size and a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response


async def body_of(request: Request, *, most: int, within: timedelta) -> bytes | Response:
    """The body, or why it is not taken. `most`: bytes."""
    body = bytearray()
    try:
        async with asyncio.timeout(within.total_seconds()):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    return PlainTextResponse(f"More than {most:,} bytes.\n", 413)
    except TimeoutError:
        return PlainTextResponse("Too slow.\n", 408)
    except ClientDisconnect:
        return PlainTextResponse("", 400)
    return bytes(body)
