# SPDX-License-Identifier: Apache-2.0
"""An encrypted backup of a party in one file, and a party from it.

The file: a line with its format, the vault (see ``detente.seal.vault``) of a random key under the service
passphrase, then a tar stream in pieces under that key with AES-256-GCM. Every piece is bound to its place and
the last one says that it is the last, so a file that was cut, reordered or joined does not open.
A restored party never goes on in the logs it had: see ``Home.adopt``.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detente.errors import FatalError, MalformedError, RefusedError, UsageError
from detente.node.files import PRIVATE_FILE, make_dir, sync_dir
from detente.node.home import Home
from detente.node.keystore import unlock_service
from detente.node.store import SqliteStore
from detente.node.vaults import write_service
from detente.seal import vault

MAGIC = b"detente-backup/1\n"
_PIECE = 1 << 20
_MAX_VAULT = 1 << 16
_NAMES = re.compile(
    r"party\.json|card\.json|store\.db|keys/(root|service|offices/[a-z0-9][a-z0-9._-]{0,31})\.json"
)


def backup(home: Home, out: Path, passphrase: str) -> None:
    """Write a backup of ``home`` to the new file ``out`` and read it back. Works while the node is serving.

    RefusedError: wrong passphrase, ``out`` is there, no space. FatalError: it does not read back.
    """
    unlock_service(home, passphrase)
    copy = home.path / f".backup.{os.getpid()}.db"
    try:
        handle = os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE)
    except FileExistsError:
        raise RefusedError(f"{out} is there already; a backup is never written over another") from None
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}; choose another place") from None
    try:
        with os.fdopen(handle, "wb") as file:
            written = _write(home, copy, file, passphrase)
            file.flush()
            os.fsync(file.fileno())
        sync_dir(out.absolute().parent)
        if dict(_hashes(out, passphrase)) != written:
            raise FatalError(
                f"the backup {out} does not read back as written; it was removed: try another disk"
            )
    except BaseException as error:
        out.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RefusedError(f"cannot write {out}: {error.strerror}; free some space and repeat") from None
        raise
    finally:
        copy.unlink(missing_ok=True)


def _write(home: Home, copy: Path, file: IO[bytes], passphrase: str) -> dict[str, str]:
    """Write the backup; returns name to SHA-256 of what went in."""
    copy.unlink(missing_ok=True)
    with closing(SqliteStore.open(home.store_file, read_only=True)) as store:
        store.copy_to(copy)
    with closing(SqliteStore.open(copy, read_only=True)) as store:
        wrong = store.quick_check()
    if wrong is not None:
        raise FatalError(f"the store {home.store_file} is damaged ({wrong}): see `detente doctor`")
    sources = {"store.db": copy, "card.json": home.card_file}
    sources |= {path.relative_to(home.path).as_posix(): path for path in sorted(home.keys.rglob("*.json"))}
    # Last, so that a directory without it is no home yet.
    sources["party.json"] = home.path / "party.json"
    hashes = {}
    with closing(_Sealer(file, passphrase)) as sealer, tarfile.open(fileobj=sealer, mode="w|") as archive:
        for name, path in sources.items():
            hashes[name] = _add(archive, name, path)
    return hashes


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str:
    info = tarfile.TarInfo(name)
    info.size, info.mode = path.stat().st_size, PRIVATE_FILE
    with path.open("rb") as source:
        archive.addfile(info, source)
        source.seek(0)
        return hashlib.file_digest(source, "sha256").hexdigest()


def _hashes(path: Path, passphrase: str) -> Iterator[tuple[str, str]]:
    for name, content in _members(path, passphrase):
        digest = hashlib.sha256()
        while piece := content.read(_PIECE):
            digest.update(piece)
        yield name, digest.hexdigest()


def restore(file: Path, path: Path, passphrase: str) -> Home:
    """Make a party at the new or empty directory ``path`` from a backup.

    Its own logs, and the prepared ones, stay closed: it speaks again after successions with the root key.
    UsageError: no file. RefusedError: wrong passphrase, something is there. MalformedError: cut or altered.
    """
    path = Path(path).absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RefusedError(f"{path} is there already and not empty; restore into a new directory")
    fresh = not path.exists()
    try:
        _extract(Path(file), path, passphrase)
        home = Home.open(path)
        _take_over(home, passphrase)
    except BaseException as error:
        _clear(path, remove=fresh)
        if isinstance(error, OSError):
            raise RefusedError(f"cannot restore to {path}: {error.strerror}; free some space") from None
        raise
    return home


def _clear(path: Path, *, remove: bool) -> None:
    for inside in path.iterdir() if path.is_dir() else ():
        shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
    if remove and path.is_dir():
        path.rmdir()


def _extract(file: Path, path: Path, passphrase: str) -> None:
    found = set()
    for name, content in _members(file, passphrase):
        target = path / name
        for directory in (path, path / "keys", path / "keys" / "offices", path / "run", path / "exports"):
            make_dir(directory)
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE)
        with os.fdopen(handle, "wb") as out:
            shutil.copyfileobj(content, out, _PIECE)
            out.flush()
            os.fsync(out.fileno())
        found.add(name)
    if not {"party.json", "card.json", "store.db", "keys/service.json"} <= found:
        raise MalformedError(f"the backup {file} is not whole; use another one")


def _take_over(home: Home, passphrase: str) -> None:
    """Close what may have gone on elsewhere; the vault keeps only the logs that the store knows."""
    keys = unlock_service(home, passphrase)
    with closing(SqliteStore.open(home.store_file)) as store:
        wrong = store.quick_check()
        if wrong is not None:
            raise MalformedError(f"the store in the backup is damaged ({wrong}); use another backup")
        known = store.own_logs()
        home.adopt(store, keys.logs)
    for origin in keys.logs.keys() - known:
        del keys.logs[origin]
    write_service(home, keys, passphrase)
    home.instance.close()


# The sealed stream -------------------------------------------------------------------------------------


def _nonce(index: int, last: bool) -> bytes:
    return index.to_bytes(11, "big") + bytes([last])


class _Sealer(io.RawIOBase):
    """A file to write to: cuts what comes into pieces and seals each."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        super().__init__()
        key = AESGCM.generate_key(256)
        salt, nonce = os.urandom(vault.SALT_SIZE), os.urandom(vault.NONCE_SIZE)
        head = vault.lock(key, passphrase, salt=salt, nonce=nonce)
        self._head = MAGIC + len(head).to_bytes(4, "big") + head
        self._cipher = AESGCM(key)
        self._file = file
        self._rest = bytearray()
        self._index = 0
        file.write(self._head)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._rest += data
        while len(self._rest) > _PIECE:
            self._put(bytes(self._rest[:_PIECE]), last=False)
            del self._rest[:_PIECE]
        return len(data)

    def _put(self, piece: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._index, last), piece, self._head)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._index += 1

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._rest), last=True)
        super().close()


