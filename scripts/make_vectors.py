# SPDX-License-Identifier: Apache-2.0
"""Write the protocol's test vectors: ``python scripts/make_vectors.py [DIR]`` (default docs/vectors).

Everything is made from fixed seeds, so a second run writes the same bytes. Two things draw their own
randomness, an HPKE blob and an ML-DSA signature: those in the files are kept as long as they open and hold.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from detente.errors import DetenteError
from detente.log import checkpoint, merkle, note, receipt
from detente.log.checkpoint import Checkpoint
from detente.log.note import VerifierKey
from detente.seal import canonical, commit, credential, epoch, keys, packet, statement
from detente.seal.canonical import b64, unb64
from detente.seal.keys import KemKey, PqKey, SigningKey

Case = dict[str, Any]
ROOT, NODE, WATCH, HTTP, LOG, RECEIPT, OFFICE, OTHER = (
    SigningKey.from_seed(bytes([i]) * 32) for i in range(1, 9)
)
PQ = PqKey.from_seed(b"\x11" * 32)
KEM = KemKey.from_seeds(b"\x21" * 64, b"\x22" * 32)
FPR, PEER = keys.fingerprint(ROOT.public), keys.fingerprint(OTHER.public)
CHANNEL = "c0" * 16
ORIGIN, ORIGIN2 = "detente.log/" + "0a" * 16, "detente.log/" + "0b" * 16
RECEIPT_NAME = "detente.receipt/" + "0c" * 16
LOG_VKEY = VerifierKey.make(ORIGIN, note.NOTE, LOG.public)
PQ_VKEY = VerifierKey.make(ORIGIN, note.PQ_COSIGNATURE, PQ.public)
RECEIPT_VKEY = VerifierKey.make(RECEIPT_NAME, note.COSIGNATURE, RECEIPT.public)
SEED = bytes(range(32))
TIME = 1_700_000_000_000
BODY: dict[str, Any] = {
    "lang": "be",
    "text": "Вучэнні скончацца ў нядзелю.",
    "area": {"at": [53.9, 27.5]},
    "no/te~": [],
}
LOW_ORDER = b"\x01" + bytes(31)


def case(name: str, verdict: str, **values: Any) -> Case:
    """``verdict``: good, malformed (not of the form) or unproven (of the form, but does not hold)."""
    return {"name": name, "verdict": verdict, **values}


def key_cases() -> list[Case]:
    good = [
        case(
            f"seed of 32 times {i:02x}",
            "good",
            seed=b64(key.seed),
            public=b64(key.public),
            id=key.id,
            fingerprint=keys.fingerprint(key.public),
            words=keys.fingerprint_words(keys.fingerprint(key.public)),
        )
        for i, key in ((1, ROOT), (2, NODE))
    ]
    p = 2**255 - 19
    bad = {
        "31 bytes": bytes(31),
        "33 bytes": bytes(33),
        "y = 0, of order 4": bytes(32),
        "neutral element": LOW_ORDER,
        "y = -1, of order 2": (p - 1).to_bytes(32, "little"),
        "y = p": p.to_bytes(32, "little"),
        "of order 8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        "of order 8, other sign": bytes.fromhex(
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"
        ),
        "neutral element with a sign": b"\x01" + bytes(30) + b"\x80",
        "off the curve": b"\x02" + bytes(31),
    }
    return good + [case(name, "malformed", public=b64(raw)) for name, raw in bad.items()]


def canonical_cases() -> list[Case]:
    good = [
        "{}",
        '{"a":[1,null,true],"b":{"":"é"}}',
        '{"😀":1,"\ue000":2}',
        "[1e+21,0.5,-7]",
        "[" * 32 + "]" * 32,
    ]
    bad = {
        "duplicate key": '{"a":1,"a":1}',
        "NaN": "[NaN]",
        "infinity": "[1e999]",
        "2^53": "[9007199254740992]",
        "integer of 10^20": "[100000000000000000000]",
        "lone surrogate": '["\\ud800"]',
        "33 deep": "[" * 33 + "]" * 33,
        "space": '{"a": 1}',
        "unsorted": '{"b":1,"a":1}',
        "sorted by UTF-8": '{"\ue000":2,"😀":1}',
        "minus zero": "[-0]",
        "float for an integer": "[1.0]",
        "needless escape": '["\\u0041"]',
        "final line end": "{}\n",
        "empty": "",
        "byte order mark": "\ufeff{}",
    }
    out = [case(f"good {i}", "good", raw=b64(text.encode())) for i, text in enumerate(good)]
    out += [case(name, "malformed", raw=b64(text.encode())) for name, text in bad.items()]
    return [*out, case("not UTF-8", "malformed", raw=b64(b'["\xff"]'))]


def make_statement(**more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "channel": CHANNEL,
        "party": FPR,
        "office": "duty",
        "kind": "message",
        "released": TIME,
        "body": BODY,
        "seed": SEED,
    }
    return statement.make(**(values | more))


def leaf_cases() -> list[Case]:
    placement = {"log": ORIGIN, "index": 7, "time": TIME + 5, "seen": {ORIGIN2: [3, b64(merkle.EMPTY)]}}
    plain = make_statement()
    ack = make_statement(
        kind="ack", office="watch", body=None, re=["ab" * 32], data={"state": "displayed"}, salt=bytes(16)
    )
    full = make_statement(
        precedence="flash",
        mark="exercise",
        re=["ab" * 32],
        to=[PEER],
        not_after=TIME + 60_000,
        emergency=True,
        crit=["new"],
        lang="be",
    ) | {"new": {"x": 1.5}}
    out = []
    for name, key, s in (
        ("body", OFFICE, plain),
        ("data", WATCH, ack),
        ("every field and an unknown one", OFFICE, full),
    ):
        raw = statement.encode_leaf(placement, [statement.sign(key, s)], s)
        out.append(case(name, "good", leaf=b64(raw), id=statement.entry_id(s), key=b64(key.public)))
    for name, signature in (
        ("signature by another key under this key's id", statement.sign(OTHER, plain) | {"key": OFFICE.id}),
        ("signature over another statement", statement.sign(OFFICE, full)),
    ):
        raw = statement.encode_leaf(placement, [signature], plain)
        out.append(
            case(name, "unproven", leaf=b64(raw), id=statement.entry_id(plain), key=b64(OFFICE.public))
        )
    signed = [statement.sign(OFFICE, plain)]
    doc = {"placement": placement, "signatures": signed, "statement": plain}
    root32 = b64(bytes(32))
    hostile: dict[str, dict[str, Any]] = {
        f"statement: {field} = {json.dumps(value)[:40]}": doc | {"statement": plain | {field: value}}
        for field, value in (
            ("v", 2),
            ("channel", "C0" * 16),
            ("party", "ab"),
            ("office", "Duty"),
            ("kind", ""),
            ("precedence", "urgent"),
            ("mark", "fake"),
            ("re", ["ab"]),
            ("re", ["ab" * 32] * 65),
            ("released", -1),
            ("released", 1.5),
            ("body", None),
            ("body", {"root": "AB==", "size": 2}),
            ("body", {"root": root32, "size": 2**20 + 1}),
            ("data", {}),
            ("kind", "ack"),
            ("to", ["x"]),
            ("crit", ["a"] * 17),
            ("emergency", 1),
        )
    }
    hostile |= {
        "placement: foreign origin": doc | {"placement": placement | {"log": "example.com/log"}},
        "placement: negative index": doc | {"placement": placement | {"index": -1}},
        "placement: seen without root": doc | {"placement": placement | {"seen": {ORIGIN2: [3]}}},
        "no signatures": doc | {"signatures": []},
        "17 signatures": doc | {"signatures": signed * 17},
        "signature of 63 bytes": doc | {"signatures": [{"key": OFFICE.id, "sig": b64(bytes(63))}]},
        "no statement": {"placement": placement, "signatures": signed},
        "65,536 bytes and more": doc | {"pad": "x" * 65_536},
    }
    out += [case(name, "malformed", leaf=b64(canonical.encode(bad))) for name, bad in hostile.items()]
    spaced = json.dumps(doc, ensure_ascii=False).encode()
    return [*out, case("not canonical", "malformed", leaf=b64(spaced))]


def credential_cases() -> list[Case]:
    base = {"party": FPR, "issued": TIME}
    card = base | {
        "type": "card",
        "id": "BY",
        "name": "Міністэрства абароны",
        "lang": "be",
        "root": b64(ROOT.public),
        "serial": 1,
        "endpoints": ["https://line.example:8801"],
        "tls": None,
        "keys": {
            "node": b64(NODE.public),
            "watch": b64(WATCH.public),
            "http": b64(HTTP.public),
            "kem": b64(KEM.public),
        },
    }
    mandate = base | {
        "type": "mandate",
        "office": "duty",
        "title": "Duty officer",
        "key": b64(OFFICE.public),
        "kinds": ["*"],
        "precedence": "flash",
        "signers": {"k": 1, "of": ["duty"]},
        "emergency": True,
        "from": TIME,
        "to": None,
        "serial": 1,
    }
    cert = base | {
        "type": "log",
        "origin": ORIGIN,
        "log": str(LOG_VKEY),
        "pq": str(PQ_VKEY),
        "receipt": str(RECEIPT_VKEY),
    }
    revocation = base | {
        "type": "revocation",
        "revokes": credential.credential_id(mandate),
        "from": TIME,
        "reason": "lost",
    }
    old = {"origin": ORIGIN, "size": 0, "root": b64(merkle.EMPTY)}
    succession = base | {
        "type": "succession",
        "channel": CHANNEL,
        "old": old,
        "new": ORIGIN2,
        "reason": "disk",
    }
    out = []
    for doc in (card, mandate, revocation, cert, succession):
        signed = credential.sign(ROOT, doc)
        out.append(case(f"{doc['type']}", "good", credential=signed, id=credential.credential_id(doc)))
    out += [
        case("signed by another key", "unproven", credential=credential.sign(OTHER, mandate)),
        case(
            "changed after signing",
            "unproven",
            credential={
                "doc": mandate | {"precedence": "routine"},
                "sig": credential.sign(ROOT, mandate)["sig"],
            },
        ),
        case("of another party", "unproven", credential=credential.sign(ROOT, mandate | {"party": PEER})),
    ]
    low = b64(LOW_ORDER)
    for name, doc in {
        "card: id in small letters": card | {"id": "by"},
        "card: root of low order": card | {"root": low},
        "card: one key twice": card | {"keys": card["keys"] | {"http": card["keys"]["node"]}},
        "card: kem key of zeros": card | {"keys": card["keys"] | {"kem": b64(bytes(1215))}},
        "mandate for the office node": mandate | {"office": "node"},
        "mandate: key of low order": mandate | {"key": low},
        "mandate: more signers than offices": mandate | {"signers": {"k": 2, "of": ["duty"]}},
        "mandate: ends before it begins": mandate | {"to": TIME - 1},
        "log: receipt key of type 01": cert | {"receipt": str(LOG_VKEY)},
        "log: verifier key with a wrong id": cert | {"log": str(LOG_VKEY).replace("+", "+0", 1)},
        "succession to itself": succession | {"new": ORIGIN},
        "unknown type": base | {"type": "pass"},
    }.items():
        out.append(case(name, "malformed", credential=credential.sign(ROOT, doc)))
    return [c | {"root": b64(ROOT.public)} for c in out]


def commitment_cases() -> list[Case]:
    out = []
    for name, body in (
        ("empty body", {}),
        ("one field", {"a": None}),
        ("two fields", {"a": 1, "b": "x"}),
        ("nested", BODY),
    ):
        root = b64(commit.commitment(body, SEED))
        shown = [commit.disclose(body, SEED, path) for path, _ in commit.flatten(body)]
        size = len(canonical.encode(body))
        out.append(case(name, "good", body=body, seed=b64(SEED), root=root, size=size, disclosures=shown))
    good, root = shown[-1], out[-1]["root"]
    for name, change in {
        "value": {"value": "other"},
        "path": {"path": "/other"},
        "index": {"index": good["index"] ^ 1},
        "salt": {"salt": b64(bytes(16))},
        "index beyond the tree": {"index": good["index"] + (1 << len(good["siblings"]))},
        "no siblings": {"siblings": []},
        "siblings turned round": {"siblings": good["siblings"][::-1]},
        "value is an object": {"value": {"a": 1}},
        "salt not canonical": {"salt": good["salt"][:-3] + "B=="},
    }.items():
        out.append(case(f"disclosure: {name}", "unproven", root=root, disclosure=good | change))
    return out


def note_cases(directory: Path) -> list[Case]:
    root = merkle.root(merkle.leaf_hash(b'{"n":%d}' % n) for n in range(7))
    cp = Checkpoint(ORIGIN, 7, root)
    own = checkpoint.sign_checkpoint(cp, LOG)
    cosigned = checkpoint.cosign(own, RECEIPT_NAME, RECEIPT, 1_700_000_000)
    item = receipt.make_item(ORIGIN, "ab" * 32, TIME, RECEIPT_NAME, RECEIPT)
    grease = "— detente.example/grease AAAAAAAAAAAA\n".encode()
    says_cp = {"origin": ORIGIN, "size": 7, "root": b64(root)}
    says_item = {"origin": ORIGIN, "entry_id": "ab" * 32, "arrival": TIME}
    says_cosigned = says_cp | {"seconds": 1_700_000_000}
    out = [
        case("checkpoint", "good", form="checkpoint", note=own, says=says_cp),
        case(
            "checkpoint with a line of type 06",
            "good",
            form="checkpoint",
            says=says_cp,
            note=with_pq(cp, own, directory),
        ),
        case("checkpoint with an unknown line", "good", form="checkpoint", note=own + grease, says=says_cp),
        case("cosignature", "good", form="cosignature", note=cosigned, says=says_cosigned),
        case("item receipt", "good", form="item", note=item, says=says_item),
    ]
    text = cp.text()
    extended = text + "extension\n"
    foreign = Checkpoint(ORIGIN2, 7, root).text()
    line = own.split(b"\n\n")[1]
    bad: list[tuple[str, str, str, bytes]] = [
        ("size changed", "unproven", "checkpoint", own.replace(b"\n7\n", b"\n8\n")),
        ("size with a leading zero", "malformed", "checkpoint", signed(text.replace("\n7\n", "\n07\n"))),
        ("extension line", "malformed", "checkpoint", signed(extended)),
        ("of another origin", "unproven", "checkpoint", signed(foreign)),
        ("signature twice", "unproven", "checkpoint", own + line),
        ("signed by another key", "unproven", "checkpoint", checkpoint.sign_checkpoint(cp, OTHER)),
        (
            "known line that fails",
            "unproven",
            "checkpoint",
            text.encode() + b"\n" + f"— {ORIGIN} {b64(LOG_VKEY.id + bytes(64))}\n".encode(),
        ),
        ("no final line end", "malformed", "checkpoint", own[:-1]),
        ("no signatures", "malformed", "checkpoint", text.encode() + b"\n"),
        ("CRLF", "malformed", "checkpoint", own.replace(b"\n", b"\r\n")),
        ("base64 not canonical", "malformed", "checkpoint", own + "— a AAAAAAAAAB==\n".encode()),
        ("65 signature lines", "malformed", "checkpoint", own + grease * 64),
        ("not UTF-8", "malformed", "checkpoint", b"\xff" + own),
        ("cosignature: time changed", "unproven", "cosignature", retimed(cosigned)),
        (
            "cosignature without the log's line",
            "unproven",
            "cosignature",
            text.encode() + b"\n" + note.sign_line(RECEIPT_NAME, note.COSIGNATURE, RECEIPT, text, 5),
        ),
        (
            "cosignature of time 0",
            "unproven",
            "cosignature",
            own + note.sign_line(RECEIPT_NAME, note.COSIGNATURE, RECEIPT, text, 0),
        ),
        ("checkpoint for a cosignature", "unproven", "cosignature", own),
        (
            "item receipt: arrival changed",
            "unproven",
            "item",
            item.replace(b"1700000000000", b"1700000000001"),
        ),
        ("cosignature for an item receipt", "unproven", "item", cosigned),
    ]
    out += [case(name, verdict, form=form, note=raw) for name, verdict, form, raw in bad]
    return [c | {"note": b64(c["note"]), "log": str(LOG_VKEY), "receipt": str(RECEIPT_VKEY)} for c in out]


def with_pq(cp: Checkpoint, own: bytes, directory: Path) -> bytes:
    try:
        kept = unb64(json.loads((directory / "notes.json").read_text())["cases"][1]["note"])
        if kept.startswith(own) and len(note.open_note(kept, [LOG_VKEY, PQ_VKEY])[1]) == 2:
            return kept
    except (OSError, ValueError, LookupError, DetenteError):
        print("notes.json: a new ML-DSA signature")
    return own + checkpoint.pq_line(cp, ORIGIN, PQ)


def signed(text: str) -> bytes:
    return text.encode() + b"\n" + note.sign_line(ORIGIN, note.NOTE, LOG, text)


def retimed(cosigned: bytes) -> bytes:
    line = note.parse(cosigned).line(RECEIPT_VKEY)
    assert line is not None
    payload = line.id + (1).to_bytes(8, "big") + line.payload[8:]
    return cosigned.replace(b64(line.id + line.payload).encode(), b64(payload).encode())


def packet_cases() -> list[Case]:
    key = bytes(range(64))
    parts = packet.encode_parts(
        [
            packet.HavePart({"logs": {ORIGIN: 7}, "epochs": {FPR: 1}}),
            packet.LogPart(ORIGIN),
            packet.BodyPart("ab" * 32, SEED, b"{}"),
            packet.LeafPart(7, b"{}"),
            packet.CheckpointPart(b"note\n"),
            packet.CosignaturePart(b"note\n"),
            packet.ItemPart(b"note\n"),
            packet.EarlyPart(9, b"{}"),
        ]
    )
    good = packet.seal(CHANNEL, FPR, 1, key, parts, {PEER: b"blob"})
    empty = packet.seal(CHANNEL, FPR, 1, key, b"", {})
    later = parts + b"\x80\0\0\0\1x"
    out = [
        case("every part, one blob", "good", packet=good, parts=parts),
        case("nothing in it", "good", packet=empty, parts=b""),
        case(
            "a part of an unknown type from 128 on",
            "good",
            packet=packet.seal(CHANNEL, FPR, 2, key, later, {}),
            parts=later,
        ),
    ]
    flipped = {"magic": 0, "channel": 4, "sender": 20, "epoch": 39, "sealed": len(good) - 1}
    for name, at in flipped.items():
        raw = bytearray(good)
        raw[at] ^= 1
        out.append(
            case(f"flipped: {name}", "malformed" if name == "magic" else "unproven", packet=bytes(raw))
        )
    head = empty[:40]
    for name, plain in {
        "padding not of zeros": bytes(511) + b"x",
        "a bucket too large": bytes(1024),
        "length beyond the end": (509).to_bytes(4, "big") + bytes(508),
    }.items():
        out.append(case(name, "malformed", packet=head + b"\0" + AESSIV(key).encrypt(plain, [head])))
    unknown = packet.seal(CHANNEL, FPR, 1, key, b"\x09\0\0\0\0", {})
    out += [
        case("cut short", "malformed", packet=good[:-1]),
        case("one recipient twice", "malformed", packet=good[:40] + b"\2" + good[41:63] * 2 + good[63:]),
        case("an unknown part below 128", "malformed", packet=unknown),
    ]
    for c in out:
        c |= {"packet": b64(c["packet"]), "key": b64(key), "channel": CHANNEL, "sender": FPR}
        if "parts" in c:
            c["parts"] = b64(c["parts"])
    return out


def grant_cases(directory: Path) -> list[Case]:
    secret = bytes(range(64))
    place = {"channel": CHANNEL, "epoch": 1, "sender": PEER, "recipient": FPR}
    try:
        kept = json.loads((directory / "grants.json").read_text())["cases"][0]["blob"]
        epoch.open_grant(unb64(kept), KEM, **place)
    except (OSError, ValueError, LookupError, DetenteError):
        print("grants.json: a new blob")
        kept = b64(epoch.make_grant(secret, 1, CHANNEL, PEER, {FPR: KEM.public})[1][FPR])
    flipped = bytearray(unb64(kept))
    flipped[-1] ^= 1
    out = [
        case("good", "good", blob=kept, secret=b64(secret), **place),
        case("of another epoch", "unproven", blob=kept, **(place | {"epoch": 2})),
        case("of another channel", "unproven", blob=kept, **(place | {"channel": "00" * 16})),
        case(
            "sender and recipient exchanged",
            "unproven",
            blob=kept,
            **(place | {"sender": FPR, "recipient": PEER}),
        ),
        case("last byte flipped", "unproven", blob=b64(bytes(flipped)), **place),
        case("cut short", "unproven", blob=b64(unb64(kept)[:-1]), **place),
    ]
    seeds = {"mlkem_seed": b64(KEM.seeds[0]), "x25519_seed": b64(KEM.seeds[1])}
    return [c | seeds for c in out]


def merkle_cases() -> list[Case]:
    hashes = [merkle.leaf_hash(b'{"n":%d}' % n) for n in range(13)]
    roots = [merkle.root(hashes[:n]) for n in range(14)]
    out = [
        case(f"root of size {n}", "good", leaves=[b64(b'{"n":%d}' % i) for i in range(n)], root=b64(roots[n]))
        for n in (0, 1, 7, 13)
    ]
    for index, size in ((0, 1), (5, 7), (6, 7), (12, 13)):
        proof = merkle.inclusion_proof(hashes, index, size)
        base = {
            "leaf": b64(hashes[index]),
            "index": index,
            "size": size,
            "root": b64(roots[size]),
            "inclusion": list(map(b64, proof)),
        }
        out.append(case(f"leaf {index} of {size}", "good", **base))
        out.append(
            case(
                f"leaf {index} of {size}: one hash more",
                "unproven",
                **(base | {"inclusion": [*base["inclusion"], b64(bytes(32))]}),
            )
        )
        out.append(
            case(f"leaf {index} of {size}: other root", "unproven", **(base | {"root": b64(bytes(32))}))
        )
    for old, new in ((1, 2), (4, 7), (6, 13), (7, 7)):
        proof = merkle.consistency_proof(hashes, old, new)
        base = {
            "old": old,
            "new": new,
            "old_root": b64(roots[old]),
            "new_root": b64(roots[new]),
            "consistency": list(map(b64, proof)),
        }
        out.append(case(f"from {old} to {new}", "good", **base))
        out.append(case(f"from {old} to {new}: a fork", "unproven", **(base | {"old_root": b64(bytes(32))})))
    return out


def build(directory: Path) -> dict[str, str]:
    """File name to content of every vector file."""
    sections = {
        "keys": key_cases(),
        "canonical": canonical_cases(),
        "leaves": leaf_cases(),
        "credentials": credential_cases(),
        "commitments": commitment_cases(),
        "notes": note_cases(directory),
        "packets": packet_cases(),
        "grants": grant_cases(directory),
        "merkle": merkle_cases(),
    }
    return {
        f"{name}.json": json.dumps({"protocol": 1, "cases": cases}, indent=1, ensure_ascii=False) + "\n"
        for name, cases in sections.items()
    }


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs/vectors")
    for file_name, content in build(target).items():
        (target / file_name).write_text(content, encoding="utf-8")
        print(target / file_name)
