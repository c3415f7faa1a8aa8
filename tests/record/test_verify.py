# SPDX-License-Identifier: Apache-2.0
"""A whole bundle verifies; one with anything removed, swapped or redated does not, and is told where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from detente.errors import MalformedError
from detente.log import merkle, tiles
from detente.node.cores import spread
from detente.record import verify_receipts, verify_report, verify_rows
from detente.record.bundle import build
from detente.record.entry import rfc3339
from detente.record.verify import verify
from detente.seal import canonical, commit
from detente.seal.canonical import b64
from detente.seal.credential import credential_id

BY_TREE = "logs/BY/tile/0/000.p/7"
BY_ENTRIES = "logs/BY/tile/entries/000.p/7"


def entries_of(files: dict[str, bytes], path: str = BY_ENTRIES) -> list[bytes]:
    return tiles.read_entries({"tile/entries/000.p/7": files[path]}, 7)


def with_entries(files: dict[str, bytes], leaves: list[bytes], *, hashed: bool) -> dict[str, bytes]:
    """The BY log with other leaves under the old names; ``hashed``: with tiles to match."""
    made = tiles.tile_files([merkle.leaf_hash(leaf) for leaf in leaves], leaves)
    changed = dict(files)
    changed[BY_ENTRIES] = next(raw for path, raw in made.items() if "entries" in path)
    if hashed:
        changed[BY_TREE] = next(raw for path, raw in made.items() if path.startswith("tile/0/"))
    return changed


def altered(leaf: bytes, old: bytes, new: bytes) -> bytes:
    assert old in leaf
    return leaf.replace(old, new, 1)


def named(report: Any) -> set[str | None]:
    return {problem.entry for problem in report.problems}


def test_whole_bundle_is_valid_and_says_each_thing_apart(exchange: Any) -> None:
    report = verify(exchange.files())
    assert report.problems == []
    assert report.valid
    assert report.identities == "unverified"
    assert report.fingerprints == {"BY": exchange.by.fpr, "UA": exchange.ua.fpr}
    doc = report.to_json()
    assert [log["post_quantum"] for log in doc["logs"]] == [True, None]
    flash = next(entry for entry in doc["entries"] if entry["ref"] == "BY-6")
    assert flash["in_log"]
    assert flash["signed"]
    assert flash["mandate_valid"]
    assert flash["body"] == "disclosed"
    assert flash["receipted"] == [{"by": "UA", "time": flash["receipted"][0]["time"], "how": "item receipt"}]
    assert all(entry["receipted"] for entry in doc["entries"])


def test_earliest_receipt_counts(exchange: Any) -> None:
    exchange.by.cosigned(exchange.ua, seconds=2_000_000_000)
    entries = {entry.ref: entry for entry in verify(exchange.files()).entries}
    assert entries["BY-0"].receipted[0].at < entries["BY-4"].receipted[0].at < 2_000_000_000_000


def test_missing_receipts_are_not_invalid(exchange: Any) -> None:
    files = {path: raw for path, raw in exchange.files().items() if "/receipts/" not in path}
    report = verify(files)
    assert report.valid
    assert not any(entry.receipted for entry in report.entries if entry.ref != "BY-6")


def test_trust_makes_identities_verified(exchange: Any) -> None:
    cards = [party.signed(party.card()) for party in (exchange.by, exchange.ua)]
    assert verify(exchange.files(), cards).identities == "verified"
    assert verify(exchange.files(), cards[:1]).identities == "unverified"
    with pytest.raises(MalformedError):
        verify(exchange.files(), [cards[0] | {"sig": cards[1]["sig"]}])


def test_log_under_another_root_than_the_trusted_card(exchange: Any, new_party: Callable[..., Any]) -> None:
    other = new_party("UA-FALSE")
    other.id = "UA"
    report = verify(exchange.files(), [other.signed(other.card())])
    assert "UA-0" in named(report)


def test_withheld_is_never_called_verified(exchange: Any) -> None:
    report = verify(exchange.files({}))
    assert report.valid
    states = {entry.ref: entry.body for entry in report.entries}
    assert states["BY-2"] == "withheld"
    assert states["BY-0"] == "in clear"


def test_disclosed_field_leaves_the_rest_closed(exchange: Any) -> None:
    entry = exchange.by.ids[2]
    body, seed = exchange.by.sealed[entry]
    field = commit.disclose(body, seed, "/nested/c")
    assert verify(exchange.files({entry: [field]})).entries[2].body == "partly"
    report = verify(exchange.files({entry: [field | {"value": "y"}]}))
    assert named(report) == {"BY-2"}


# What is tampered with, and which entry must be named.


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("index", range(7))
def test_flipped_byte_in_a_statement(exchange: Any, index: int, hashed: bool) -> None:
    files = exchange.files()
    leaves = entries_of(files)
    leaves[index] = altered(leaves[index], b'"precedence":"', b'"precedence" :"')
    assert f"BY-{index}" in named(verify(with_entries(files, leaves, hashed=hashed)))


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("index", range(7))
def test_redated_placement(exchange: Any, index: int, hashed: bool) -> None:
    files = exchange.files()
    leaves = entries_of(files)
    doc = canonical.loads(leaves[index], limit=1 << 20)
    doc["placement"]["time"] -= 60_000
    leaves[index] = canonical.encode(doc)
    report = verify(with_entries(files, leaves, hashed=hashed))
    assert not report.valid
    assert f"BY-{index}" in named(report) or (hashed and index < 2 and "BY-0" in named(report))
    assert not report.entries[index].in_log


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("index", range(6))
def test_dropped_entry(exchange: Any, index: int, hashed: bool) -> None:
    files = exchange.files()
    leaves = entries_of(files)
    del leaves[index]
    assert f"BY-{index}" in named(verify(with_entries(files, leaves, hashed=hashed)))


@pytest.mark.parametrize("hashed", [False, True])
def test_dropped_last_entry(exchange: Any, hashed: bool) -> None:
    files = exchange.files()
    assert "BY-6" in named(verify(with_entries(files, entries_of(files)[:-1], hashed=hashed)))


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("index", range(6))
def test_reordered_entries(exchange: Any, index: int, hashed: bool) -> None:
    files = exchange.files()
    leaves = entries_of(files)
    leaves[index], leaves[index + 1] = leaves[index + 1], leaves[index]
    assert f"BY-{index}" in named(verify(with_entries(files, leaves, hashed=hashed)))


@pytest.mark.parametrize("hashed", [False, True])
def test_inserted_entry(exchange: Any, hashed: bool) -> None:
    files = exchange.files()
    leaves = entries_of(files)
    leaves.insert(3, leaves[2])
    assert {"BY-3", "BY-7"} <= named(verify(with_entries(files, leaves, hashed=hashed)))


def test_swapped_tile(exchange: Any) -> None:
    files = exchange.files()
    tile = bytearray(files[BY_TREE])
    tile[3 * 32] ^= 1
    report = verify(files | {BY_TREE: bytes(tile)})
    assert named(report) == {"BY-3"}
    assert report.entries[3].in_log


def test_swapped_bodies(exchange: Any) -> None:
    files = exchange.files()
    first, second = (f"bodies/{exchange.by.ids[index]}.json" for index in (2, 3))
    files[first], files[second] = files[second], files[first]
    report = verify(files)
    assert named(report) == {"BY-2", "BY-3"}
    assert report.entries[2].body == "altered"


@pytest.mark.parametrize("change", [{"text": "other"}, {"extra": 1}])
def test_altered_body(exchange: Any, change: dict[str, Any]) -> None:
    files = exchange.files()
    path = f"bodies/{exchange.by.ids[2]}.json"
    doc = canonical.loads(files[path], limit=1 << 20)
    doc["body"] |= change
    assert named(verify(files | {path: canonical.encode(doc)})) == {"BY-2"}


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b'{"body":{}}', b'{"disclosures":[]}', b'{"disclosures":[1]}', b"\xff"]
)
def test_body_file_that_is_none(exchange: Any, raw: bytes) -> None:
    assert named(verify(exchange.files() | {f"bodies/{exchange.by.ids[2]}.json": raw})) == {"BY-2"}


@pytest.mark.parametrize(
    "path",
    [f"bodies/{'ab' * 32}.json", "bodies/readme.json", "logs/BY/hidden", "logs/stray", "keys/log-XX.vkey"],
)
def test_file_that_belongs_to_no_entry(exchange: Any, path: str) -> None:
    report = verify(exchange.files() | {path: b"{}"})
    assert [path in problem.problem for problem in report.problems] == [True]


def test_other_extra_files_are_only_mentioned(exchange: Any) -> None:
    report = verify(exchange.files() | {"letter.pdf": b"x"})
    assert report.valid
    assert any("letter.pdf" in text for text in report.notes)


@pytest.mark.parametrize("use", ["log", "receipt", "pq"])
def test_swapped_key_file(exchange: Any, use: str) -> None:
    files = exchange.files()
    files[f"keys/{use}-BY.vkey"] = files[f"keys/{use}-UA.vkey"]
    assert [(p.log, p.entry) for p in verify(files).problems] == [("BY", None)]


def test_checkpoint_by_another_key(exchange: Any) -> None:
    exchange.by.log_key = exchange.ua.log_key
    report = verify(exchange.files())
    assert any("checkpoint" in problem.problem for problem in report.problems)
    assert not any(entry.in_log for entry in report.entries if entry.log == "BY")


@pytest.mark.parametrize("path", ["checkpoint", "tile/entries/000.p/7", "tile/0/000.p/7"])
def test_removed_file_of_a_log(exchange: Any, path: str) -> None:
    files = exchange.files()
    del files[f"logs/BY/{path}"]
    assert not verify(files).valid


def test_removed_log_leaves_its_traces(exchange: Any) -> None:
    files = {path: raw for path, raw in exchange.files().items() if not path.startswith("logs/UA/")}
    assert not verify(files).valid
    without_keys = {path: raw for path, raw in files.items() if "UA" not in path}
    assert "BY-2" in named(verify(without_keys))


def test_older_checkpoint_with_the_tail_removed(exchange: Any) -> None:
    """The log alone would be consistent: the peer's receipts and what it had seen show what is gone."""
    by = exchange.by
    kept = 4
    by.leaves, by.items = by.leaves[:kept], []
    there = {*by.ids[:kept], *exchange.ua.ids}
    sealed = {entry: body for entry, body in exchange.bodies().items() if entry in there}
    report = verify(exchange.files(sealed))
    assert "BY-4" in named(report), "a receipt covers it"
    by.receipts = by.receipts[:2]
    assert named(verify(exchange.files(sealed))) >= {"UA-5"}, "an entry had seen it"


