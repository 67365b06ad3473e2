"""Whether a port can be listened on: asked before what takes long, so that one line says it."""

from __future__ import annotations

import socket


def trouble(host: str, port: int) -> str | None:
    """Why nobody can listen there now; None if somebody can (or `host` is a name that we cannot look up)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            return None
        except OSError as error:
            return f"port {port} on {host} cannot be used ({error.strerror})"
    return None
