# SPDX-License-Identifier: Apache-2.0
"""Signed notes, checkpoints, cosignatures and item receipts, byte exact and hostile."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import DetenteError, MalformedError, VerificationError
from detente.log import checkpoint, note, receipt
from detente.log.checkpoint import Checkpoint
from detente.log.note import VerifierKey
from detente.seal.canonical import b64, unb64
from detente.seal.keys import PqKey, SigningKey

VECTORS = Path(__file__).parents[2] / "../shared/vectors"
LOG, RECEIPT, WITNESS = (SigningKey.from_seed(bytes([i]) * 32) for i in (1, 2, 3))
NAME = "detente.example/alice/to-bob"
BOB, W1 = "detente.example/bob/receipt", "witness.example/w1"
LOG_KEY, BOB_KEY, W1_KEY = (
    VerifierKey.make(NAME, 1, LOG.public),
    VerifierKey.make(BOB, 4, RECEIPT.public),
    VerifierKey.make(W1, 4, WITNESS.public),
)
CP = Checkpoint(NAME, 7, unb64("ju+6vaTwi1RItNuwTrHrzyzYa/Nn0cD+wyFIgqkbe54="))
OWN = (
    f"— {NAME} r0I7M043V0mLBh6wvfgO/N4FtKDlmM3UWDK25SnkYrr7E43an79J65Cw6o0gPvpPJBLGfZZ2gsqwhb3Iv58IYbuTYw0=\n"
)
BOBS = (
    f"— {BOB} OExlnwAAAABlU/EAoCK2rRjR3i7fjkW/XrrsKm1UT1XwyGx8taj+76DHzSIk38R6DkK0BZmirzV/T5WGels29pzAtw"
    "xxJxdzRzW/Cg==\n"
)
WITNESSED = (
    f"— {W1} 2e1ixQAAAABlU/EFUnJIjW9US2clW77C2mZ/RCmba4GTerqbCX/axQmINxGRZrnXOHwrXGE0juA8u+Y4FCW0nLb"
    "M8z2guOIVkfQrDA==\n"
)
EXAMPLE = (CP.text() + "\n" + OWN + BOBS + WITNESSED).encode()


def test_worked_example_byte_exact() -> None:
    own = checkpoint.sign_checkpoint(CP, LOG)
    assert own.decode() == CP.text() + "\n" + OWN
    assert checkpoint.cosign(own, BOB, RECEIPT, 1700000000).decode() == CP.text() + "\n" + OWN + BOBS
    assert checkpoint.cosign(EXAMPLE, W1, WITNESS, 1700000005).decode() == CP.text() + "\n" + OWN + WITNESSED
    parsed, verified = note.open_note(EXAMPLE, [LOG_KEY, BOB_KEY, W1_KEY])
    assert (parsed.text, verified) == (CP.text(), [LOG_KEY, BOB_KEY, W1_KEY])
    assert checkpoint.open_checkpoint(EXAMPLE, LOG_KEY) == CP
    assert checkpoint.open_cosignature(EXAMPLE, LOG_KEY, BOB_KEY) == (CP, 1700000000)
    assert checkpoint.open_cosignature(EXAMPLE, None, W1_KEY) == (CP, 1700000005)


@pytest.mark.skipif(not VECTORS.is_dir(), reason="public vectors are not beside the repository")
def test_public_notes() -> None:
    examples = VECTORS / "c2sp-examples"
    key = VerifierKey.parse((examples / "signed-note.vkey").read_text().strip())
    parsed, verified = note.open_note((examples / "signed-note.txt").read_bytes(), [key])
    assert (parsed.text, verified) == ("This is an example message.\n", [key])
    cosigned = note.parse((examples / "cosigned-checkpoint.txt").read_bytes())
    assert Checkpoint.parse(cosigned.text).size == 20852163
    assert [line.name for line in cosigned.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]


def test_unknown_lines_are_ignored_and_known_ones_must_hold() -> None:
    grease = f"— {NAME}/grease {b64(bytes(68))}\n— other {b64(bytes(9))}\n".encode()
    assert checkpoint.open_checkpoint(EXAMPLE + grease, LOG_KEY) == CP
    same_name_other_id = f"— {BOB} {b64(bytes(76))}\n".encode()
    assert checkpoint.open_cosignature(EXAMPLE + same_name_other_id, LOG_KEY, BOB_KEY)[0] == CP
    forged = f"— {W1} {b64(W1_KEY.id + bytes(72))}\n".encode()
    own = checkpoint.sign_checkpoint(CP, LOG)
    with pytest.raises(VerificationError):
        note.open_note(own + forged, [LOG_KEY, W1_KEY])
    assert note.open_note(own + forged, [LOG_KEY])[1] == [LOG_KEY]


def test_two_lines_by_one_key_are_refused() -> None:
    with pytest.raises(VerificationError):
        note.open_note(EXAMPLE + BOBS.encode(), [LOG_KEY, BOB_KEY])
    with pytest.raises(VerificationError):
        checkpoint.open_checkpoint(EXAMPLE + f"— {NAME} {b64(bytes(68))}\n".encode(), LOG_KEY)


def test_no_known_signature_is_refused() -> None:
    for keys in ([], [VerifierKey.make(NAME, 1, RECEIPT.public)], [VerifierKey.make("x", 1, LOG.public)]):
        with pytest.raises(VerificationError):
            note.open_note(EXAMPLE, keys)
    own = checkpoint.sign_checkpoint(CP, LOG)
    with pytest.raises(VerificationError):
        checkpoint.open_cosignature(own, LOG_KEY, BOB_KEY)
    with pytest.raises(VerificationError):
        checkpoint.open_cosignature((CP.text() + "\n" + BOBS).encode(), LOG_KEY, BOB_KEY)


def test_a_checkpoint_signed_under_another_origin_is_refused() -> None:
    text = Checkpoint("other", 7, CP.root).text()
    raw = text.encode() + b"\n" + note.sign_line(NAME, 1, LOG, text)
    with pytest.raises(VerificationError):
        checkpoint.open_checkpoint(raw, LOG_KEY)


TEXT = CP.text().encode()
HOSTILE = {
    "empty": b"",
    "no blank line": TEXT + OWN.encode(),
    "no signatures": TEXT + b"\n",
    "no text": b"\n\n" + OWN.encode(),
    "no final line end": EXAMPLE[:-1],
    "trailing garbage": EXAMPLE + b"x\n",
    "trailing blank line": EXAMPLE + b"\n",
    "CRLF": EXAMPLE.replace(b"\n", b"\r\n"),
    "tab": TEXT + b"\n" + OWN.encode().replace(b" ", b"\t"),
    "NUL": b"\0" + EXAMPLE,
    "not UTF-8 in the text": b"\xff" + EXAMPLE,
    "not UTF-8 in a name": EXAMPLE + b"\xe2\x80\x94 \xff AAAAAAA=\n",
    "hyphen for a dash": EXAMPLE + b"- a AAAAAAAAAA==\n",
    "no space": EXAMPLE + "— a\n".encode(),
    "two spaces": EXAMPLE + "— a  AAAAAAAAAA==\n".encode(),
    "empty name": EXAMPLE + "—  AAAAAAAAAA==\n".encode(),
    "plus in a name": EXAMPLE + "— a+b AAAAAAAAAA==\n".encode(),
    "Unicode space in a name": EXAMPLE + "— a\u2003b AAAAAAAAAA==\n".encode(),
    "base64 not canonical": EXAMPLE + "— a AAAAAAAAAB==\n".encode(),
    "base64 without padding": EXAMPLE + "— a AAAAAAAAAA\n".encode(),
    "payload of 4 bytes": EXAMPLE + "— a AAAAAA==\n".encode(),
    "65 lines": EXAMPLE + "— a AAAAAAAAAA==\n".encode() * 62,
    "1,000 lines": EXAMPLE + "— a AAAAAAAAAA==\n".encode() * 1000,
    "too long": b"x" * 65_536 + EXAMPLE,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_malformed_notes_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        note.parse(raw)


def test_64_lines_are_accepted_and_the_last_blank_line_splits() -> None:
    raw = EXAMPLE + "— a AAAAAAAAAA==\n".encode() * 61
    assert len(note.parse(raw).signatures) == 64
    assert note.parse(b"a\n\nb\n\n" + OWN.encode()).text == "a\n\nb\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n7\n",
        CP.text() + "extension\n",
        CP.text() + "\n",
        CP.text()[:-1],
        " " + CP.text(),
        CP.text().replace("\n7\n", "\n07\n"),
        CP.text().replace("\n7\n", "\n+7\n"),
        CP.text().replace("\n7\n", "\n 7\n"),
        CP.text().replace("\n7\n", "\n٧\n"),
        CP.text().replace("\n7\n", "\n-7\n"),
        CP.text().replace("\n7\n", "\n7_0\n"),
        CP.text().replace("\n7\n", f"\n{2**53}\n"),
        CP.text().replace("\n7\n", "\n" + "9" * 5000 + "\n"),
        CP.text().replace("e54=", "e55="),
        CP.text().replace("ju+6", ""),
        CP.text().replace("\n", "\u2028"),
        CP.text().replace("alice", "alice+"),
        CP.text().replace("alice", "a b"),
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Checkpoint.parse(text)


@given(st.integers(0, 5000), st.binary(min_size=0, max_size=2))
def test_mutated_notes_are_refused_or_say_the_same(at: int, replacement: bytes) -> None:
    at %= len(EXAMPLE)
    raw = EXAMPLE[:at] + replacement + EXAMPLE[at + 1 :]
    try:
        cp, seconds = checkpoint.open_cosignature(raw, LOG_KEY, BOB_KEY)
    except MalformedError:
        return
    assert (cp, seconds) == (CP, 1700000000)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_let_out_only_malformed(raw: bytes) -> None:
    for call in (
        lambda: note.parse(raw),
        lambda: checkpoint.open_checkpoint(TEXT + b"\n" + raw, LOG_KEY),
        lambda: receipt.open_item(raw, BOB_KEY),
        lambda: checkpoint.cosign(raw, BOB, RECEIPT, 1),
    ):
        with contextlib.suppress(MalformedError):
            call()


def test_ml_dsa_lines() -> None:
    pq = PqKey.from_seed(bytes(32))
    key = VerifierKey.make(NAME, 6, pq.public)
    raw = checkpoint.sign_checkpoint(CP, LOG) + checkpoint.pq_line(CP, NAME, pq)
    assert note.open_note(raw, [LOG_KEY, key])[1] == [LOG_KEY, key]
    assert checkpoint.open_checkpoint(raw, LOG_KEY) == CP
    assert checkpoint.cosign(raw, BOB, RECEIPT, 1700000000).decode() == CP.text() + "\n" + OWN + BOBS
    with pytest.raises(VerificationError):
        note.open_note(raw, [VerifierKey.make(NAME, 6, PqKey.from_seed(b"\1" * 32).public)])
    other = Checkpoint(NAME, 8, CP.root).text().encode()
    moved = other + b"\n" + raw.split(b"\n\n")[1]
    with pytest.raises(VerificationError):
        note.open_note(moved, [key])
    long = Checkpoint("x" * 256, 1, CP.root)
    with pytest.raises(MalformedError):
        checkpoint.pq_line(long, NAME, pq)


@pytest.mark.parametrize("seconds", [0, -1, 2**53])
def test_cosignature_times_are_bounded(seconds: int) -> None:
    with pytest.raises(MalformedError):
        checkpoint.cosign(EXAMPLE, BOB, RECEIPT, seconds)


@pytest.mark.parametrize("seconds", [0, 2**60])
def test_cosignatures_without_a_usable_time_are_refused(seconds: int) -> None:
    raw = checkpoint.sign_checkpoint(CP, LOG) + note.sign_line(BOB, 4, RECEIPT, CP.text(), seconds)
    with pytest.raises(VerificationError):
        checkpoint.open_cosignature(raw, LOG_KEY, BOB_KEY)


ORIGIN, ID, RECEIPT_NAME = "detente.log/" + "0" * 32, "1" * 64, "detente.receipt/" + "2" * 32
ITEM_KEY = VerifierKey.make(RECEIPT_NAME, 4, RECEIPT.public)


def test_item_receipts() -> None:
    raw = receipt.make_item(ORIGIN, ID, 1234, RECEIPT_NAME, RECEIPT)
    assert raw.startswith(f"detente/item-receipt/v1\n{ORIGIN}\n{ID}\n1234\n\n— {RECEIPT_NAME} ".encode())
    assert receipt.open_item(raw, ITEM_KEY) == receipt.Item(ORIGIN, ID, 1234)
    with pytest.raises(VerificationError):
        receipt.open_item(raw, VerifierKey.make(RECEIPT_NAME, 4, LOG.public))
    with pytest.raises(VerificationError):
        receipt.open_item(raw.replace(b"1234", b"1235"), ITEM_KEY)


@pytest.mark.parametrize(
    ("origin", "entry_id", "arrival"),
    [
        ("example.com", ID, 1),
        (ORIGIN + "\n", ID, 1),
        (ORIGIN, "X" * 64, 1),
        (ORIGIN, ID, -1),
        (ORIGIN, ID, 2**53),
    ],
)
def test_item_receipts_that_cannot_be_said(origin: str, entry_id: str, arrival: int) -> None:
    with pytest.raises(DetenteError):
        receipt.make_item(origin, entry_id, arrival, RECEIPT_NAME, RECEIPT)
    text = f"detente/item-receipt/v1\n{origin}\n{entry_id}\n{arrival}\n"
    raw = text.encode() + b"\n" + note.sign_line(RECEIPT_NAME, 1, RECEIPT, text)
    with pytest.raises(MalformedError):
        receipt.open_item(raw, ITEM_KEY)


def test_a_cosignature_is_no_item_receipt() -> None:
    cp = Checkpoint(ORIGIN, 1, bytes(32))
    raw = checkpoint.cosign(checkpoint.sign_checkpoint(cp, LOG), RECEIPT_NAME, RECEIPT, 5)
    with pytest.raises(VerificationError):
        receipt.open_item(raw, ITEM_KEY)