def test_receipt_over_another_tree(exchange: Any) -> None:
    by, ua = exchange.by, exchange.ua
    honest = by.leaves[4]
    by.leaves[4] = by.leaves[3]
    by.cosigned(ua, 5)
    by.leaves[4] = honest
    report = verify(exchange.files())
    assert named(report) == {"BY-4"}


def test_receipt_by_another_key_under_the_peers_name(exchange: Any) -> None:
    exchange.ua.receipt_key = exchange.by.receipt_key
    exchange.by.cosigned(exchange.ua)
    assert [problem.log for problem in verify(exchange.files()).problems] == ["BY"]


def test_item_receipt_for_an_entry_that_is_not_there(exchange: Any) -> None:
    exchange.by.item(exchange.ua, "cd" * 32)
    assert any("cd" * 32 in problem.problem for problem in verify(exchange.files()).problems)


def test_forged_statement_in_a_good_tree(exchange: Any) -> None:
    """The log's own writer can place what no office signed; the tree is good, the entry is not."""
    by = exchange.by
    by.place("message", {"text": "never said"}, signer=by.node)
    report = verify(exchange.files())
    assert named(report) == {"BY-7"}
    assert report.entries[7].in_log
    assert not report.entries[7].signed
    assert report.entries[7].labels == ("no mandate",)


