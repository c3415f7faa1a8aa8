# SPDX-License-Identifier: Apache-2.0
"""A bundle as a zip: written the same way every time, read within limits and never unpacked to disk."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TypeAlias

from detente.errors import MalformedError

# A bundle has plain names as paths; anything else is meant for another file.
_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*", re.ASCII)
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold: no clock of the exporter's goes in
_CHUNK = 1 << 20
# What cannot be compressed grows by a few bytes in each of its blocks.
_SLACK = 1 << 16
_NOT_A_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
# Of a local header: mark, flags, method, lengths of name and extra field (APPNOTE 4.3.7).
_LOCAL = struct.Struct("<4s2x2H16x2H")
_ENCRYPTED, _UTF8 = 0x1, 0x800
# (offset, length) to the bytes of the file there, fewer at its end.
ReadAt: TypeAlias = Callable[[int, int], bytes]


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
    except _NOT_A_ZIP as error:
        raise MalformedError(f"the bundle is not a readable zip: {error}") from None


class Unread(Mapping[str, bytes]):
    """The files of a bundle, each read when it is asked for: a record may be larger than memory.

    Asking raises MalformedError for one that is not as the zip's directory says.
    """

    def __init__(self, infos: Iterable[zipfile.ZipInfo], read_at: ReadAt) -> None:
        self._infos = {info.filename: info for info in infos}
        self._read_at = read_at

    def __getitem__(self, path: str) -> bytes:
        return _member(self._infos[path], self._read_at)

    def __contains__(self, path: object) -> bool:
        return path in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)


def unread(stream: IO[bytes], read_at: ReadAt, limits: ZipLimits = LIMITS) -> Unread:
    """As ``read``, but nothing is unpacked before it is asked for. ``read_at`` reads the same file.

    Where it does not use the position of ``stream``, several processes may ask at once.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = _infos(archive, limits)
    except _NOT_A_ZIP as error:
        raise MalformedError(f"the bundle is not a readable zip: {error}") from None
    if sum(info.file_size for info in infos) > limits.total_bytes:
        raise MalformedError(f"the bundle holds more than {limits.total_bytes} bytes")
    names: set[str] = set()
    for info in infos:
        _check(info, limits)
        if info.compress_size > limits.file_bytes + _SLACK or info.header_offset < 0:
            raise MalformedError(f"{info.filename} is longer packed than it may be unpacked")
        if info.filename in names:
            raise MalformedError(f"{info.filename} stands twice in the bundle")
        names.add(info.filename)
    return Unread(infos, read_at)


def _member(info: zipfile.ZipInfo, read_at: ReadAt) -> bytes:
    """One file by its place in the zip, checked against length and sum of the directory (APPNOTE 4.3.7)."""
    name = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")
    # Most headers have no extra field: then one read brings all.
    raw = read_at(info.header_offset, _LOCAL.size + len(name) + info.compress_size)
    if len(raw) < _LOCAL.size:
        raise MalformedError(f"{info.filename} is cut off")
    mark, flags, method, name_size, extra_size = _LOCAL.unpack_from(raw)
    start = _LOCAL.size + name_size + extra_size
    if mark != b"PK\3\4" or raw[_LOCAL.size : _LOCAL.size + name_size] != name:
        raise MalformedError(f"{info.filename} does not stand where the zip's directory says")
    if flags & _ENCRYPTED or method != info.compress_type:
        raise MalformedError(f"{info.filename} is not kept as the zip's directory says")
    packed = raw[start:] if extra_size == 0 else read_at(info.header_offset + start, info.compress_size)
    content = packed
    if method == zipfile.ZIP_DEFLATED:
        try:
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, info.file_size + 1)
        except zlib.error as error:
            raise MalformedError(f"{info.filename} does not unpack: {error}") from None
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise MalformedError(f"{info.filename} is not what the zip's directory says")
    return content


def _infos(archive: zipfile.ZipFile, limits: ZipLimits) -> list[zipfile.ZipInfo]:
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    if len(infos) > limits.files:
        raise MalformedError(f"the bundle has {len(infos)} files; the limit is {limits.files}")
    return infos


def _read_all(archive: zipfile.ZipFile, limits: ZipLimits) -> dict[str, bytes]:
    infos = _infos(archive, limits)
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
