# SPDX-License-Identifier: Apache-2.0
"""A peer from another trade, in the same run: NATS JetStream, publish with acknowledgement.

The server comes from the distribution; its protocol is plain text, so a few lines here speak it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import time
from pathlib import Path

from figures import Sheet
from floor import MESSAGE
from parties import free_port

UNDER_WAY = 256
NAME = "NATS JetStream, publish with acknowledgement"


def measure(sheet: Sheet, place: Path, quick: bool) -> None:
    """Latency of one message and messages a second with 256 under way; a note where there is no server."""
    server = shutil.which("nats-server") or _unpack(place)
    if server is None:
        sheet.put(NAME, skipped="nats-server is not installed and could not be had from the distribution")
        return
    port = free_port()
    settings = place / "nats.conf"
    settings.write_text(f"listen: 127.0.0.1:{port}\njetstream {{ store_dir: {place / 'jetstream'} }}\n")
    with (place / "nats.log").open("wb") as log:
        process = subprocess.Popen([server, "-c", str(settings)], stdout=log, stderr=log)
    try:
        asyncio.run(_publish(sheet, port, 300 if quick else 2000, 2000 if quick else 20_000))
    finally:
        process.terminate()
        process.wait(10)


def _unpack(place: Path) -> str | None:
    """The server from the distribution's package, unpacked beside the measurement; None without one."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    where = place / "nats"
    where.mkdir()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        download = ["apt-get", "download", "-q", "nats-server"]
        subprocess.run(download, cwd=where, check=True, capture_output=True, timeout=60)
        for package in where.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(where)], check=True, timeout=60)
    found = [path for path in where.rglob("nats-server") if path.is_file() and path.stat().st_mode & 0o100]
    return str(found[0]) if found else None


class _Client:
    """As much of a NATS client as publishing needs: one inbox, answers in the order of their numbers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self._number = 0
        writer.write(b'CONNECT {"verbose":false,"pedantic":false,"headers":false}\r\nSUB inbox.* 1\r\n')
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while line := await self._reader.readline():
            if line.startswith(b"MSG "):
                subject, size = line.split()[1], int(line.split()[-1])
                answer = (await self._reader.readexactly(size + 2))[:-2]
                self._waiting.pop(subject).set_result(answer)
            elif line.startswith(b"PING"):
                self._writer.write(b"PONG\r\n")
            elif line.startswith(b"-ERR"):
                raise SystemExit(f"nats-server: {line!r}")

    async def ask(self, subject: bytes, payload: bytes) -> bytes:
        """Publish and wait for the answer."""
        self._number += 1
        inbox = b"inbox.%d" % self._number
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[inbox] = future
        self._writer.write(b"PUB %b %b %d\r\n%b\r\n" % (subject, inbox, len(payload), payload))
        return await future


async def _publish(sheet: Sheet, port: int, count: int, many: int) -> None:
    client = await _connect(port)
    stream = {"name": "S", "subjects": ["s.>"], "storage": "file", "retention": "limits", "num_replicas": 1}
    made = json.loads(await client.ask(b"$JS.API.STREAM.CREATE.S", json.dumps(stream).encode()))
    if "error" in made:
        raise SystemExit(f"nats-server: {made['error']}")
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        await client.ask(b"s.a", MESSAGE)
        taken.append(time.perf_counter() - began)
    sheet.spread(NAME, taken, synced=False)
    room = asyncio.Semaphore(UNDER_WAY)

    async def one() -> None:
        async with room:
            await client.ask(b"s.a", MESSAGE)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(many)))
    took = time.perf_counter() - began
    sheet.put(f"{NAME}, {UNDER_WAY} under way", messages=many, per_second=round(many / took), synced=False)
    client.task.cancel()


async def _connect(port: int) -> _Client:
    for _ in range(100):
        with contextlib.suppress(OSError):
            return _Client(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 22))
        await asyncio.sleep(0.05)
    raise SystemExit("nats-server does not answer")
