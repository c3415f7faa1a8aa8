# SPDX-License-Identifier: Apache-2.0
"""Where the log's formats end: the last value that is taken and the first that is not."""

from __future__ import annotations

import pytest

from detente.errors import MalformedError, VerificationError
from detente.log import checkpoint, merkle, note, receipt, tiles
from detente.log.checkpoint import Checkpoint
from detente.log.note import MAX_NOTE, VerifierKey
from detente.log.proof import Proof
from detente.seal.canonical import b64
from detente.seal.keys import PqKey
from tests.log.test_note import (
    BOB,
    BOB_KEY,
    BOBS,
    CP,
    EXAMPLE,
    ID,
    ITEM_KEY,
    LOG,
    LOG_KEY,
    NAME,
    ORIGIN,
    OWN,
    RECEIPT,
    RECEIPT_NAME,
)
from tests.log.test_tiles import ENTRIES, HASHES, files_of, proof_of

LAST = 9_007_199_254_740_991  # the last integer that a JSON number holds exactly
LAST_SECOND = 9_007_199_254_740


# -- cosignatures and checkpoints --------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1, LAST_SECOND])
def test_the_first_and_the_last_second_of_a_cosignature(seconds: int) -> None:
    raw = checkpoint.cosign(EXAMPLE, BOB, RECEIPT, seconds)
    assert checkpoint.open_cosignature(raw, LOG_KEY, BOB_KEY) == (CP, seconds)


def test_a_second_too_many_is_neither_signed_nor_read() -> None:
    with pytest.raises(MalformedError):
        checkpoint.cosign(EXAMPLE, BOB, RECEIPT, LAST_SECOND + 1)
    line = note.sign_line(BOB, 4, RECEIPT, CP.text(), LAST_SECOND + 1)
    with pytest.raises(VerificationError, match="usable time"):
        checkpoint.open_cosignature(checkpoint.sign_checkpoint(CP, LOG) + line, LOG_KEY, BOB_KEY)


def test_a_cosignature_is_read_only_with_the_lines_of_both() -> None:
    text = CP.text() + "\n"
    for lines in (OWN, BOBS):
        with pytest.raises(VerificationError, match="lacks the line"):
            checkpoint.open_cosignature((text + lines).encode(), LOG_KEY, BOB_KEY)


def test_a_log_s_line_that_does_not_hold_spoils_a_good_cosignature() -> None:
    forged = f"— {NAME} {b64(LOG_KEY.id + bytes(64))}\n"
    raw = (CP.text() + "\n" + forged + BOBS).encode()
    assert checkpoint.open_cosignature(raw, None, BOB_KEY) == (CP, 1700000000)
    with pytest.raises(VerificationError):
        checkpoint.open_cosignature(raw, LOG_KEY, BOB_KEY)


def test_a_checkpoint_of_another_log_says_whose_it_is() -> None:
    text = Checkpoint("other", 7, CP.root).text()
    raw = text.encode() + b"\n" + note.sign_line(NAME, 1, LOG, text)
    with pytest.raises(VerificationError, match="of other, not of"):
        checkpoint.open_checkpoint(raw, LOG_KEY)


def test_of_a_note_only_the_log_s_own_line_is_passed_on() -> None:
    assert checkpoint.own_note(EXAMPLE) == checkpoint.sign_checkpoint(CP, LOG)
    with pytest.raises(VerificationError):
        checkpoint.own_note((CP.text() + "\n" + BOBS).encode())


@pytest.mark.parametrize("size", [0, LAST])
def test_the_smallest_and_the_largest_size_of_a_log(size: int) -> None:
    cp = Checkpoint(NAME, size, CP.root)
    assert Checkpoint.parse(cp.text()) == cp


def test_a_checkpoint_ends_with_its_third_line() -> None:
    with pytest.raises(MalformedError):
        Checkpoint.parse(CP.text() + "x")


# -- notes -------------------------------------------------------------------------------------


def test_a_note_has_65536_bytes_at_most() -> None:
    pad = "x" * (65_536 - len(EXAMPLE) - 1) + "\n"
    assert note.parse(pad.encode() + EXAMPLE).text == pad + CP.text()
    with pytest.raises(MalformedError, match="limit"):
        note.parse(b"x" + pad.encode() + EXAMPLE)


