"""URL -> whether a web server answers there, and what time it has."""

from __future__ import annotations

import http.client
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aggregator.edges.faults import network_fault
from aggregator.model import Reached

SECONDS = 4.0
"""For each step: look-up, connection, TLS, answer."""


def reach(url: str, now: datetime, *, tls: ssl.SSLContext | None = None) -> Reached:
    """HEAD of the page. `now`: our clock, as of this moment. Never raises for the far side."""
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    try:
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = tls or ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    except (ValueError, http.client.HTTPException):
        return Reached(trouble="the address cannot be read")
    try:
        connection.request("HEAD", parts._replace(scheme="", netloc="").geturl() or "/")
        answer = connection.getresponse()
        return Reached(status=answer.status, ahead=_ahead(answer.getheader("Date", ""), now))
    except OSError as error:
        return Reached(trouble=network_fault(error))
    except (http.client.HTTPException, ValueError):
        return Reached(trouble="no HTTP answer")
    finally:
        connection.close()


def _ahead(date: str, now: datetime) -> timedelta | None:
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told.replace(tzinfo=told.tzinfo or UTC) - now
