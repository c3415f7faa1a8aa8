# SPDX-License-Identifier: Apache-2.0
"""What goes into a bundle, what it discloses, and zips that mean harm."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from detente.errors import MalformedError, UsageError
from detente.record import bundle, bundle_zip
from detente.record.bundle_zip import ZipLimits
from detente.record.verify import verify

Reader: TypeAlias = Callable[..., dict[str, bytes]]


def test_bundle_has_the_promised_files(exchange: Any) -> None:
    files = exchange.files()
    entry = exchange.by.ids[2]
    promised = {
        "logs/BY/checkpoint", "logs/UA/checkpoint", "logs/BY/tile/0/000.p/7", "logs/BY/tile/entries/000.p/7",
        "keys/log-BY.vkey", "keys/receipt-UA.vkey", "README.txt", f"bodies/{entry}.json",
    }  # fmt: skip
    assert promised <= set(files)
    assert any(path.startswith("logs/BY/receipts/UA-") for path in files)
    assert any(path.startswith("logs/BY/items/UA-") for path in files)
    assert any(path.startswith("credentials/card-") for path in files)
    assert exchange.by.fpr in files["README.txt"].decode()


def test_witness_counts_as_a_holder(exchange: Any, new_party: Any) -> None:
    neutral = new_party("W")
    exchange.by.cosigned(neutral)
    logs = [exchange.by.bundled(), exchange.ua.bundled()]
    files = bundle.build(logs, exchange.bodies(), witnesses={"geneva": str(neutral.receipt_vkey)})
    report = verify(files)
    assert report.problems == []
    assert "witness geneva" in {held.by for held in report.entries[3].receipted}


def opened() -> dict[str, Any]:
    body = {"text": "x", "list": [{"a": 1}, {"a": 2}], "empty": {}}
    return {"e1": (body, b"1" * 32), "e2": ({"text": "y"}, b"2" * 32)}


NAMES = {"e1": "e1", "BY-1": "e1", "e2": "e2", "UA-1": "e2", "UA-9": "e9"}


@pytest.mark.parametrize(
    ("options", "whole", "partly"),
    [
        ([], ["e1"], []),
        (["all"], ["e1", "e2"], []),
        (["UA-1"], ["e1", "e2"], []),
        (["UA-1:/text"], ["e1"], ["e2"]),
        (["BY-1:text"], [], ["e1"]),
        (["all", "BY-1:text"], ["e2"], ["e1"]),
    ],
)
def test_what_is_disclosed(options: list[str], whole: list[str], partly: list[str]) -> None:
    found = bundle.disclosed(bundle.parse_disclose(options, NAMES), opened(), own=["e1"])
    assert sorted(entry for entry, how in found.items() if isinstance(how, tuple)) == whole
    assert sorted(entry for entry, how in found.items() if isinstance(how, list)) == partly


def test_path_opens_everything_below_it() -> None:
    asked = bundle.parse_disclose(["BY-1:/list"], NAMES)
    paths = [item["path"] for item in bundle.disclosed(asked, opened(), own=[])["e1"]]  # type: ignore[call-overload]
    assert paths == ["/list/0/a", "/list/1/a"]


@pytest.mark.parametrize("option", ["BY-2", "BY-2:/text", "BY-1:/nothing", "UA-9"])
def test_what_cannot_be_disclosed_is_a_wrong_call(option: str) -> None:
    with pytest.raises(UsageError):
        bundle.disclosed(bundle.parse_disclose([option], NAMES), opened(), own=[])


# Zips.


def test_zip_round_trip_is_the_same_every_time(exchange: Any) -> None:
    files = exchange.files()
    raw = bundle_zip.to_bytes(files)
    assert bundle_zip.read(raw) == files
    assert raw == bundle_zip.to_bytes(dict(reversed(files.items())))


def lazily(raw: bytes, limits: ZipLimits = bundle_zip.LIMITS) -> dict[str, bytes]:
    """As ``bundle_zip.read``, one file after the other."""
    stream = io.BytesIO(raw)
    return dict(bundle_zip.unread(stream, lambda at, length: raw[at : at + length], limits))


both = pytest.mark.parametrize("read", [bundle_zip.read, lazily])


@both
def test_zip_gives_back_its_files(exchange: Any, read: Reader) -> None:
    files = exchange.files()
    assert read(bundle_zip.to_bytes(files)) == files


def zipped(*names: str, content: bytes = b"x", mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


@both
@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../b", "a//b", "C:\\x", ".hidden", "a/.b", "a\nb", "a" * 300]
)
def test_zip_with_a_path_that_leaves(name: str, read: Reader) -> None:
    with pytest.raises(MalformedError):
        read(zipped(name))


@both
def test_zip_with_a_file_without_a_name(read: Reader) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), b"x")
        archive.infolist()[0].filename = ""  # in the directory at the end
    with pytest.raises(MalformedError, match="path that is none of a bundle's"):
        read(out.getvalue())


@both
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_with_one_path_twice(read: Reader) -> None:
    with pytest.raises(MalformedError, match="twice"):
        read(zipped("a", "a"))


@both
def test_zip_with_a_link(read: Reader) -> None:
    with pytest.raises(MalformedError, match="plain file"):
        read(zipped("a", mode=0o120777))


@both
@pytest.mark.parametrize(
    "limits",
    [
        ZipLimits(file_bytes=1_000),
        ZipLimits(total_bytes=1_500_000),
        ZipLimits(files=1),
        ZipLimits(free_bytes=1_000, ratio=10),
    ],
)
def test_zip_above_a_limit(limits: ZipLimits, read: Reader) -> None:
    raw = zipped("a", "b", content=bytes(1_000_000))
    assert len(read(raw)) == 2
    with pytest.raises(MalformedError):
        read(raw, limits)


@both
@pytest.mark.parametrize("cut", [0, 10, 60, -5])
def test_zip_that_is_none(cut: int, read: Reader) -> None:
    raw = zipped("a", "b")
    with pytest.raises(MalformedError):
        read(raw[:cut] if cut else b"")


@both
def test_zip_with_any_byte_flipped_is_read_or_refused(read: Reader) -> None:
    raw = zipped("logs/BY/checkpoint", content=b"text" * 50)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 0x41
        try:
            read(bytes(changed))
        except MalformedError:
            continue


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        (b"PK\3\4", b"PK\3\5", "does not stand"),
        (b"a.txt", b"b.txt", "does not stand"),
        (b"\x14\0\0\0\x08\0", b"\x14\0\0\0\0\0", "not kept"),
        (b"\x14\0\0\0\x08\0", b"\x14\0\x01\0\x08\0", "not kept"),
    ],
)
def test_a_file_that_is_not_as_the_directory_says_is_refused(old: bytes, new: bytes, wrong: str) -> None:
    raw = zipped("a.txt", content=b"text" * 50)
    assert old in raw
    with pytest.raises(MalformedError, match=wrong):
        lazily(raw.replace(old, new, 1))


def test_a_file_packed_larger_than_any_may_be_is_not_asked_for() -> None:
    raw = zipped("a", content=os.urandom(200_000))
    with pytest.raises(MalformedError):
        lazily(raw, ZipLimits(file_bytes=100_000))
