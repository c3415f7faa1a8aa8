# SPDX-License-Identifier: Apache-2.0
"""What no program can be faster than here: durable commits, a TLS round trip, signatures, and their sum."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sqlite3
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from figures import Sheet

from detente.node.selfsigned import make_tls

MESSAGE = os.urandom(1024)
ANSWER = 128


def measure(sheet: Sheet, place: Path, quick: bool) -> None:
    """All of it, busy and at 50 a second: with pauses processors and disk sleep; waking them takes time."""
    _floor(sheet, place, "", 0.0, 300 if quick else 2000)
    _floor(sheet, place, " at 50 a second", 0.02, 50 if quick else 150)


def _floor(sheet: Sheet, place: Path, name: str, pause: float, count: int) -> None:
    """The floor for one entry kept, sent, kept there and receipted."""
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key(), key.sign(MESSAGE)
    sign = _each(lambda: key.sign(MESSAGE), count, pause)
    verify = _each(lambda: public.verify(signature, MESSAGE), count, pause)
    one = sheet.spread(f"Ed25519 sign, 1 KiB{name}", sign)["median_us"]
    two = sheet.spread(f"Ed25519 verify, 1 KiB{name}", verify)["median_us"]
    commit = sheet.spread(f"SQLite commit, synced, 1 KiB{name}", _commits(place, count, pause))["median_us"]
    trips = _round_trips(_certificate(place), count, pause)
    trip = sheet.spread(f"TLS 1.3 round trip, 1 KiB and 128 B{name}", trips)["median_us"]
    sheet.put(
        f"floor{name}",
        median_us=round(2 * commit + trip + 2 * (one + two), 1),
        commits_us=round(2 * commit, 1),
        round_trip_us=trip,
        signatures_us=round(2 * (one + two), 1),
    )


def _each(step: Callable[[], object], count: int, pause: float) -> list[float]:
    taken = []
    for _ in range(count):
        if pause:
            time.sleep(pause)
        began = time.perf_counter()
        step()
        taken.append(time.perf_counter() - began)
    return taken


def _commits(place: Path, count: int, pause: float) -> list[float]:
    """One row a transaction; WAL, synchronous FULL."""
    db = sqlite3.connect(place / "floor.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS rows(n INTEGER PRIMARY KEY, raw BLOB)")

    def commit() -> None:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO rows(raw) VALUES(?)", (MESSAGE,))
        db.execute("COMMIT")

    try:
        return _each(commit, count, pause)
    finally:
        db.close()


def _certificate(place: Path) -> Path:
    key, certificate = make_tls(None)
    path = place / "floor.pem"
    path.write_bytes(key + certificate)
    return path


def _answer(listener: socket.socket, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate)
    plain, _ = listener.accept()
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with context.wrap_socket(plain, server_side=True) as wire:
        while True:
            got = 0
            while got < len(MESSAGE):
                piece = wire.recv(4096)
                if not piece:
                    return
                got += len(piece)
            wire.sendall(MESSAGE[:ANSWER])


def _round_trips(certificate: Path, count: int, pause: float) -> list[float]:
    """Blocking sockets between two processes, kept alive."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate)
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = multiprocessing.get_context("fork").Process(target=_answer, args=(listener, certificate))
        other.start()
        plain = socket.create_connection(listener.getsockname())
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(plain) as wire:
            for _ in range(count + 20):
                if pause:
                    time.sleep(pause)
                began = time.perf_counter()
                wire.sendall(MESSAGE)
                got = 0
                while got < ANSWER:
                    got += len(wire.recv(4096))
                taken.append(time.perf_counter() - began)
        other.join(10)
    return taken[20:]