def test_revoked_mandate(exchange: Any) -> None:
    by = exchange.by
    doc = by.doc("revocation", revokes=credential_id(by.mandate()), reason="lost", **{"from": by.clock})
    by.place("credential", data={"credential": by.signed(doc)})
    by.place("message", {"text": "too late"})
    report = verify(exchange.files())
    assert named(report) == {"BY-8"}
    assert report.entries[8].signed
    assert not report.entries[8].mandate_valid
    assert report.entries[6].mandate_valid


def test_credential_file_of_another_root(exchange: Any) -> None:
    files = exchange.files()
    path = next(path for path in files if path.startswith("credentials/"))
    doc = canonical.loads(files[path], limit=1 << 20)
    doc["doc"]["name"] = "Somebody else"
    report = verify(files | {path: canonical.encode(doc)})
    assert [path in problem.problem for problem in report.problems] == [True]


def test_succession_links_two_logs(exchange: Any, new_party: Callable[..., Any]) -> None:
    by, ua = exchange.by, exchange.ua
    new = new_party("BY", 2)
    old = {"origin": by.origin, "size": 5, "root": b64(by.tree(5))}
    doc = by.doc("succession", channel="0f" * 16, old=old, new=new.origin, reason="disk lost")
    new.open(("succession", {"succession": by.signed(doc)}))
    new.place("message", {"text": "back"}, seen=(ua,))
    new.cosigned(ua)
    logs = [by.bundled(), new.bundled(), ua.bundled()]
    files = build(logs, by.sealed | new.sealed | ua.sealed)
    assert "logs/BY-2/checkpoint" in files
    report = verify(files)
    assert report.problems == []
    assert [entry.ref for entry in report.entries if entry.log == "BY-2"] == ["BY-5", "BY-6", "BY-7", "BY-8"]
    wrong = by.doc(
        "succession", channel="0f" * 16, old=old | {"root": b64(b"r" * 32)}, new=new.origin, reason="x"
    )
    other = new_party("BY", 2).open(("succession", {"succession": by.signed(wrong)}))
    assert not verify(build([by.bundled(), other.bundled(), ua.bundled()], {})).valid
    unlinked = new_party("BY", 2).open()
    assert not verify(build([by.bundled(), unlinked.bundled(), ua.bundled()], {})).valid


