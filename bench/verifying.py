# SPDX-License-Identifier: Apache-2.0
"""``detente verify`` beside what the cores can do: Ed25519 checks of the same library, and nothing else."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from figures import Sheet
from parties import Parties

from detente.seal import keys

MESSAGE = os.urandom(550)
SMALL = "small.zip"


def small(parties: Parties) -> None:
    """Write a bundle of a few entries, to know what each call of the program costs by itself."""
    parties.call("export", "ua", parties.channel, SMALL)


def measure(sheet: Sheet, parties: Parties, quick: bool) -> None:
    """The channel as the receiving side exports it, without the other's bodies and with them."""
    exported, export_s = _export(parties, "plain.zip")
    _, export_all_s = _export(parties, "out.zip", "--disclose", "all")
    raw = [_raw(0.3 if quick else 1.5)]
    count = _count(parties, "plain.zip")
    start = min(_verify(parties, SMALL) for _ in range(3))
    signatures = _verify(parties, "plain.zip")
    bodies = _verify(parties, "out.zip")
    hashes = min(_verify(parties, "plain.zip", "--hashes-only") for _ in range(3))
    raw.append(_raw(0.3 if quick else 1.5))
    rate = sum(raw) / len(raw)

    def per_second(seconds: float) -> int:
        return round(exported / max(seconds - start, 0.001))

    checked = count / max(signatures - start, 0.001)
    sheet.put(
        "export and verify",
        entries=exported,
        signatures=count,
        signatures_per_second=round(checked),
        signatures_share_of_raw=round(checked / rate, 2),
        export_s=round(export_s, 2),
        export_all_s=round(export_all_s, 2),
        start_s=round(start, 2),
        verify_s=round(signatures, 2),
        verify_bodies_s=round(bodies, 2),
        hashes_only_s=round(hashes, 2),
        raw_per_second=round(rate),
        per_second=per_second(signatures),
        share_of_raw=round(per_second(signatures) / rate, 2),
        per_second_with_bodies=per_second(bodies),
        share_with_bodies=round(per_second(bodies) / rate, 2),
        per_second_hashes_only=per_second(hashes),
        bundle_bytes=Path(parties.place / "out.zip").stat().st_size,
    )


def _export(parties: Parties, name: str, *options: str) -> tuple[int, float]:
    began = time.perf_counter()
    told = json.loads(parties.call("export", "ua", parties.channel, name, *options, "--json"))
    return int(told["entries"]), time.perf_counter() - began


def _verify(parties: Parties, name: str, *options: str) -> float:
    began = time.perf_counter()
    report = json.loads(parties.call("verify", name, *options, "--json"))
    took = time.perf_counter() - began
    if not report["valid"]:
        raise SystemExit(f"{name} does not verify")
    return took


def _count(parties: Parties, name: str) -> int:
    """Ed25519 signatures that one verification checks, counted where it calls the library."""
    from detente.record.bundle_zip import read
    from detente.record.verify import verify

    held, found = keys._ed25519, 0  # noqa: SLF001

    def counted(public: bytes) -> Ed25519PublicKey:
        nonlocal found
        found += 1
        return held(public)

    keys._ed25519 = counted  # type: ignore[assignment]  # noqa: SLF001
    try:
        verify(read((parties.place / name).read_bytes()))  # in this process alone
    finally:
        keys._ed25519 = held  # noqa: SLF001
    return found


def _raw(seconds: float) -> float:
    """Signatures checked a second, by as many processes as there are cores."""
    cores = len(os.sched_getaffinity(0))
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        return sum(pool.map(_check, [seconds] * cores, chunksize=1))


def _check(seconds: float) -> float:
    key = Ed25519PrivateKey.generate()
    signature, public = key.sign(MESSAGE), key.public_key()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(100):
            public.verify(signature, MESSAGE)
        count += 100
    return count / (time.perf_counter() - began)
