# SPDX-License-Identifier: Apache-2.0
"""The console's own listener, apart from the line's: loopback unless told otherwise."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette

from detente.errors import UsageError

LOG = logging.getLogger("detente.web")
# Few people work at a console; every open page holds one connection for its events.
CONNECTIONS = 256


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the business of the program that runs both listeners."""
        yield


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets; for ``localhost`` on both loopback addresses, on one port. Port 0: any free one.

    Raises UsageError when that cannot be.
    """
    addresses = ["127.0.0.1", "::1"] if host == "localhost" else [host]
    bound: list[socket.socket] = []
    for address in addresses:
        wanted = bound[0].getsockname()[1] if bound else port
        try:
            info = socket.getaddrinfo(address, wanted, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            bound.append(socket.create_server(info[4][:2], family=info[0]))
        except OSError as error:
            # A machine without IPv6 has one loopback address only.
            if bound and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                continue
            for one in bound:
                one.close()
            raise UsageError(
                f"the console cannot listen on {host}:{port}: {error.strerror or error}"
            ) from None
    for one in bound:
        one.setblocking(False)
    return bound


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, taken apart; UsageError."""
    wrong = UsageError(f"the console's address is HOST:PORT, not {text!r}")
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if not host or port is None or parts.path:
        raise wrong
    return host, port


def url_of(host: str, port: int) -> str:
    """The address for people."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve_console(app: Starlette, host: str, port: int) -> tuple[asyncio.Task[None], str]:
    """Serve the console: (a task that ends when it is cancelled and all is closed, the URL for people).

    Raises UsageError when the address cannot be had.
    """
    sockets = bind(host, port)
    app.state.console.names.add(host.lower())
    url = url_of(host, sockets[0].getsockname()[1])
    if not _loopback(host):
        LOG.warning(
            "the console listens on %s without TLS: put a proxy in front, or keep it on an inner network",
            host,
        )
    server = _Server(_config(app))
    task = asyncio.create_task(_run(server, app, sockets), name="console")
    await asyncio.wait(
        [task, asyncio.ensure_future(server.ready.wait())], return_when=asyncio.FIRST_COMPLETED
    )
    if task.done():
        await task
    return task, url


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=16 << 10,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
    )


async def _run(server: uvicorn.Server, app: Starlette, sockets: list[socket.socket]) -> None:
    serving = asyncio.create_task(server.serve(sockets))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        app.state.console.close()
        server.should_exit = True
        await asyncio.wait([serving], timeout=5)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    finally:
        for one in sockets:
            one.close()


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
