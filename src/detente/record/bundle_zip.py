# SPDX-License-Identifier: Apache-2.0
"""A bundle as a zip: written the same way every time, read within limits and never unpacked to disk."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from detente.errors import MalformedError

# A bundle has plain names as paths; anything else is meant for another file.
_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*", re.ASCII)
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold: no clock of the exporter's goes in
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ZipLimits:
    """What a bundle may cost whoever opens it."""

    # A million entries are about 4,000 tiles and bundles; bodies are one file each.
    files: int = 2_000_000
    # One body of 1 MiB as JSON with its seed; a bundle of 256 leaves of 64 KiB is 16 MiB.
    file_bytes: int = 32 << 20
    # Everything is held in memory while it is verified.
    total_bytes: int = 4 << 30
    # Deflate makes at most about 1,000 of one; text that people write makes 20.
    ratio: int = 200
    # Below this size a high ratio costs nothing: tiles of a small log, repeated text.
    free_bytes: int = 2 << 20


LIMITS = ZipLimits()


def write(files: Mapping[str, bytes], out: IO[bytes]) -> None:
    """Write ``files`` as a zip: sorted, without clock times, so that the same record gives the same bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[path])


def to_bytes(files: Mapping[str, bytes]) -> bytes:
    """``write`` into memory."""
    out = io.BytesIO()
    write(files, out)
    return out.getvalue()


def read(source: bytes | IO[bytes], limits: ZipLimits = LIMITS) -> dict[str, bytes]:
    """Path to content of every file of a bundle. MalformedError for anything outside the limits.

    Refused: paths that leave the bundle or stand there twice, links, encryption, unknown compression, bombs.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with zipfile.ZipFile(stream) as archive:
            return _read_all(archive, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise MalformedError(f"the bundle is not a readable zip: {error}") from None


def _read_all(archive: zipfile.ZipFile, limits: ZipLimits) -> dict[str, bytes]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > limits.files:
        raise MalformedError(f"the bundle has {len(infos)} files; the limit is {limits.files}")
    files: dict[str, bytes] = {}
    room = limits.total_bytes
    for info in infos:
        _check(info, limits)
        if info.filename in files:
            raise MalformedError(f"{info.filename} stands twice in the bundle")
        content = _read_one(archive, info, min(limits.file_bytes, room))
        room -= len(content)
        files[info.filename] = content
    return files


def _check(info: zipfile.ZipInfo, limits: ZipLimits) -> None:
    """Judge a file by its header, before a byte of it is unpacked."""
    shown = info.filename[:200]
    if not _PATH.fullmatch(info.filename) or len(info.filename) > 255:
        raise MalformedError(f"the bundle has a file with a path that is none of a bundle's: {shown!r}")
    if info.flag_bits & 0x1 or info.compress_type not in _PLAIN:
        raise MalformedError(f"{shown} is encrypted or compressed in a way that a bundle is not")
    if info.external_attr >> 16 & 0o170000 not in (0, 0o100000):
        raise MalformedError(f"{shown} is not a plain file")
    if info.file_size > limits.file_bytes:
        raise MalformedError(f"{shown} has {info.file_size} bytes; the limit is {limits.file_bytes}")
    if info.file_size > max(limits.free_bytes, info.compress_size * limits.ratio):
        raise MalformedError(f"{shown} unpacks to far more than it holds")


def _read_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> bytes:
    """The content, counted as it comes out: a header may lie about the size."""
    out = bytearray()
    with archive.open(info) as stream:
        while chunk := stream.read(_CHUNK):
            out += chunk
            if len(out) > room:
                raise MalformedError(f"{info.filename} takes the bundle above its size limit")
    return bytes(out)
