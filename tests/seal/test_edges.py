# SPDX-License-Identifier: Apache-2.0
"""Where each format ends: the last value that is taken, the first that is not, and the field it names."""

from __future__ import annotations

from typing import Any

import pytest

from detente.errors import MalformedError
from detente.seal import canonical, commit, credential, forms, statement
from detente.seal.canonical import b64
from detente.seal.keys import SigningKey
from detente.seal.vkey import VerifierKey
from tests.seal.test_credential import (
    CARD,
    LOG,
    LOG_CERT,
    MANDATE,
    ORIGIN,
    OTHER,
    RECEIPT,
    RECEIPT_NAME,
    REVOCATION,
    ROOT,
    SUCCESSION,
)
from tests.seal.test_statement import KEY, PLACEMENT, make

LAST = 9_007_199_254_740_991  # the last integer that a JSON number holds exactly
HASH = b64(bytes(32))


def nested(depth: int, kind: type) -> Any:
    """Lists or objects, ``depth`` of them around one value."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


# -- canonical JSON ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float(LAST), -float(LAST), 1e21, 0.5, 1e300])
def test_a_float_that_prints_as_no_integer_beyond_the_last_one_is_taken(value: float) -> None:
    assert canonical.encode([value]).startswith(b"[")


@pytest.mark.parametrize("value", [2.0**53, -(2.0**53), 1e20, 999999999999999900000.0])
def test_a_float_that_prints_as_an_integer_beyond_the_last_one_is_refused(value: float) -> None:
    with pytest.raises(MalformedError):
        canonical.encode([value])


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("inside", [0, 1, 5])
def test_what_stands_around_counts_for_the_depth(kind: type, inside: int) -> None:
    canonical.encode(nested(32 - inside, kind), inside=inside)
    with pytest.raises(MalformedError):
        canonical.encode(nested(33 - inside, kind), inside=inside)


def test_32_deep_is_taken_where_nothing_stands_around() -> None:
    assert canonical.encode(nested(32, list)) == b"[" * 32 + b"1" + b"]" * 32


def test_tuples_are_lists() -> None:
    assert canonical.encode((1, ("a",))) == b'[1,["a"]]'


def test_a_member_that_sorts_by_utf_16_has_the_bytes_of_rfc_8785() -> None:
    """Sorted by UTF-8, the two names stand the other way round; others print 1.5e-6."""
    raw = '{"m":{"😀":1,"\ue000":1},"n":0.0000015}'.encode()
    for member, expected in (("m", '{"😀":1,"\ue000":1}'.encode()), ("n", b"0.0000015")):
        assert canonical.decode_with(raw, member, limit=100)[1] == expected


# -- commitments -------------------------------------------------------------------------------


def test_a_body_has_65536_values_at_most() -> None:
    assert len(commit.flatten([0] * 65_536)) == 65_536
    with pytest.raises(MalformedError):
        commit.flatten([0] * 65_537)


def test_the_paths_of_a_body_have_8_mib_at_most() -> None:
    body = {f"{i}{'k' * (2**20 - 2)}": 1 for i in range(8)}  # with its slash, each path is 1 MiB
    assert len(commit.flatten(body)) == 8
    with pytest.raises(MalformedError):
        commit.flatten(body | {"": 1})


def test_a_path_has_65535_bytes_at_most() -> None:
    commit.commitment({"k" * 65_534: 1}, bytes(32))
    with pytest.raises(MalformedError):
        commit.commitment({"k" * 65_535: 1}, bytes(32))


@pytest.mark.parametrize("kind", [list, dict])
def test_a_body_is_32_deep_at_most(kind: type) -> None:
    assert len(commit.flatten(nested(32, kind))) == 1
    with pytest.raises(MalformedError):
        commit.flatten(nested(33, kind))


def test_each_special_letter_of_a_name_is_escaped_alone() -> None:
    assert commit.flatten({"a~b": 1, "c/d": 2, "~": 3, "/": 4}) == [
        ("/a~0b", 1),
        ("/c~1d", 2),
        ("/~0", 3),
        ("/~1", 4),
    ]


def disclosed(value: Any, height: int) -> tuple[bytes, dict[str, Any]]:
    """A leaf under ``height`` siblings, and the root over them, by whoever makes trees as they like."""
    digest, salt = commit._leaf("/a", value, bytes(16)), b64(bytes(16))
    for _ in range(height):
        digest = commit._node(digest, bytes(32))
    siblings = [HASH] * height
    return digest, {"path": "/a", "value": value, "salt": salt, "index": 0, "siblings": siblings}


def test_a_disclosure_shows_one_value_under_17_siblings_at_most() -> None:
    for value, height, holds in (
        (1, 0, True),
        ("x", 17, True),
        ({}, 1, True),
        ([], 1, True),
        (1, 18, False),
        ([1], 1, False),
        ({"b": 1}, 1, False),
    ):
        root, shown = disclosed(value, height)
        assert commit.check_disclosure(root, shown) is holds, (value, height)


def test_a_place_beyond_the_tree_is_not_the_place_that_it_wraps_to() -> None:
    root, shown = disclosed(1, 2)
    assert commit.check_disclosure(root, shown)
    assert not commit.check_disclosure(root, shown | {"index": 4})


# -- written forms -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "7", "10", "9007199254740991", "9" * 16])
def test_decimals(text: str) -> None:
    assert forms.decimal(text)


@pytest.mark.parametrize("text", ["", "00", "01", "+1", "-1", " 1", "1 ", "٧", "1" * 17, "XX0"])
def test_what_is_no_decimal(text: str) -> None:
    assert not forms.decimal(text)


# -- credentials -------------------------------------------------------------------------------

LONG = [f"o{i}" for i in range(16)]
TAKEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (CARD, {"id": "A"}),
    (CARD, {"id": "A" * 16}),
    (CARD, {"name": "x"}),
    (CARD, {"name": "x" * 256}),
    (CARD, {"lang": "x" * 35}),
    (CARD, {"issued": 0}),
    (CARD, {"issued": LAST}),
    (CARD, {"serial": 0}),
    (CARD, {"serial": LAST}),
    (CARD, {"endpoints": []}),
    (CARD, {"endpoints": ["nats://a"] * 16}),
    (CARD, {"endpoints": [f"tls://{'a' * 500}"]}),
    (CARD, {"tls": None}),
    (CARD, {"old": {"root": "a field that this type does not know"}}),
    (REVOCATION, {"old": {"root": "a field that this type does not know"}}),
    (MANDATE, {"serial": 0, "from": 0}),
    (MANDATE, {"serial": LAST, "from": LAST, "to": LAST}),
    (MANDATE, {"signers": {"k": 16, "of": LONG}}),
    (MANDATE, {"to": None}),
    (REVOCATION, {"from": 0}),
    (REVOCATION, {"from": LAST}),
    (SUCCESSION, {"old": SUCCESSION["old"] | {"size": 0}}),
    (SUCCESSION, {"old": SUCCESSION["old"] | {"size": LAST}}),
]
REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (CARD, {"type": "pass"}, "credential is of an unknown type"),
    (CARD, {"id": ""}, "card: id"),
    (CARD, {"id": "A" * 17}, "card: id"),
    (CARD, {"name": ""}, "card: name"),
    (CARD, {"name": "x" * 257}, "card: name"),
    (CARD, {"lang": "x" * 36}, "card: name or lang"),
    (CARD, {"issued": -1}, "credential: issued"),
    (CARD, {"issued": LAST + 1}, "not canonical JSON"),
    (CARD, {"serial": -1}, "card: serial"),
    (CARD, {"endpoints": ["https://a"] * 17}, "card: endpoints"),
    (CARD, {"endpoints": ["https://a", "ftp://b"]}, "card: endpoints"),
    (CARD, {"endpoints": [f"tls://{'a' * 501}"]}, "card: endpoints"),
    (CARD, {"keys": CARD["keys"] | {"http": CARD["root"]}}, "card: one key for two purposes"),
    (CARD, {"keys": 5}, "card"),
    (CARD, {"keys": ["node"]}, "card"),
    (CARD, {"keys": None}, "card"),
    (MANDATE, {"party": "x"}, "credential: party"),
    (MANDATE, {"office": "watch"}, "mandate: office"),
    (MANDATE, {"office": "a" * 33}, "mandate: office"),
    (MANDATE, {"serial": -1}, "mandate: serial"),
    (MANDATE, {"from": -1}, "mandate: serial or from"),
    (MANDATE, {"from": 21}, "mandate: to"),
    (MANDATE, {"signers": {"k": 3, "of": ["duty", "desk"]}}, "mandate: signers"),
    (MANDATE, {"signers": {"k": 1, "of": ["duty", "duty"]}}, "mandate: signers"),
    (MANDATE, {"signers": {"k": 1, "of": [*LONG, "more"]}}, "mandate: signers"),
    (MANDATE, {"signers": {"k": 1, "of": ["duty", "Desk"]}}, "mandate: signers"),
    (REVOCATION, {"revokes": "x"}, "revocation: revokes"),
    (REVOCATION, {"from": -1}, "revocation: from"),
    (SUCCESSION, {"channel": ""}, "succession: channel"),
    (SUCCESSION, {"new": ORIGIN}, "succession: new"),
    (SUCCESSION, {"new": "example.com/log"}, "succession: new"),
    (SUCCESSION, {"old": SUCCESSION["old"] | {"root": b64(bytes(31))}}, "succession: old"),
    (SUCCESSION, {"old": SUCCESSION["old"] | {"size": -1}}, "succession: old"),
    (SUCCESSION, {"old": 5}, "succession"),
    (LOG_CERT, {"origin": "example.com/log"}, "log: origin"),
    (LOG_CERT, {"log": str(VerifierKey.make(OTHER, 1, LOG.public))}, "log: log"),
    (LOG_CERT, {"log": str(VerifierKey.make(ORIGIN, 4, LOG.public))}, "log: log"),
    (LOG_CERT, {"pq": str(VerifierKey.make(ORIGIN, 1, LOG.public))}, "log: pq"),
    (LOG_CERT, {"receipt": str(VerifierKey.make("other", 4, RECEIPT.public))}, "log: receipt"),
    (LOG_CERT, {"receipt": str(VerifierKey.make(RECEIPT_NAME, 1, RECEIPT.public))}, "log: receipt"),
    (
        LOG_CERT,
        {"receipt": str(VerifierKey.make(RECEIPT_NAME, 4, LOG.public))},
        "log: one key for two purposes",
    ),
]


@pytest.mark.parametrize(("doc", "change"), TAKEN)
def test_the_last_values_of_a_credential_are_taken(doc: dict[str, Any], change: dict[str, Any]) -> None:
    assert credential.parse(doc | change).type == doc["type"]


@pytest.mark.parametrize(("doc", "change", "named"), REFUSED)
def test_a_refused_credential_names_its_field(
    doc: dict[str, Any], change: dict[str, Any], named: str
) -> None:
    with pytest.raises(MalformedError, match=f"^{named}"):
        credential.parse(doc | change)


def test_a_field_that_may_be_left_out_has_a_plain_default() -> None:
    mandate, revocation, succession, card = (
        credential.parse(
            {name: value for name, value in doc.items() if name not in {"emergency", "reason", "to", "tls"}}
        )
        for doc in (MANDATE, REVOCATION, SUCCESSION, CARD)
    )
    assert isinstance(mandate, credential.Mandate) and mandate.emergency is False and mandate.until is None
    assert isinstance(revocation, credential.Revocation) and revocation.reason == ""
    assert isinstance(succession, credential.SuccessionDoc) and succession.reason == ""
    assert isinstance(card, credential.Card) and card.tls is None


def test_a_mandate_without_an_end_and_for_all_kinds_allows_any() -> None:
    mandate = credential.parse({**MANDATE, "kinds": ["*"], "to": None})
    assert isinstance(mandate, credential.Mandate)
    assert mandate.allows("protest", "priority", 10) and mandate.allows("message", "routine", LAST)
    assert not mandate.allows("protest", "immediate", 10) and not mandate.allows("protest", "priority", 9)


def test_a_credential_has_65535_bytes_at_most() -> None:
    size = len(canonical.encode({**CARD, "pad": ""}))
    credential.parse({**CARD, "pad": "x" * (65_535 - size)})
    with pytest.raises(MalformedError, match="65535"):
        credential.parse({**CARD, "pad": "x" * (65_536 - size)})


@pytest.mark.parametrize("doc", [[], None, "x", 5])
def test_a_credential_whose_doc_is_no_object_is_refused(doc: Any) -> None:
    with pytest.raises(MalformedError):
        credential.check({"doc": doc, "sig": b64(bytes(64))}, ROOT.public)


# -- statements and leaves ---------------------------------------------------------------------

STATEMENT_TAKEN: list[dict[str, Any]] = [
    {"re": ["2" * 64] * 64},
    {"to": ["2" * 64] * 64},
    {"crit": ["x"] * 16},
    {"released": 0},
    {"released": LAST},
    {"not_after": 0},
    {"not_after": LAST},
    {"kind": "k" * 64},
    {"office": "o" * 32},
    {"lang": "l" * 35},
    {"body": {"root": HASH, "size": 2}},
    {"body": {"root": HASH, "size": 2**20}},
]
STATEMENT_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"v": 2}, ": v "),
    ({"channel": "x"}, ": channel "),
    ({"party": "x"}, ": party "),
    ({"office": "o" * 33}, ": office "),
    ({"kind": "k" * 65}, ": kind "),
    ({"precedence": "urgent"}, ": precedence "),
    ({"mark": "fake"}, ": mark "),
    ({"re": ["2" * 64] * 65}, ": re "),
    ({"re": ["2" * 64, "x"]}, ": re "),
    ({"released": -1}, ": released "),
    ({"to": ["2" * 64] * 65}, ": to "),
    ({"to": ["2" * 64, "x"]}, ": to "),
    ({"not_after": -1}, ": not_after "),
    ({"crit": ["x"] * 17}, ": crit "),
    ({"lang": "l" * 36}, ": lang "),
    ({"body": {"root": HASH, "size": 1}}, ": body: size "),
    ({"body": {"root": HASH, "size": 2**20 + 1}}, ": body: size "),
    ({"body": None}, ": body "),
    ({"data": {}}, ": body "),
    ({"salt": b64(bytes(16))}, ": body "),
]
ACK = {"kind": "ack", "data": {}, "salt": b64(bytes(16))}
SIGNED = {"key": "0" * 32, "sig": b64(bytes(64))}
PART_TAKEN: list[tuple[str, Any]] = [
    ("placement", {**PLACEMENT, "index": 0, "time": 0, "seen": {OTHER: [0, HASH]}}),
    ("placement", {**PLACEMENT, "index": LAST, "time": LAST, "seen": {OTHER: [LAST, HASH]}}),
    ("signatures", [SIGNED]),
    ("signatures", [SIGNED] * 16),
]
PART_REFUSED: list[tuple[str, Any, str]] = [
    ("placement", {**PLACEMENT, "log": "example.com"}, ": log "),
    ("placement", {**PLACEMENT, "index": -1}, ": index "),
    ("placement", {**PLACEMENT, "time": -1}, ": time "),
    ("placement", {**PLACEMENT, "seen": {OTHER: [-1, HASH]}}, ": seen "),
    ("placement", {**PLACEMENT, "seen": {"x": [1, HASH]}}, ": seen "),
    ("signatures", [], ": signatures "),
    ("signatures", [SIGNED] * 17, ": signatures "),
    ("signatures", [SIGNED, {**SIGNED, "key": "0"}], ": signatures: key "),
]


def leaf_of(part: str, value: Any) -> bytes:
    doc = {"placement": PLACEMENT, "signatures": [SIGNED], "statement": make()}
    return canonical.encode({**doc, part: value})


@pytest.mark.parametrize("change", STATEMENT_TAKEN)
def test_the_last_values_of_a_statement_are_taken(change: dict[str, Any]) -> None:
    s = make() | change
    assert statement.decode_leaf(leaf_of("statement", s)).id == statement.entry_id(s)


@pytest.mark.parametrize(("change", "named"), STATEMENT_REFUSED)
def test_a_refused_statement_names_its_field(change: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedError, match=named):
        statement.decode_leaf(leaf_of("statement", make() | change))


@pytest.mark.parametrize("missing", ["data", "salt"])
def test_an_entry_in_clear_has_both_data_and_salt_and_no_body(missing: str) -> None:
    s = {name: value for name, value in make().items() if name != "body"} | ACK
    assert statement.decode_leaf(leaf_of("statement", s)).leaf.statement.data == {}
    for bad in ({n: v for n, v in s.items() if n != missing}, s | {"body": {"root": HASH, "size": 2}}):
        with pytest.raises(MalformedError, match=": data and salt "):
            statement.decode_leaf(leaf_of("statement", bad))


@pytest.mark.parametrize(("part", "value"), PART_TAKEN)
def test_the_last_values_around_a_statement_are_taken(part: str, value: Any) -> None:
    assert statement.decode_leaf(leaf_of(part, value)).doc[part] == value


@pytest.mark.parametrize(("part", "value", "named"), PART_REFUSED)
def test_a_refused_leaf_names_its_field(part: str, value: Any, named: str) -> None:
    with pytest.raises(MalformedError, match=named):
        statement.decode_leaf(leaf_of(part, value))


def test_a_leaf_has_65535_bytes_at_most() -> None:
    signatures = [statement.sign(KEY, make())]
    size = len(statement.encode_leaf(PLACEMENT, signatures, make() | {"pad": ""}))
    raw = statement.encode_leaf(PLACEMENT, signatures, make() | {"pad": "x" * (65_535 - size)})
    assert len(raw) == 65_535 and statement.decode_leaf(raw).raw == raw
    with pytest.raises(MalformedError, match="limit"):
        statement.encode_leaf(PLACEMENT, signatures, make() | {"pad": "x" * (65_536 - size)})


@pytest.mark.parametrize(("part", "fits"), [("placement", 30), ("signatures", 29), ("statement", 30)])
def test_no_part_of_a_leaf_makes_it_deeper_than_32(part: str, fits: int) -> None:
    parts: dict[str, Any] = {"placement": PLACEMENT, "signatures": [SIGNED], "statement": make()}

    def deep(depth: int) -> dict[str, Any]:
        new = {"new": nested(depth, list)}
        return parts | {part: [SIGNED | new] if part == "signatures" else parts[part] | new}

    assert statement.decode_leaf(statement.encode_leaf(**deep(fits)))
    with pytest.raises(MalformedError):
        statement.encode_leaf(**deep(fits + 1))


def test_what_is_signed_fits_into_a_leaf() -> None:
    statement.statement_bytes(make() | {"new": nested(30, list)})
    with pytest.raises(MalformedError):
        statement.statement_bytes(make() | {"new": nested(31, list)})


def test_what_is_no_signature_does_not_hold() -> None:
    raw = statement.statement_bytes(make())
    for sig in ([], "x", None, 5, {"key": KEY.id, "sig": ["x"]}):
        assert not statement.verify_signature(KEY.public, raw, sig)  # type: ignore[arg-type]


def test_a_body_has_a_mebibyte_at_most() -> None:
    size = len(canonical.encode({"text": ""}))
    assert make(body={"text": "x" * (2**20 - size)})["body"]["size"] == 2**20
    with pytest.raises(MalformedError, match="limit"):
        make(body={"text": "x" * (2**20 + 1 - size)})


def test_a_statement_is_routine_and_real_unless_it_says_otherwise() -> None:
    s = make()
    assert (s["precedence"], s["mark"], s["re"]) == ("routine", "real", [])


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "ack", "data": {}},
        {"kind": "ack", "data": None, "salt": bytes(16)},
        {"to": 5},
        {"released": "1"},
    ],
)
def test_a_statement_with_half_of_its_content_or_a_wrong_type_is_not_made(more: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        make(**more)


def test_a_body_without_a_seed_is_not_committed_to() -> None:
    with pytest.raises(MalformedError):
        statement.make(
            channel="0" * 32, party="1" * 64, office="duty", kind="message", released=1, body={"text": "x"}
        )


# -- verifier keys -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sig_type", "public"),
    [
        ("", 1, ROOT.public),
        ("a b", 1, ROOT.public),
        ("a+b", 1, ROOT.public),
        ("\ud800", 1, ROOT.public),
        ("a", 1, b"\1" + bytes(31)),
        ("a", 4, b"\1" + bytes(31)),
        ("a", 2, ROOT.public),
        ("a", 5, bytes(1312)),
        ("a", 6, ROOT.public),
        ("a", 6, bytes(1311)),
        ("a", 6, bytes(1313)),
    ],
)
def test_no_verifier_key_is_made_of_a_bad_name_type_or_key(name: str, sig_type: int, public: bytes) -> None:
    with pytest.raises(MalformedError):
        VerifierKey.make(name, sig_type, public)


def test_a_key_of_another_length_is_refused_whatever_it_spells() -> None:
    """A longer one could hold the same point."""
    public = SigningKey.from_seed(bytes(32)).public
    for bad in (public + b"\0", public[:-1]):
        with pytest.raises(MalformedError, match="32 bytes"):
            VerifierKey.make("a", 1, bad)
