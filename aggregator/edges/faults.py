"""What goes wrong on the way to a server -> a few words for the operator; no secret is in them."""

from __future__ import annotations

import socket
import ssl


def network_fault(error: OSError) -> str:
    """Why there was no connection, or why it ended. `error`: TLS faults are OSErrors, too."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"TLS: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS: {error.reason}"
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "connection refused"
        case socket.gaierror():
            return "no DNS entry"
    return error.strerror or str(error) or "the connection failed"
