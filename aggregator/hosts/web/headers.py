"""Headers on every answer, whoever gives it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No script, no frame, nothing from elsewhere: what a hostile headline smuggles in is dead.
SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
            b"base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


def secured(app: ASGIApp) -> ASGIApp:
    """`app`, its answers with the security headers; errors that it makes a 500 of as well."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *SECURITY]
            await send(message)

        await app(scope, receive, with_headers)

    return wrapped