def test_what_was_revoked_stays_revoked_in_the_next_log(exchange: Any, new_party: Callable[..., Any]) -> None:
    by = exchange.by
    doc = by.doc("revocation", revokes=credential_id(by.mandate()), reason="lost", **{"from": by.clock})
    by.place("credential", data={"credential": by.signed(doc)})
    old = {"origin": by.origin, "size": len(by.leaves), "root": b64(by.tree())}
    new = new_party("BY", 2)
    new.clock = by.clock
    link = by.doc("succession", channel="0f" * 16, old=old, new=new.origin, reason="disk lost")
    new.open(("succession", {"succession": by.signed(link)}))
    new.place("message", {"text": "by the lost key"})
    report = verify(build([by.bundled(), new.bundled(), exchange.ua.bundled()], {}))
    assert named(report) == {"BY-11"}
    assert report.entries[-1 - len(exchange.ua.leaves)].labels == ("revoked",)


def test_large_log_names_one_entry_of_many(new_party: Callable[..., Any]) -> None:
    by = new_party("BY").open()
    for number in range(600):
        by.place("message", {"text": f"{number}"})
    files = build([by.bundled()], by.sealed)
    assert verify(files).problems == []
    bundle = files["logs/BY/tile/entries/001"]
    files["logs/BY/tile/entries/001"] = bundle.replace(b'"mark":"real"', b'"mark":"test"', 1)
    report = verify(files)
    assert named(report) == {"BY-256", None}, "and the body of what it was belongs to nothing now"
    assert sum(not entry.in_log for entry in report.entries) == 1
    del files["logs/BY/tile/entries/001"]
    assert any("with all up to BY-511" in problem.problem for problem in verify(files).problems)


@pytest.mark.parametrize("files", [{}, {"logs/BY/checkpoint": b""}, {"logs/BY/tile/entries/000": b"\x00"}])
def test_next_to_nothing(files: dict[str, bytes]) -> None:
    report = verify(files)
    assert not report.valid
    assert report.to_text().startswith("NOT VALID")


def test_claimed_sizes_cost_nothing() -> None:
    """Neither a checkpoint nor a tile's path makes room for entries that are not there."""
    head = b"detente.log/" + b"ab" * 16 + b"\n9007199254740991\n" + b64(bytes(32)).encode() + b"\n\n"
    head += b"\xe2\x80\x94 x " + b64(bytes(68)).encode() + b"\n"
    files = {"logs/BY/checkpoint": head, "logs/BY/tile/entries/x999/x999/x999/999": b"\x00\x01x"}
    assert len(verify(files).entries) < 100_000


