# SPDX-License-Identifier: Apache-2.0
"""A folder of evidence proves what it says, or says why not; in a bundle it explains what does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.line.forks import BEHIND, CONFLICT, FORK, RIVALS
from detente.record.evidence import check, readme
from detente.record.verify import verify
from tests.examples import examples
from tests.judge.test_forks import FABRICATED, Files, real
from tests.line.durable import DurableNode

__all__ = ["real"]  # the fixture


def test_a_real_proof_names_party_log_and_sizes(real: tuple[Files, DurableNode]) -> None:
    files, author = real
    verdict = check(files)
    assert (verdict.proven, verdict.what, verdict.problem) == (True, FORK, None)
    assert (verdict.fingerprint, verdict.log) == (author.party.fpr, author.own.origin)
    assert 0 < verdict.sizes[0] < verdict.sizes[1]


@pytest.mark.parametrize("fabricate", FABRICATED, ids=lambda one: one.__name__)
def test_a_fabricated_one_says_why_it_proves_nothing(
    real: tuple[Files, DurableNode], fabricate: object
) -> None:
    files, author = real
    verdict = check(fabricate(files, author))  # type: ignore[operator]
    assert not verdict.proven and verdict.problem and "\n" not in verdict.problem


@settings(max_examples=examples(60))
@given(name=st.sampled_from(["one.note", "two.note", "consistency", "card.json", "log.json", "one.json"]),
       raw=st.binary(max_size=300))  # fmt: skip
def test_any_file_is_a_verdict_not_an_error(real: tuple[Files, DurableNode], name: str, raw: bytes) -> None:
    files, _ = real
    assert not check(files | {name: raw}).proven
    assert not check({name: raw}).proven


def test_every_kind_of_evidence_says_what_it_is() -> None:
    told = {what: readme(what, what in (FORK, RIVALS)) for what in (FORK, RIVALS, CONFLICT, BEHIND)}
    assert len(set(told.values())) == 4
    for what, text in told.items():
        assert ("evidence verify" in text) == (what in (FORK, RIVALS))
        assert max(map(len, text.splitlines())) <= 100


def test_a_bundle_says_what_its_evidence_proves(real: tuple[Files, DurableNode]) -> None:
    files, author = real
    carried = {f"evidence/1/{name}": raw for name, raw in files.items()}
    notes = verify(carried).notes
    assert notes == [f"evidence/1, fork: {author.party.name} signed both"]
    del carried["evidence/1/log.json"]
    assert "proves nothing" in verify(carried).notes[0]
