# SPDX-License-Identifier: Apache-2.0
"""Keys: what is refused at enrolment, what verifies, what opens."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from detente.errors import MalformedError, VerificationError
from detente.seal import keys
from detente.seal.keys import KemKey, PqKey, SigningKey
from detente.seal.vkey import VerifierKey

CCTV = Path(__file__).parents[2] / "../shared/vectors/ed25519/ed25519vectors.json"
KEY = SigningKey.from_seed(bytes(32))


@pytest.mark.skipif(not CCTV.is_file(), reason="public vectors are not beside the repository")
def test_accept_set_and_enrolment_of_edge_cases() -> None:
    """The accept set is Go's: 208 of 914. No key of low order or odd encoding is enrolled."""
    cases = json.loads(CCTV.read_text())
    accepted = sum(
        keys.verify_raw(bytes.fromhex(c["key"]), c["msg"].encode(), bytes.fromhex(c["sig"])) for c in cases
    )
    assert accepted == 208
    refused = set()
    for case in cases:
        if {"low_order_A", "non_canonical_A"} & set(case["flags"] or []):
            refused.add(case["key"])
    assert len(refused) > 10
    for key in refused:
        with pytest.raises(MalformedError):
            keys.check_public(bytes.fromhex(key))


@pytest.mark.parametrize(
    "public",
    [
        b"",
        bytes(31),
        bytes(33),
        bytes(32),  # y = 0, order 4
        b"\x01" + bytes(31),  # the neutral element
        b"\x01" + bytes(30) + b"\x80",  # the same, other sign
        b"\xec" + b"\xff" * 30 + b"\x7f",  # y = -1, order 2
        b"\xee" + b"\xff" * 30 + b"\x7f",  # y = p + 1
        b"\xff" * 32,
        b"\x02" + bytes(31),  # no point has y = 2
    ],
)
def test_keys_that_bind_nobody_are_refused(public: bytes) -> None:
    with pytest.raises(MalformedError):
        keys.check_public(public)


def test_real_keys_are_enrolled() -> None:
    for i in range(20):
        keys.check_public(SigningKey.from_seed(bytes([i]) * 32).public)


def test_rfc8032_first_vector() -> None:
    key = SigningKey.from_seed(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign_raw(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1e")


def test_domains_are_apart() -> None:
    signature = KEY.sign("detente/a/v1", b"m")
    assert keys.verify(KEY.public, "detente/a/v1", b"m", signature)
    assert not keys.verify(KEY.public, "detente/b/v1", b"m", signature)
    assert not keys.verify_raw(KEY.public, b"m", signature)


@pytest.mark.parametrize("public", [b"", bytes(31), b"\xff" * 32, b"\x02" + bytes(31)])
@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65)])
def test_verify_never_raises(public: bytes, signature: bytes) -> None:
    assert not keys.verify_raw(public, b"m", signature)
    assert not keys.pq_verify(public, b"m", signature)


def test_seeds_of_wrong_length_are_refused() -> None:
    for call in (SigningKey.from_seed, PqKey.from_seed):
        with pytest.raises(MalformedError):
            call(bytes(31))
    with pytest.raises(MalformedError):
        KemKey.from_seeds(bytes(63), bytes(32))


def test_ids_and_words() -> None:
    assert len(KEY.id) == 32
    fpr = keys.fingerprint(KEY.public)
    assert len(keys.fingerprint_words(fpr).split()) == 12
    for bad in ("", "zz" * 32, "00" * 16):
        with pytest.raises(MalformedError):
            keys.fingerprint_words(bad)


def test_kem_seals_for_one_key_and_one_use() -> None:
    kem = KemKey.from_seeds(bytes(64), bytes(range(32)))
    other = KemKey.from_seeds(bytes([1]) * 64, bytes(range(32)))
    blob = keys.kem_seal(kem.public, b"k" * 64, b"info")
    assert len(kem.public) == keys.KEM_PUBLIC_SIZE
    assert len(blob) == 1200
    assert kem.open(blob, b"info") == b"k" * 64
    for key, raw, info in (
        (other, blob, b"info"),
        (kem, blob, b"other"),
        (kem, blob[:-1], b"info"),
        (kem, b"", b""),
    ):
        with pytest.raises(VerificationError):
            key.open(raw, info)


@pytest.mark.parametrize("public", [b"", bytes(1215), b"\xff" * 1216, bytes(1216)])
def test_kem_keys_that_nothing_can_be_sealed_to_are_refused(public: bytes) -> None:
    with pytest.raises(MalformedError):
        keys.check_kem_public(public)


def test_pq_signatures() -> None:
    key = PqKey.from_seed(bytes(32))
    signature = key.sign(b"m")
    assert len(key.public) == keys.PQ_PUBLIC_SIZE
    assert len(signature) == 2420
    assert keys.pq_verify(key.public, b"m", signature)
    assert not keys.pq_verify(key.public, b"n", signature)


def test_verifier_key_example() -> None:
    text = "detente.example/alice/to-bob+af423b33+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
    key = VerifierKey.parse(text)
    assert (key.name, key.type, str(key)) == ("detente.example/alice/to-bob", 1, text)
    assert key.public == SigningKey.from_seed(b"\1" * 32).public
    pq = VerifierKey.make("a", 6, PqKey.from_seed(bytes(32)).public)
    assert VerifierKey.parse(str(pq)) == pq


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        "a+00000000+",
        "+af423b33+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "a b+af423b33+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "detente.example/alice/to-bob+af423b34+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "detente.example/alice/to-bob+AF423B33+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "detente.example/alice/to-bob+af423b33+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29d",
        "detente.example/alice/to-bob+af423b33+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\n",
        "a+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "a+00000000+AoqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
    ],
)
def test_bad_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "public",
    [
        bytes(32),
        b"\x01" + bytes(31),
        b"\xec" + b"\xff" * 30 + b"\x7f",
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    ],
)
def test_a_key_of_low_order_is_refused_as_such(public: bytes) -> None:
    with pytest.raises(MalformedError, match="low order"):
        keys.check_public(public)


def test_ids_are_hashes_of_the_public_key() -> None:
    key = SigningKey.from_seed(b"ids of one's own".ljust(32))
    digest = hashlib.sha256(key.public).hexdigest()
    assert (key.id, keys.fingerprint(key.public)) == (digest[:32], digest)


def test_a_key_can_be_made_again_from_what_it_keeps() -> None:
    for make in (SigningKey, PqKey):
        key = make.from_seed(b"\x05" * 32)
        assert make.from_seed(key.seed).public == key.public and key.seed == b"\x05" * 32
    kem = KemKey.from_seeds(b"\x05" * 64, b"\x06" * 32)
    assert KemKey.from_seeds(*kem.seeds).public == kem.public
    with pytest.raises(MalformedError):
        KemKey.from_seeds(bytes(64), bytes(31))