def test_text_says_what_json_says(exchange: Any) -> None:
    text = verify(exchange.files({})).to_text()
    assert text.startswith("valid\n")
    assert "identities unverified" in text
    assert exchange.by.fpr in text
    assert "body withheld" in text


@pytest.mark.parametrize("places", [2, pytest.param(7, marks=pytest.mark.slow)])
def test_no_flipped_byte_raises_or_passes(exchange: Any, places: int) -> None:
    files = exchange.files()
    for path, raw in files.items():
        for place in range(0, len(raw), max(1, len(raw) // places)):
            changed = bytearray(raw)
            changed[place] ^= 1 << place % 7
            report = verify(files | {path: bytes(changed)})
            if path.startswith(("bodies/", "logs/BY/tile", "logs/UA/tile", "keys/")):
                assert not report.valid, (path, place)


def test_chunks_of_any_size_give_the_same_report(
    exchange: Any, new_party: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    by = exchange.by
    old = {"origin": by.origin, "size": 5, "root": b64(by.tree(5))}
    new = new_party("BY", 2)
    doc = by.doc("succession", channel="0f" * 16, old=old, new=new.origin, reason="disk lost")
    new.open(("succession", {"succession": by.signed(doc)}))
    logs = [by.bundled(), new.bundled(), exchange.ua.bundled()]
    files = build(logs, by.sealed | exchange.ua.sealed)
    whole = verify(files).to_json()
    for size in (1, 2, 3):
        monkeypatch.setattr(verify_rows, "CHUNK", size)
        assert verify(files).to_json() == whole


def test_hashes_only_reads_no_entry_and_still_finds_what_was_changed(exchange: Any) -> None:
    files = exchange.files()
    report = verify(files, hashes_only=True)
    assert report.valid
    assert report.entries == []
    assert [log.size for log in report.logs] == [len(exchange.by.leaves), len(exchange.ua.leaves)]
    leaves = entries_of(files)
    changed = with_entries(
        files, [*leaves[:3], altered(leaves[3], b"routine", b"Routine"), *leaves[4:]], hashed=True
    )
    assert not verify(changed, hashes_only=True).valid


def test_hashes_only_checks_who_signed_the_head(exchange: Any) -> None:
    files = exchange.files()
    text, _, line = files["logs/BY/checkpoint"].rpartition(b" ")
    forged = canonical.unb64(line.strip().decode())[:-8] + bytes(8)
    changed = files | {"logs/BY/checkpoint": text + b" " + b64(forged).encode() + b"\n"}
    assert verify(files, hashes_only=True).valid
    assert not verify(changed, hashes_only=True).valid


def test_hashes_only_says_so_and_vouches_for_no_receipt(exchange: Any) -> None:
    report = verify(exchange.files(), hashes_only=True)
    assert report.to_json()["hashes_only"] is True
    assert "hashes only: no signature of an entry or receipt" in report.to_text()
    assert [log.receipts for log in report.logs] == [0, 0]
    assert any("only the roots were compared" in note for note in report.notes)
    whole = verify(exchange.files())
    assert whole.to_json()["hashes_only"] is False
    assert all(log.receipts for log in whole.logs)


def test_hashes_only_finds_that_what_a_receipt_is_for_was_cut_off(exchange: Any) -> None:
    by = exchange.by
    size = len(by.leaves)
    by.cosigned(exchange.ua)
    by.leaves, by.ids = by.leaves[:-1], by.ids[:-1]
    report = verify(exchange.files(), hashes_only=True)
    assert any(f"holds {size} entries" in problem.problem for problem in report.problems)


def test_receipts_in_batches_of_any_size_give_the_same_report(
    exchange: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = exchange.files()
    path = next(path for path in files if path.startswith("logs/BY/receipts/"))
    files[path] = files[path].replace(b"detente.log/", b"detente.log/0", 1)
    whole = verify(files).to_json()
    assert any(path in problem["problem"] for problem in whole["problems"])
    for size in (1, 2, 3):
        monkeypatch.setattr(verify_receipts, "BATCH", size)
        assert verify(files, spread=spread).to_json() == whole


@pytest.mark.parametrize("ms", [-1, 0, 59_999, 60_000, 1_644_800_000_123, 253_402_300_799_999, 2**53])
def test_times_of_a_report_are_written_like_all_others(ms: int) -> None:
    assert verify_report.rfc3339(ms) == rfc3339(ms)
