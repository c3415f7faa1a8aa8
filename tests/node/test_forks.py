# SPDX-License-Identifier: Apache-2.0
"""What the doctor says of proofs against a log, ours or theirs, and what a succession after a fork uses."""

from __future__ import annotations

from detente.line.forks import BEHIND, CONFLICT, FORK, RIVALS
from detente.line.writes import PutEvidence, PutLeaf, PutLog
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.node.doctor import examine
from detente.node.forks import cases, proof_files, sizes
from detente.node.home import Home
from detente.node.keystore import renew_logs, unlock_root, unlock_service
from detente.node.store import SqliteStore
from detente.seal.keys import SigningKey

from .conftest import NOW, PASS
from .test_doctor import CHANNEL, fill, finding, states

THEIRS = "detente.log/" + "d" * 32


def own_proof(home: Home, what: str = FORK, size: int = 3) -> PutEvidence:
    """Evidence against our own log: another head of that size."""
    store = SqliteStore.open(home.store_file)
    (log,) = [log for log in store.logs(CHANNEL) if log.mine]
    key = unlock_service(home, PASS).log(log.origin).log
    note = sign_checkpoint(Checkpoint(log.origin, size, b"x" * 32), key)
    proof = PutEvidence("e" * 64, log.origin, what, NOW, {"theirs": note, "held": b""})
    store.commit(CHANNEL, [proof])
    store.close()
    return proof


def their_proof(home: Home, what: str, *, succeeded: bool = False) -> None:
    store = SqliteStore.open(home.store_file)
    cert = unlock_service(home, PASS).unused_log(store.used_logs()).certificate["doc"]
    keys = cert["log"], cert["receipt"], cert["pq"]
    note = sign_checkpoint(Checkpoint(THEIRS, 3, b"x" * 32), SigningKey.from_seed(b"k" * 32))
    writes = [
        PutLog(THEIRS, "q" * 64, 0, 0, *keys, False),
        PutLeaf(THEIRS, 0, b"{}", b"h" * 32, "f" * 64, NOW, ()),
        PutEvidence("f" * 64, THEIRS, what, NOW, {"theirs": note}),
    ]
    if succeeded:
        writes.append(PutLog(THEIRS[:-1] + "e", "q" * 64, 1, 1, *keys, False))
    store.put_peer("q" * 64, {"doc": {"id": "UA"}}, NOW)
    store.commit(CHANNEL, writes)
    store.close()


def test_a_fork_of_our_own_log_needs_a_succession(home: Home) -> None:
    fill(home, 5)
    assert "succession" not in states(home)
    proof = own_proof(home)
    told = finding(home, "succession")
    assert (told["state"], "somebody else signed" in told["what"]) == ("bad", True)
    assert "5 entries of it are here" in told["what"]
    assert "stop it" in told["do"] and f"detente keys succeed {home.path}" in told["do"]
    evidence = finding(home, "evidence")
    assert "this party" in evidence["what"] and "two heads of 3 entries" in evidence["what"]
    store = SqliteStore.open(home.store_file, read_only=True)
    assert [row["origin"] for row in store.lost_logs()] == [proof.origin]
    assert sizes(store, proof) == (3, 3)
    assert {"one.note", "two.note", "log.vkey", "README.txt"} <= set(proof_files(store, proof))
    (case,) = cases(store, CHANNEL)
    assert case.current and case.kinds == {FORK}


def test_a_home_that_was_an_old_state_is_not_told_to_look_for_a_thief(home: Home) -> None:
    fill(home, 2)
    own_proof(home, BEHIND, size=9)
    told = finding(home, "succession")
    assert "an old or lost one" in told["what"] and "thief" not in told["do"]
    assert f"detente keys succeed {home.path}" in told["do"]


def test_what_others_signed_twice_is_told_with_their_name(home: Home) -> None:
    fill(home, 1)
    their_proof(home, CONFLICT)
    told = finding(home, "evidence")
    assert told["what"].count("UA") == 1 and "call UA" in told["do"]
    assert "succession" not in states(home)


def test_after_their_succession_nothing_is_left_to_do(home: Home) -> None:
    fill(home, 1)
    their_proof(home, RIVALS, succeeded=True)
    told = finding(home, "evidence")
    assert "two successions" in told["what"] and "nothing more here" in told["do"]


def test_a_fork_that_cannot_be_made_whole_comes_as_it_was_kept(home: Home) -> None:
    fill(home, 2)
    proof = own_proof(home, size=9)
    store = SqliteStore.open(home.store_file, read_only=True)
    assert sizes(store, proof) is None
    assert proof_files(store, proof)["theirs"] == proof.files["theirs"]
    behind = PutEvidence("a" * 64, proof.origin, BEHIND, NOW, proof.files)
    assert "proves no two histories" in proof_files(store, behind)["README.txt"].decode()
    assert any(one["check"] == "evidence" for one in examine(home, PASS, NOW))


def test_after_a_theft_no_log_prepared_before_is_opened(home: Home) -> None:
    fill(home, 1)
    before = set(unlock_service(home, PASS).logs)
    assert renew_logs(home, unlock_root(home, PASS), PASS, 3, NOW) == 3
    keys = unlock_service(home, PASS)
    store = SqliteStore.open(home.store_file)
    assert keys.unused_log(store.used_logs()).origin not in before
    assert len(before & set(keys.logs)) == 1, "the log in use stays"
    stolen = (before - set(keys.logs)).pop()
    assert stolen in store.spent_logs()
    store.close()