def test_a_line_by_another_name_with_the_same_id_is_another_s() -> None:
    raw = EXAMPLE + f"— other {b64(LOG_KEY.id + bytes(64))}\n".encode()
    assert checkpoint.open_checkpoint(raw, LOG_KEY) == CP


def test_a_signature_line_has_five_bytes_at_least() -> None:
    (*_, last) = note.parse(EXAMPLE + f"— a {b64(b'12345')}\n".encode()).signatures
    assert (last.id, last.payload) == (b"1234", b"5")
    with pytest.raises(MalformedError, match="short"):
        note.parse(EXAMPLE + f"— a {b64(b'1234')}\n".encode())


@pytest.mark.parametrize(
    "raw",
    [
        EXAMPLE[:-1] + b"x",
        EXAMPLE + b"abcda AAAAAAAAAA==\n",  # as long as a dash and a space
    ],
)
def test_a_note_ends_with_signature_lines_only(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        note.parse(raw)


def test_a_name_in_an_ml_dsa_line_has_255_bytes_at_most() -> None:
    pq = PqKey.from_seed(bytes(32))
    for name, cp in (("n" * 255, CP), ("n", Checkpoint("o" * 255, 7, CP.root))):
        line = checkpoint.pq_line(cp, name, pq)
        key = VerifierKey.make(name, 6, pq.public)
        assert note.open_note(cp.text().encode() + b"\n" + line, [key])[1] == [key]
        parsed = note.parse(cp.text().encode() + b"\n" + line)
        assert parsed.signatures[0].payload[:8] == bytes(8), "its time is zero"
    for name, cp in (("n" * 256, CP), ("n", Checkpoint("o" * 256, 7, CP.root))):
        with pytest.raises(MalformedError):
            checkpoint.pq_line(cp, name, pq)


def test_the_last_millisecond_of_an_item_receipt() -> None:
    raw = receipt.make_item(ORIGIN, ID, LAST, RECEIPT_NAME, RECEIPT)
    assert receipt.open_item(raw, ITEM_KEY).arrival == LAST


# -- the tree ----------------------------------------------------------------------------------


def test_a_tree_gives_the_root_of_each_of_its_prefixes() -> None:
    for size in range(20):
        tree = merkle.Tree(HASHES[:size])
        assert tree.size == size
        for prefix in range(size + 1):
            assert tree.root(prefix) == merkle.root(HASHES[:prefix])
        for bad in (-1, size + 1):
            with pytest.raises(MalformedError):
                tree.root(bad)


def test_a_proof_that_is_too_long_is_refused_though_its_hashes_agree() -> None:
    """Whoever chooses the root too can go on hashing above it."""
    more = bytes(32)
    path = merkle.inclusion_proof(HASHES, 2, 4)
    above = merkle.node_hash(more, merkle.root(HASHES[:4]))
    with pytest.raises(VerificationError, match="too long"):
        merkle.verify_inclusion(HASHES[2], 2, 4, [*path, more], above)
    proof = merkle.consistency_proof(HASHES, 3, 4)
    roots = [merkle.node_hash(more, merkle.root(HASHES[:size])) for size in (3, 4)]
    with pytest.raises(VerificationError, match="too long"):
        merkle.verify_consistency(3, 4, roots[0], roots[1], [*proof, more])


@pytest.mark.parametrize(("index", "size"), [(1, 1), (-1, 1), (2, 1), (0, 0)])
def test_a_leaf_outside_of_the_tree_is_not_in_it(index: int, size: int) -> None:
    with pytest.raises(VerificationError):
        merkle.verify_inclusion(HASHES[0], index, size, [], HASHES[0])


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (5, 3), (-1, 1)])
def test_no_consistency_from_nothing_or_backwards(old: int, new: int) -> None:
    for root in (merkle.EMPTY, HASHES[0]):
        with pytest.raises(VerificationError):
            merkle.verify_consistency(old, new, root, root, [])


