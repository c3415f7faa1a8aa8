# SPDX-License-Identifier: Apache-2.0
"""What a proof and a signature bind: both roots, and the log's own name."""

from __future__ import annotations

import hashlib

import pytest

from detente.errors import VerificationError
from detente.log import merkle
from detente.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from detente.log.note import NOTE, VerifierKey, sign_line
from detente.seal.keys import SigningKey

OURS, OTHERS = "detente.log/" + "a" * 32, "detente.log/" + "b" * 32
KEY = SigningKey.from_seed(bytes(32))


def test_a_consistency_proof_binds_both_roots() -> None:
    hashes = [merkle.leaf_hash(b"%d" % n) for n in range(20)]
    wrong = hashlib.sha256(b"another tree").digest()
    for old in range(1, 20):
        proof = merkle.consistency_proof(hashes, old, 20)
        roots = merkle.root(hashes[:old]), merkle.root(hashes)
        merkle.verify_consistency(old, 20, *roots, proof)
        for pair in ((wrong, roots[1]), (roots[0], wrong)):
            with pytest.raises(VerificationError):
                merkle.verify_consistency(old, 20, *pair, proof)


def test_a_checkpoint_of_another_log_is_refused_though_our_key_signed_it() -> None:
    """Even with a line that bears the other log's name: nobody has verified that one."""
    text = Checkpoint(OTHERS, 5, bytes(32)).text()
    raw = text.encode() + b"\n" + sign_line(OURS, NOTE, KEY, text)
    raw += sign_line(OTHERS, NOTE, SigningKey.from_seed(b"x" * 32), text)
    key = VerifierKey.make(OURS, NOTE, KEY.public)
    with pytest.raises(VerificationError, match="checkpoint is of"):
        open_checkpoint(raw, key)
    good = Checkpoint(OURS, 5, bytes(32))
    assert open_checkpoint(sign_checkpoint(good, KEY), key) == good
