# SPDX-License-Identifier: Apache-2.0
"""A reading room served on this machine until cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from detente.node.room import Room
from detente.web.listener import address, serve_console
from detente.web.room.app import Desk, create_room_app


async def run(room: Room, by: str, listen: str, on_ready: Callable[[str], None]) -> None:
    """Serve ``room`` until cancelled; ``on_ready`` gets the address with its key. UsageError."""
    desk = Desk(room, by)
    app = create_room_app(desk)
    task, url = await serve_console(app, *address(listen))
    try:
        on_ready(f"{url}/open?key={desk.key}")
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