def test_a_consistency_proof_is_as_long_as_the_sizes_ask() -> None:
    root = merkle.root(HASHES[:5])
    with pytest.raises(VerificationError):
        merkle.verify_consistency(5, 5, root, root, [root])
    with pytest.raises(VerificationError, match="empty"):
        merkle.verify_consistency(3, 7, root, root, [])
    # As far as this proof goes it agrees with both roots, but it ends below the top of the tree.
    short = merkle.consistency_proof(HASHES, 3, 4)[:2]
    with pytest.raises(VerificationError):
        merkle.verify_consistency(3, 4, short[0], merkle.node_hash(*short), short)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_no_hash_of_another_length_gets_into_a_proof(size: int) -> None:
    """With two lengths, one pair of hashes could be split in two ways."""
    bad, root = bytes(size), merkle.root(HASHES[:7])
    path = merkle.inclusion_proof(HASHES, 5, 7)
    with pytest.raises(VerificationError, match="32 bytes"):
        merkle.verify_inclusion(HASHES[5], 5, 7, [bad, *path[1:]], root)
    proof = merkle.consistency_proof(HASHES, 3, 7)
    for old_root, new_root, hashes in (
        (merkle.root(HASHES[:3]), root, [bad, *proof[1:]]),
        (bad, root, proof),
        (merkle.root(HASHES[:3]), bad, proof),
    ):
        with pytest.raises(VerificationError, match="32 bytes"):
            merkle.verify_consistency(3, 7, old_root, new_root, hashes)


# -- proofs and tiles as files -----------------------------------------------------------------


def test_a_proof_without_its_blank_line_or_index_is_refused() -> None:
    good = proof_of(5, 7).encode()
    head = good.partition(b"\n\n")[0]
    for raw in (head, head + b"\n", good.replace(b"index 5", b"5")):
        with pytest.raises(MalformedError):
            Proof.parse(raw)


def test_a_proof_has_63_hashes_and_so_many_bytes_at_most() -> None:
    good = proof_of(5, 7)
    assert len(Proof.parse(Proof(5, (bytes(32),) * 63, good.checkpoint).encode()).path) == 63
    with pytest.raises(MalformedError):
        Proof.parse(Proof(5, (bytes(32),) * 64, good.checkpoint).encode())
    room = MAX_NOTE + 4096 - len(Proof(5, good.path, b"").encode())
    assert Proof.parse(Proof(5, good.path, b"x" * room).encode()).checkpoint == b"x" * room
    with pytest.raises(MalformedError):
        Proof.parse(Proof(5, good.path, b"x" * (room + 1)).encode())


def bundle(entries: list[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def test_a_bundle_holds_as_many_entries_as_its_name_says() -> None:
    path, full = "tile/entries/000.p/44", "tile/entries/000"
    assert tiles.read_entries({path: bundle(ENTRIES[:44])}, 44) == ENTRIES[:44]
    assert tiles.read_entries({full: bundle(ENTRIES[:45])}, 44) == ENTRIES[:44]
    for files in (
        {path: bundle(ENTRIES[:43])},
        {path: bundle(ENTRIES[:45])},
        {full: bundle(ENTRIES[:43])},
    ):
        with pytest.raises(MalformedError, match="entries, not 44"):
            tiles.read_entries(files, 44)


@pytest.mark.parametrize("cut", [1, 2, 3, 7])
def test_a_bundle_that_ends_within_an_entry_is_refused(cut: int) -> None:
    """Its last entry has nine bytes."""
    raw = bundle(ENTRIES[:44])
    with pytest.raises(MalformedError, match="within an entry"):
        tiles.read_entries({"tile/entries/000.p/44": raw[:-cut]}, 44)


def test_an_entry_has_65535_bytes_at_most() -> None:
    entry = bytes(65_535)
    files = tiles.tile_files([merkle.leaf_hash(entry)], [entry])
    assert tiles.read_entries(files, 1) == [entry]


def test_a_tile_of_a_higher_level_holds_the_roots_of_full_tiles() -> None:
    files = files_of(700)
    assert files["tile/1/000.p/2"] == merkle.root(HASHES[:256]) + merkle.root(HASHES[256:512])


def test_bundles_that_were_taken_apart_are_not_read_again_and_the_others_are() -> None:
    files = {path: raw for path, raw in files_of(700).items() if "entries" in path}
    known = {"tile/entries/001": [b"known"] * 256}
    found = tiles.read_entries(files, 700, known)
    assert found == [*ENTRIES[:256], *known["tile/entries/001"], *ENTRIES[512:700]]
    assert tiles.read_entries(files, 700, {}) == ENTRIES[:700]
