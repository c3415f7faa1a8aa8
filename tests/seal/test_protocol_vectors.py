# SPDX-License-Identifier: Apache-2.0
"""Every vector of docs/vectors gets the verdict that stands beside it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detente.errors import MalformedError, VerificationError
from detente.log import checkpoint, merkle, receipt
from detente.log.note import VerifierKey
from detente.seal import canonical, commit, credential, epoch, keys, packet, statement
from detente.seal.canonical import unb64

REPO = Path(__file__).parents[2]
VECTORS = REPO / "docs/vectors"
Case = dict[str, Any]


def hold(holds: bool) -> None:
    if not holds:
        raise VerificationError("does not hold")


def check_key(c: Case) -> None:
    public = unb64(c["public"])
    keys.check_public(public)
    assert keys.SigningKey.from_seed(unb64(c["seed"])).public == public
    assert (keys.key_id(public), keys.fingerprint(public)) == (c["id"], c["fingerprint"])
    assert keys.fingerprint_words(c["fingerprint"]) == c["words"]


def check_canonical(c: Case) -> None:
    canonical.decode(unb64(c["raw"]), limit=1 << 20)


def check_leaf(c: Case) -> None:
    leaf = statement.decode_leaf(unb64(c["leaf"]))
    assert leaf.id == c["id"]
    hold(statement.verify_signature(unb64(c["key"]), leaf.statement_raw, leaf.doc["signatures"][0]))


def check_credential(c: Case) -> None:
    doc = credential.check(c["credential"], unb64(c["root"]))
    credential.parse(doc)
    assert credential.credential_id(doc) == c["id"]


def check_commitment(c: Case) -> None:
    root = unb64(c["root"])
    if "disclosure" in c:
        hold(commit.check_disclosure(root, c["disclosure"]))
        return
    assert len(canonical.encode(c["body"])) == c["size"]
    assert commit.commitment(c["body"], unb64(c["seed"])) == root
    for shown in c["disclosures"]:
        assert commit.disclose(c["body"], unb64(c["seed"]), shown["path"]) == shown
        assert commit.check_disclosure(root, shown)


def check_note(c: Case) -> None:
    raw, log, peer = unb64(c["note"]), VerifierKey.parse(c["log"]), VerifierKey.parse(c["receipt"])
    if c["form"] == "item":
        item = receipt.open_item(raw, peer)
        assert {"origin": item.origin, "entry_id": item.entry_id, "arrival": item.arrival} == c["says"]
        return
    says: Case = {}
    if c["form"] == "checkpoint":
        cp = checkpoint.open_checkpoint(raw, log)
    else:
        cp, says["seconds"] = checkpoint.open_cosignature(raw, log, peer)
    assert says | {"origin": cp.origin, "size": cp.size, "root": canonical.b64(cp.root)} == c["says"]


def check_packet(c: Case) -> None:
    raw, key = unb64(c["packet"]), unb64(c["key"])
    head = packet.header(raw)
    parts = packet.open_packet(raw, key)
    packet.decode_parts(parts)
    assert (head.channel, head.sender_tag) == (c["channel"], packet.tag(c["channel"], c["sender"]))
    assert parts == unb64(c["parts"])
    if not head.blobs:
        assert packet.seal(c["channel"], c["sender"], head.epoch, key, parts, {}) == raw


def check_grant(c: Case) -> None:
    kem = keys.KemKey.from_seeds(unb64(c["mlkem_seed"]), unb64(c["x25519_seed"]))
    secret = epoch.open_grant(unb64(c["blob"]), kem, c["channel"], c["epoch"], c["sender"], c["recipient"])
    assert secret == unb64(c["secret"])


def check_merkle(c: Case) -> None:
    if "leaves" in c:
        assert merkle.root(merkle.leaf_hash(unb64(leaf)) for leaf in c["leaves"]) == unb64(c["root"])
    elif "inclusion" in c:
        proof = [unb64(text) for text in c["inclusion"]]
        merkle.verify_inclusion(unb64(c["leaf"]), c["index"], c["size"], proof, unb64(c["root"]))
    else:
        proof = [unb64(text) for text in c["consistency"]]
        merkle.verify_consistency(c["old"], c["new"], unb64(c["old_root"]), unb64(c["new_root"]), proof)


CHECKS: dict[str, Callable[[Case], None]] = {
    "keys": check_key,
    "canonical": check_canonical,
    "leaves": check_leaf,
    "credentials": check_credential,
    "commitments": check_commitment,
    "notes": check_note,
    "packets": check_packet,
    "grants": check_grant,
    "merkle": check_merkle,
}


def all_cases() -> list[Any]:
    return [
        pytest.param(path.stem, c, id=f"{path.stem}: {c['name']}")
        for path in sorted(VECTORS.glob("*.json"))
        for c in json.loads(path.read_text(encoding="utf-8"))["cases"]
    ]


@pytest.mark.parametrize(("section", "c"), all_cases())
def test_vector(section: str, c: Case) -> None:
    verdict = "good"
    try:
        CHECKS[section](c)
    except VerificationError:
        verdict = "unproven"
    except MalformedError:
        verdict = "malformed"
    assert verdict == c["verdict"]


def test_the_files_are_what_the_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("make_vectors", REPO / "scripts/make_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    files = script.build(VECTORS)
    assert (
        files.keys() == {path.name for path in VECTORS.glob("*.json")} == {f"{name}.json" for name in CHECKS}
    )
    for name, content in files.items():
        assert (VECTORS / name).read_text(encoding="utf-8") == content, f"{name}: run scripts/make_vectors.py"