class _Opener(io.RawIOBase):
    """A file to read from: opens the pieces in order."""

    def __init__(self, file: IO[bytes], head: bytes, key: bytes) -> None:
        super().__init__()
        self._file = file
        self._head = head
        self._cipher = AESGCM(key)
        self._rest = b""
        self._index = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._rest) < size):
            self._rest += self._next()
        cut = len(self._rest) if size < 0 else size
        piece, self._rest = self._rest[:cut], self._rest[cut:]
        return piece

    def _next(self) -> bytes:
        sealed = _exactly(self._file, int.from_bytes(_exactly(self._file, 4), "big"))
        for last in (False, True):
            try:
                piece = self._cipher.decrypt(_nonce(self._index, last), sealed, self._head)
            except InvalidTag:
                continue
            self._index += 1
            self._ended = last
            if last and self._file.read(1):
                break
            return piece
        raise MalformedError("the backup was altered or is damaged; use another one")


def _exactly(file: IO[bytes], size: int) -> bytes:
    if size > _PIECE + 16:
        raise MalformedError("the backup was altered or is damaged; use another one")
    raw = file.read(size)
    if len(raw) != size:
        raise MalformedError("the backup ends too early: it was cut; use another one")
    return raw


def _members(path: Path, passphrase: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Each file in a backup, by name; read it before the next one. The stream is checked to its end."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read the backup {path}: {error.strerror}") from None
    with file:
        if file.read(len(MAGIC)) != MAGIC:
            raise MalformedError(f"{path} is no backup that this program knows")
        opener = _Opener(file, *_unlock(file, passphrase))
        yield from _untar(opener, path)
        while opener.read(_PIECE):
            pass


def _unlock(file: IO[bytes], passphrase: str) -> tuple[bytes, bytes]:
    size = _exactly(file, 4)
    if int.from_bytes(size, "big") > _MAX_VAULT:
        raise MalformedError("the backup was altered or is damaged; use another one")
    head = _exactly(file, int.from_bytes(size, "big"))
    try:
        return MAGIC + size + head, vault.unlock(head, passphrase)
    except RefusedError:
        raise RefusedError("wrong passphrase for the backup, or the file was altered") from None
    except MalformedError:
        raise MalformedError("the backup was altered or is damaged; use another one") from None


def _untar(opener: _Opener, path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        with tarfile.open(fileobj=opener, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or not _NAMES.fullmatch(member.name):
                    raise MalformedError(f"the backup {path} holds something else than a party")
                yield member.name, content
    except tarfile.TarError:
        raise MalformedError(f"the backup {path} is damaged; use another one") from None
