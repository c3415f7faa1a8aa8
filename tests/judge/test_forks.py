# SPDX-License-Identifier: Apache-2.0
"""Evidence before a judge that shares no code with us: real proofs stand, fabricated ones do not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from detente.line.forks import FORK, RIVALS
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, sign_checkpoint
from detente.log.fork import CONSISTENCY, ONE, TWO, ForkProof
from detente.node.forks import proof_files
from detente.record.evidence import check
from detente.seal import canonical
from detente.seal.packet import CheckpointPart, LogPart
from tests.line.durable import DurableNode, durable, rest
from tests.line.harness import CHANNEL, Party, seed
from tests.line.test_hostile_peer import send
from tests.line.test_review_hostile import agreed
from tests.line.test_succession import forked, rivals

pytestmark = pytest.mark.slow

Files = dict[str, bytes]


def judged(judge: Path, folder: Path, files: Files) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    call = [judge, "fork", folder]
    return subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)


def evidence(node: DurableNode, what: str) -> list[Files]:
    """The files of each proof of this kind that a node keeps."""
    store = node.store.db  # type: ignore[attr-defined]
    store.put_channel(CHANNEL, "channel", "", 1, {})
    return [proof_files(store, one) for one in store.evidence(CHANNEL) if one.what == what]


def both(judge: Path, folder: Path, files: Files) -> bool:
    """Whether it is proven; our own check and the judge's must say the same."""
    result = judged(judge, folder, files)
    ours = check(files)
    assert (result.returncode == 0) == ours.proven, (result.stdout, ours)
    assert result.stdout.startswith("proven: " if ours.proven else "not proven: "), result
    return ours.proven


@pytest.mark.parametrize(
    ("lost", "again"), [(3, 3), *(pytest.param(*n, marks=pytest.mark.slow) for n in [(5, 2), (2, 5)])]
)
def test_a_fork_is_proven_by_what_each_side_keeps(judge: Path, tmp_path: Path, lost: int, again: int) -> None:
    a, b = forked(tmp_path, lost, again)
    for node in (a, b):
        found = evidence(node, FORK)
        assert found
        for number, files in enumerate(found):
            assert both(judge, tmp_path / f"{node.party.name}-{number}", files)
            assert check(files).fingerprint == a.party.fpr


def test_another_head_of_the_same_size_is_proven(judge: Path, tmp_path: Path) -> None:
    a, b = durable(tmp_path)
    agreed([a, b])
    note = sign_checkpoint(Checkpoint(a.own.origin, a.size_of(a), seed("thief")), a.own.log)
    send(a, b, [LogPart(a.own.origin), CheckpointPart(note)])
    (files,) = evidence(b, FORK)
    assert CONSISTENCY not in files
    assert both(judge, tmp_path / "proof", files)
    assert check(files).sizes == (a.size_of(a), a.size_of(a))


def test_two_successions_are_proven(judge: Path, tmp_path: Path) -> None:
    _, b, _ = rivals(tmp_path)
    (files,) = evidence(b, RIVALS)
    assert both(judge, tmp_path / "proof", files)
    same = files | {"two.json": files["one.json"]}
    assert not both(judge, tmp_path / "same", same)
    other = Party("XX")
    doc = canonical.decode(files["two.json"], limit=1 << 16)["doc"]
    stranger = canonical.encode(
        other.certify(**{k: v for k, v in doc.items() if k not in ("party", "issued")})
    )
    assert not both(judge, tmp_path / "stranger", files | {"two.json": stranger})


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, DurableNode]:
    """A proof of two sizes, and the party whose log it is about."""
    a, b = forked(tmp_path_factory.mktemp("fork"), 5, 2)
    found = [files for files in [*evidence(a, FORK), *evidence(b, FORK)] if CONSISTENCY in files]
    return found[0], a


def same_note_twice(files: Files, author: DurableNode) -> Files:
    return files | {TWO: files[ONE]}


def by_another_key(files: Files, author: DurableNode) -> Files:
    origin, size, root = files[ONE].decode().split("\n")[:3]
    head = Checkpoint(origin, int(size), canonical.unb64(root))
    return files | {ONE: sign_checkpoint(head, Party("XX").own_log().log)}


def consistent_heads(files: Files, author: DurableNode) -> Files:
    """Two heads of one growing log, with the true proof from the one to the other."""
    hashes = [seed(number) for number in range(9)]
    heads = [Checkpoint(author.own.origin, n, merkle.root(hashes[:n])) for n in (5, 9)]
    one, two = (sign_checkpoint(head, author.own.log) for head in heads)
    path = tuple(merkle.consistency_proof(hashes, 5, 9))
    return files | ForkProof(one, two, heads[0].root, path).files()


def without_the_proof(files: Files, author: DurableNode) -> Files:
    return {name: raw for name, raw in files.items() if name != CONSISTENCY}


def another_root(files: Files, author: DurableNode) -> Files:
    _, *rest_of_it = files[CONSISTENCY].decode().splitlines()
    return files | {CONSISTENCY: "\n".join([canonical.b64(seed("any")), *rest_of_it, ""]).encode()}


def swapped(files: Files, author: DurableNode) -> Files:
    return files | {ONE: files[TWO], TWO: files[ONE]}


def altered(files: Files, author: DurableNode) -> Files:
    origin, size, rest_of_it = files[ONE].split(b"\n", 2)
    return files | {ONE: b"\n".join([origin, b"%d" % (int(size) - 1), rest_of_it])}


def of_another_party(files: Files, author: DurableNode) -> Files:
    return files | {"card.json": canonical.encode(Party("XX").card)}


def a_key_that_was_not_certified(files: Files, author: DurableNode) -> Files:
    other = author.party.own_log()
    return files | {"log.vkey": other.certificate["doc"]["log"].encode()}


FABRICATED = (
    same_note_twice,
    by_another_key,
    consistent_heads,
    without_the_proof,
    another_root,
    swapped,
    altered,
    of_another_party,
    a_key_that_was_not_certified,
)


@pytest.mark.parametrize("fabricate", FABRICATED, ids=lambda one: one.__name__)
def test_a_fabricated_fork_is_not_proven(
    judge: Path,
    tmp_path: Path,
    real: tuple[Files, DurableNode],
    fabricate: Callable[[Files, DurableNode], Files],
) -> None:
    files, author = real
    assert both(judge, tmp_path / "real", files)
    assert not both(judge, tmp_path / "fabricated", fabricate(files, author))


def test_both_sides_of_an_honest_fork_come_to_rest_with_the_same_proofs(tmp_path: Path) -> None:
    a, b = forked(tmp_path, 3, 3)
    rest([a, b])
    assert a.line.state.kept and b.line.state.kept
