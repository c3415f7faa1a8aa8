# SPDX-License-Identifier: Apache-2.0
"""Packets and epoch grants: only the right key opens, and only what was sealed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError, VerificationError
from detente.seal import epoch, keys, packet
from detente.seal.keys import KemKey

CHANNEL, SENDER, PEER = "0a" * 16, "1b" * 32, "2c" * 32
KEY = bytes(range(64))
ORIGIN = "detente.log/" + "0" * 32
HAVE = {"logs": {ORIGIN: 3}, "epochs": {SENDER: 1}, "unopened": ["4d" * 32], "hold": 5, "early": []}
PARTS: list[packet.Part] = [
    packet.HavePart(HAVE),
    packet.LogPart(ORIGIN),
    packet.BodyPart("4d" * 32, bytes(32), b"{}"),
    packet.LeafPart(2**40, b"{}"),
    packet.CheckpointPart(b"c"),
    packet.CosignaturePart(b"o"),
    packet.ItemPart(b"i"),
    packet.EarlyPart(7, b"{}"),
    packet.ProofPart({"log": ORIGIN, "notes": ["a", "b"]}),
]


def test_parts_round_trip() -> None:
    assert packet.decode_parts(packet.encode_parts(PARTS)) == PARTS
    assert packet.decode_parts(b"") == []


def part(number: int, content: bytes) -> bytes:
    return bytes([number]) + len(content).to_bytes(4, "big") + content


def test_unknown_parts() -> None:
    assert packet.decode_parts(part(128, b"x") + part(255, b"")) == []
    for number in (0, 9, 127):
        with pytest.raises(MalformedError):
            packet.decode_parts(part(number, b"x"))


@pytest.mark.parametrize(
    "raw",
    [
        b"\1",
        b"\1\0\0\0",
        b"\1\0\0\0\1",
        b"\x80\xff\xff\xff\xff",
        part(1, b""),
        part(1, b"example.com/log"),
        part(1, b"\xff"),
        part(2, bytes(8)),
        part(2, bytes(8 + 65_536)),
        part(8, bytes(7)),
        part(3, bytes(64)),
        part(3, bytes(65 + 2**20)),
        part(4, b""),
        part(5, bytes(65_537)),
        part(7, b"[]"),
        part(7, b"{}"),
        part(7, b'{"logs":{"a":-1}}'),
        part(7, b'{"logs": {}}'),
        part(7, b'{"hold":"x","logs":{}}'),
        part(7, b'{"hold":-1,"logs":{}}'),
        part(7, b'{"early":[1],"logs":{}}'),
    ],
)
def test_bad_parts_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        packet.decode_parts(raw)


@given(st.binary(max_size=100))
def test_arbitrary_bytes_let_out_only_malformed(raw: bytes) -> None:
    for read in (packet.decode_parts, packet.header, lambda r: packet.open_packet(r, KEY)):
        with contextlib.suppress(MalformedError):
            read(raw)


@given(st.integers(0, 2000), st.binary(min_size=0, max_size=2))
def test_mutated_parts_let_out_only_malformed(at: int, replacement: bytes) -> None:
    raw = packet.encode_parts(PARTS)
    at %= len(raw)
    with contextlib.suppress(MalformedError):
        packet.decode_parts(raw[:at] + replacement + raw[at + 1 :])


@given(st.binary(max_size=3000))
def test_packets_round_trip(raw: bytes) -> None:
    sealed = packet.seal(CHANNEL, SENDER, 7, KEY, raw, {PEER: b"blob"})
    head = packet.header(sealed)
    assert (head.channel, head.sender_tag, head.epoch) == (CHANNEL, packet.tag(CHANNEL, SENDER), 7)
    assert head.blobs == {packet.tag(CHANNEL, PEER): b"blob"}
    assert packet.open_packet(sealed, KEY) == raw


def test_sizes_are_buckets() -> None:
    overhead = 41 + 16
    for size, bucket in ((0, 512), (508, 512), (509, 1024), (4 * 2**20 - 4, 4 * 2**20)):
        sealed = packet.seal(CHANNEL, SENDER, 1, KEY, bytes(size), {})
        assert len(sealed) == overhead + bucket
        assert packet.open_packet(sealed, KEY) == bytes(size)
    with pytest.raises(MalformedError):
        packet.seal(CHANNEL, SENDER, 1, KEY, bytes(4 * 2**20 - 3), {})
    with pytest.raises(MalformedError):
        packet.seal(CHANNEL, SENDER, 1, KEY[:-1], b"", {})
    with pytest.raises(MalformedError):
        packet.seal(CHANNEL, SENDER, 1, KEY, b"", {f"{i:064x}": b"" for i in range(65)})


def test_what_a_packet_cannot_say_is_refused() -> None:
    blobs = {f"{i:064x}": bytes(1200) for i in range(64)}
    packet.seal(CHANNEL, SENDER, 1, KEY, b"", blobs)
    for number, content, more in (
        (0, b"", {}),
        (2**32, b"", {}),
        (1, b"", {PEER: bytes(65_536)}),
        (1, bytes(4 * 2**20 - 4), blobs),
    ):
        with pytest.raises(MalformedError):
            packet.seal(CHANNEL, SENDER, number, KEY, content, more)
    for channel, fpr in ((CHANNEL, "zz"), ("0" * 31, SENDER), (CHANNEL, SENDER.upper())):
        with pytest.raises(MalformedError):
            packet.tag(channel, fpr)


def test_every_byte_but_the_blobs_is_covered() -> None:
    sealed = packet.seal(CHANNEL, SENDER, 1, KEY, b"parts", {PEER: b"blob"})
    blobs = range(40, 40 + 1 + 18 + 4)
    for at in range(len(sealed)):
        if at in blobs:
            continue
        bad = bytearray(sealed)
        bad[at] ^= 1
        with pytest.raises(MalformedError):
            packet.open_packet(bytes(bad), KEY)
    with pytest.raises(VerificationError):
        packet.open_packet(sealed, bytes(64))


def test_bad_heads_are_refused() -> None:
    good = packet.seal(CHANNEL, SENDER, 1, KEY, b"", {PEER: b"blob"})
    twice = good[:40] + b"\2" + good[41:63] + good[41:63] + good[63:]
    for bad in (
        b"",
        good[:40],
        b"DTP2" + good[4:],
        good[:-1],
        good + b"\0",
        twice,
        good[:40] + b"\xff" + good[41:],
    ):
        with pytest.raises(MalformedError):
            packet.header(bad)


def test_padding_is_checked() -> None:
    """Whoever has the key could otherwise hide bytes, or say the same thing in two ways."""
    head = packet.seal(CHANNEL, SENDER, 1, KEY, b"", {})[:40]
    for plain in (
        bytes(1024),
        (5).to_bytes(4, "big") + bytes(507) + b"x",
        (509).to_bytes(4, "big") + bytes(508),
    ):
        sealed = head + b"\0" + packet._cipher(KEY).encrypt(plain, [head])
        with pytest.raises(MalformedError):
            packet.open_packet(sealed, KEY)


def test_grants_open_for_one_member_and_one_use() -> None:
    one, two = KemKey.from_seeds(bytes(64), bytes(32)), KemKey.from_seeds(b"\1" * 64, b"\2" * 32)
    data, blobs = epoch.make_grant(KEY, 3, CHANNEL, SENDER, {PEER: one.public, "3d" * 32: two.public})
    assert data["epoch"] == 3
    assert data["blobs"].keys() == blobs.keys()
    assert epoch.open_grant(blobs[PEER], one, CHANNEL, 3, SENDER, PEER) == KEY
    for kem, channel, number, sender, recipient in (
        (two, CHANNEL, 3, SENDER, PEER),
        (one, "0" * 32, 3, SENDER, PEER),
        (one, CHANNEL, 4, SENDER, PEER),
        (one, CHANNEL, 3, PEER, PEER),
        (one, CHANNEL, 3, SENDER, SENDER),
    ):
        with pytest.raises(VerificationError):
            epoch.open_grant(blobs[PEER], kem, channel, number, sender, recipient)
    with pytest.raises(MalformedError):
        epoch.make_grant(KEY[:-1], 3, CHANNEL, SENDER, {})
    _, short = epoch.make_grant(KEY, 3, CHANNEL, SENDER, {PEER: one.public})
    with pytest.raises(VerificationError):
        epoch.open_grant(short[PEER][:-1], one, CHANNEL, 3, SENDER, PEER)
    odd = keys.kem_seal(one.public, KEY[:-1], epoch.grant_info(CHANNEL, 3, SENDER, PEER))
    with pytest.raises(VerificationError, match="63 bytes"):
        epoch.open_grant(odd, one, CHANNEL, 3, SENDER, PEER)


HAVE_RAW = b'{"logs":{}}'


@pytest.mark.parametrize(
    ("number", "content"),
    [
        (1, ORIGIN.encode()),
        (2, bytes(9)),
        (2, bytes(8 + 65_535)),
        (8, bytes(9)),
        (3, bytes(65)),
        (3, bytes(64 + 2**20)),
        (4, b"x"),
        (5, bytes(65_536)),
        (7, HAVE_RAW),
        (129, b"{}"),
        (129, b'{"pad":"%b"}' % (b"x" * (256 * 1024 - 10))),
        (7, b'{"epochs":{"a":0},"hold":0,"logs":{"a":0}}'),
    ],
)
def test_the_smallest_and_largest_parts_are_taken(number: int, content: bytes) -> None:
    (read,) = packet.decode_parts(part(number, content))
    assert packet.encode_parts([read]) == part(number, content)


@pytest.mark.parametrize(
    ("number", "content", "named"),
    [
        (1, b"example.com", "log"),
        (2, bytes(8), "leaf"),
        (8, bytes(9 + 65_535), "leaf"),
        (3, bytes(64), "body"),
        (3, bytes(65 + 2**20), "body"),
        (4, b"", "note"),
        (6, bytes(65_537), "note"),
        (7, b'{"logs":{"a":-1}}', "have"),
        (7, b'{"epochs":{"a":-1},"logs":{}}', "have"),
        (9, HAVE_RAW, "of unknown type 9"),
        (127, HAVE_RAW, "of unknown type 127"),
    ],
)
def test_a_refused_part_says_what_it_was_to_be(number: int, content: bytes, named: str) -> None:
    with pytest.raises(MalformedError, match=f"bad part: {named}$"):
        packet.decode_parts(part(number, content))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"[]", "bad part: proof$"),
        (b"1", "bad part: proof$"),
        (b'{"pad":"%b"}' % (b"x" * (2**18 - 9)), "limit"),
    ],
)
def test_a_proof_is_an_object_of_256_kib_at_most(raw: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        packet.decode_parts(part(129, raw))


@pytest.mark.parametrize("raw", [b"\x80", b"\x80\0\0\0", b"\x80\0\0\0\x05abcd"])
def test_a_packet_that_ends_within_a_later_part_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        packet.decode_parts(part(128, b"x" * 50) + raw)


def test_the_largest_packet() -> None:
    full = bytes(4 * 2**20 - 4)
    limit = 4 * 2**20 + 64 * 1024
    largest = packet.seal(CHANNEL, SENDER, 1, KEY, full, {PEER: bytes(limit - 4 * 2**20 - 41 - 16 - 18)})
    assert len(largest) == limit
    assert packet.open_packet(largest, KEY) == full
    with pytest.raises(MalformedError):
        packet.seal(CHANNEL, SENDER, 1, KEY, full, {PEER: bytes(limit - 4 * 2**20 - 41 - 16 - 18 + 1)})
    blob = int.from_bytes(largest[57:59], "big") + 1
    with pytest.raises(MalformedError):
        packet.header(largest[:57] + blob.to_bytes(2, "big") + b"\0" + largest[59:])


@pytest.mark.parametrize("epoch", [1, 65, 2**32 - 1])
def test_every_epoch_that_a_head_can_say(epoch: int) -> None:
    sealed = packet.seal(CHANNEL, SENDER, epoch, KEY, b"x", {PEER: bytes(65_535)})
    assert packet.header(sealed).epoch == epoch
    assert packet.header(sealed).blobs[packet.tag(CHANNEL, PEER)] == bytes(65_535)


def test_a_packet_has_64_blobs_at_most_and_no_small_body() -> None:
    sealed = packet.seal(CHANNEL, SENDER, 1, KEY, b"", {f"{i:064x}": b"" for i in range(64)})
    assert len(packet.header(sealed).blobs) == 64
    one_more = b"\xff" * 16 + bytes(2)
    with pytest.raises(MalformedError):
        packet.header(sealed[:40] + b"\x41" + sealed[41 : 41 + 64 * 18] + one_more + sealed[41 + 64 * 18 :])
    bare = packet.seal(CHANNEL, SENDER, 1, KEY, b"", {})
    for size in (0, 1, 256):
        with pytest.raises(MalformedError):
            packet.header(bare[: 41 + 16 + size])
