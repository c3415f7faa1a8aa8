# SPDX-License-Identifier: Apache-2.0
"""What credentials, rule entries and labels amount to, where a whole line is not needed to see it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from detente.errors import MalformedError, VerificationError
from detente.line.mandates import Credentials, carried, in_turn
from detente.seal import credential
from detente.seal import statement as statements
from detente.seal.canonical import b64
from detente.seal.credential import LogCert
from detente.seal.keys import fingerprint
from detente.seal.statement import ParsedLeaf, decode_leaf
from detente.seal.vkey import COSIGNATURE, NOTE, PQ_COSIGNATURE, VerifierKey
from tests.line.harness import seed
from tests.line.test_mandates import (
    CHANNEL,
    CHIEF,
    DEPUTY,
    DUTY,
    FPR,
    NODE,
    OTHER_ROOT,
    ROOT,
    WATCH,
    card,
    genesis,
    held,
    key,
    leaf,
    mandate,
    revocation,
)

TEST: dict[str, Any] = {"office": "node", "kind": "test", "data": {"text": "x"}}


def certificate(number: int, root: Any = ROOT, **more: Any) -> dict[str, Any]:
    """A log certificate's document."""
    origin = f"detente.log/{number:032x}"
    doc = {
        "type": "log",
        "party": FPR,
        "issued": 0,
        "origin": origin,
        "log": str(VerifierKey.make(origin, NOTE, key(20 + number).public)),
        "pq": str(VerifierKey.make(origin, PQ_COSIGNATURE, bytes(1312))),
        "receipt": str(
            VerifierKey.make(f"detente.receipt/{number:032x}", COSIGNATURE, key(40 + number).public)
        ),
    }
    return doc | more


def brings(doc: dict[str, Any], index: int = 1, root: Any = ROOT, **more: Any) -> ParsedLeaf:
    """A ``credential`` entry of the node."""
    data = {"credential": credential.sign(root, doc)}
    return leaf((NODE,), office="node", kind="credential", index=index, data=data, **more)


# -- credentials ---------------------------------------------------------------------------------


def test_a_log_holds_the_credentials_of_its_own_party_only() -> None:
    credentials = Credentials(FPR, CHANNEL)
    with pytest.raises(VerificationError, match="entry 3"):
        credentials.add(mandate("duty", DUTY, party="cd" * 32), 3, 0)
    first = Credentials()
    first.add(card(), 0, 0)
    assert first.party == FPR, "without a party of its own it is that of its first credential"
    with pytest.raises(VerificationError):
        first.add(mandate("duty", DUTY, party="cd" * 32), 1, 0)


def test_credentials_of_no_log_judge_statements_of_any_party_and_channel() -> None:
    for party, channel in (("", CHANNEL), (FPR, "")):
        known = Credentials(party, channel)
        said = leaf((DUTY,), party="cd" * 32 if not party else FPR, channel="11" * 16 if party else CHANNEL)
        assert known.judge(said.leaf.statement, (), 0) == ("no mandate",)


def test_the_earliest_revocation_of_a_credential_counts() -> None:
    doc = mandate("duty", DUTY)
    for times in ((1500, 500), (500, 1500)):
        credentials = held(doc)
        for index, since in enumerate(times, 2):
            credentials.add(revocation(doc, since), index, 0)
        assert credentials.judge_leaf(leaf((DUTY,), time=499)) == ()
        assert credentials.judge_leaf(leaf((DUTY,), time=500)) == ("revoked",)


def test_the_first_certificate_of_a_log_counts_and_is_no_succession() -> None:
    credentials = held(certificate(1), certificate(2))
    assert isinstance(credentials.log, LogCert) and credentials.log.origin.endswith("1")
    assert credentials.succession is None


def test_a_mandate_or_a_revocation_is_no_certificate() -> None:
    doc = mandate("duty", DUTY)
    credentials = held(doc, revocation(doc, 5))
    assert (credentials.log, credentials.succession) == (None, None)
    assert [one.office for _, one in credentials.mandates()] == ["duty"]
    assert [named for named, _ in credentials.mandates()] == [credential.credential_id(doc)]


def test_a_genesis_brings_its_card_and_the_certificate_of_its_log() -> None:
    data = {"card": credential.sign(ROOT, card()), "log": credential.sign(ROOT, certificate(1))}
    credentials = Credentials(FPR, CHANNEL)
    first = leaf((NODE,), office="node", kind="genesis", index=0, data=data)
    assert credentials.judge_leaf(first) == ()
    assert credentials.log is not None and credentials.log.origin == certificate(1)["origin"]
    assert credentials.card is not None and credentials.root == ROOT.public


@pytest.mark.parametrize("data", [{}, {"card": 5}, {"card": {"doc": 5, "sig": ""}}, {"card": {}}])
def test_a_genesis_without_a_card_brings_nothing(data: dict[str, Any]) -> None:
    credentials = Credentials(FPR, CHANNEL)
    labels = credentials.judge_leaf(leaf((NODE,), office="node", kind="genesis", index=0, data=data))
    assert labels == ("bad signature", "no mandate")
    with pytest.raises(MalformedError):
        credentials.take(leaf((NODE,), kind="genesis", index=0, data=data).leaf.statement, 0, 0)
    assert credentials.root is None


def test_a_certificate_in_the_place_of_the_card_is_no_root() -> None:
    data = {"card": credential.sign(ROOT, certificate(1)), "log": credential.sign(ROOT, card())}
    credentials = Credentials(FPR, CHANNEL)
    credentials.judge_leaf(leaf((NODE,), office="node", kind="genesis", index=0, data=data))
    assert credentials.root == ROOT.public, "the card is known by what it is, not by its place"


def test_the_card_of_another_root_opens_no_log() -> None:
    credentials = Credentials(FPR, CHANNEL)
    foreign = card() | {"root": b64(OTHER_ROOT.public)}
    assert credentials.judge_leaf(genesis(foreign, OTHER_ROOT))[0] == "bad signature"
    assert (credentials.root, credentials.card) == (None, None)


def test_before_the_genesis_nothing_is_certified() -> None:
    credentials = Credentials(FPR, CHANNEL)
    assert credentials.judge_leaf(brings(mandate("duty", DUTY))) == ("bad signature", "no mandate")
    assert credentials.mandates() == ()
    with pytest.raises(VerificationError, match="before the genesis"):
        credentials.take(brings(mandate("duty", DUTY)).leaf.statement, 1, 0)


def test_only_what_carries_credentials_is_read_for_them() -> None:
    credentials = Credentials(FPR, CHANNEL)
    credentials.judge_leaf(genesis(card()))
    data = {"credential": credential.sign(OTHER_ROOT, mandate("duty", DUTY))}
    assert credentials.carry(leaf((NODE,), kind="test", data=data).leaf.statement, 1, 0)
    assert not credentials.carry(leaf((NODE,), kind="credential", data=data).leaf.statement, 1, 0)
    assert credentials.mandates() == ()


def test_of_two_cards_of_one_serial_the_first_counts() -> None:
    credentials = held(card(1, key(50)))
    assert credentials.judge_leaf(leaf((NODE,), **TEST)) == ()
    assert credentials.judge_leaf(leaf((key(50),), **TEST)) == ("no mandate",)


def test_a_revoked_card_signs_no_more() -> None:
    credentials = held(revocation(card(), 1500))
    assert credentials.judge_leaf(leaf((NODE,), time=1499, **TEST)) == ()
    assert credentials.judge_leaf(leaf((NODE,), time=1500, **TEST)) == ("revoked",)


def test_a_party_without_a_card_has_no_machines() -> None:
    assert Credentials(FPR, CHANNEL).judge_leaf(leaf((NODE,), **TEST)) == ("no mandate",)


def goes_on(number: int) -> dict[str, Any]:
    """A succession's document."""
    old = {"origin": certificate(0)["origin"], "size": 3, "root": b64(seed("old"))}
    new = certificate(number)["origin"]
    return {
        "type": "succession", "party": FPR, "issued": 0, "channel": CHANNEL, "new": new, "old": old,
        "reason": "lost",
    }  # fmt: skip


def test_the_first_succession_of_a_log_counts() -> None:
    credentials = Credentials(FPR, CHANNEL)
    credentials.judge_leaf(genesis(card()))
    for number in (1, 2):
        data = {"succession": credential.sign(ROOT, goes_on(number))}
        said = leaf((NODE,), office="node", kind="succession", index=number, data=data)
        assert credentials.judge_leaf(said) == ()
        assert credentials.succession is not None
        assert credentials.succession.new == certificate(1)["origin"]
    assert credentials.log is None


def test_a_genesis_that_names_another_party_still_opens_the_log_of_its_card() -> None:
    credentials = Credentials(FPR, CHANNEL)
    data = {"card": credential.sign(ROOT, card())}
    said = leaf((NODE,), office="node", kind="genesis", index=0, data=data, party="cd" * 32)
    assert credentials.judge_leaf(said) == ("bad signature",)
    assert credentials.root == ROOT.public


def test_a_copy_knows_what_the_original_knows() -> None:
    credentials = Credentials(FPR, CHANNEL)
    credentials.judge_leaf(genesis(card()))
    credentials.judge_leaf(brings(mandate("duty", DUTY)))
    twin = credentials.copy()
    assert (twin.root, twin.card, twin.mandates()) == (
        credentials.root,
        credentials.card,
        credentials.mandates(),
    )
    assert twin.judge_leaf(leaf((DUTY,))) == twin.judge_leaf(leaf((NODE,), **TEST)) == ()
    assert held(mandate("duty", DUTY), mandate("chief", CHIEF)).offices(0) == ("chief", "duty")


# -- who may say what ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["genesis", "credential", "epoch.grant", "succession"])
def test_what_keeps_a_log_is_the_nodes_to_say_whatever_a_mandate_says(kind: str) -> None:
    credentials = held(mandate("duty", DUTY, kinds=["*"]))
    statement = leaf((DUTY,), kind=kind, data={}).leaf.statement
    assert credentials.judge(statement, [DUTY.id], 1000) == ("no mandate",)
    by_node = leaf((NODE,), office="node", kind=kind, data={}).leaf.statement
    assert credentials.judge(by_node, [NODE.id], 1000) == ()


@pytest.mark.parametrize(
    ("kind", "allowed"), [("refusal", True), ("test", True), ("ack", False), ("epoch.grant", True)]
)
def test_the_node_refuses_and_tests_and_says_nothing_for_people(kind: str, allowed: bool) -> None:
    said = leaf((NODE,), office="node", kind=kind, data={"state": "displayed"})
    assert held().judge_leaf(said) == (() if allowed else ("no mandate",))


def test_watch_only_acknowledges() -> None:
    for kind in ("test", "credential", "refusal"):
        said = leaf((WATCH,), office="watch", kind=kind, data={"state": "displayed"})
        assert held().judge_leaf(said)[-1] == "no mandate"
    assert held().judge_leaf(leaf((WATCH,), office="watch", kind="ack", data={"x": 1})) == ("no mandate",)
    said = leaf((NODE,), office="watch", kind="ack", data={"state": "displayed"})
    assert held().judge_leaf(said) == ("no mandate",), "the node's key is not the watch's"


def test_a_revoked_mandate_labels_what_its_co_signers_sign() -> None:
    doc = mandate("duty", DUTY, signers={"k": 1, "of": ["chief"]})
    credentials = held(doc, mandate("chief", CHIEF), revocation(doc, 0))
    assert credentials.judge_leaf(leaf((CHIEF,))) == ("revoked",)


def test_a_precedence_that_nobody_can_be_given_has_no_mandate() -> None:
    said = leaf((DUTY,), precedence="flash").leaf.statement
    credentials = held(mandate("duty", DUTY, precedence="flash"))
    assert credentials.judge(said, [DUTY.id], 1000) == ()
    said = replace(said, precedence="at once")
    assert credentials.judge(said, [DUTY.id], 1000) == ("no mandate",)


def test_a_mandate_that_begins_or_ends_is_noticed_between_two_entries() -> None:
    credentials = held(
        mandate("duty", DUTY, **{"from": 100, "to": 200}), mandate("chief", CHIEF, **{"from": 50, "to": 90})
    )
    for at, labels in ((99, ("no mandate",)), (100, ()), (199, ()), (200, ("no mandate",)), (150, ())):
        assert credentials.judge_leaf(leaf((DUTY,), time=at)) == labels, at
    assert [credentials.mandate_for("duty", at) is None for at in (99, 100, 199, 200)] == [
        True,
        False,
        False,
        True,
    ]
    for at, labels in ((49, ("no mandate",)), (50, ()), (89, ()), (90, ("no mandate",))):
        assert credentials.judge_leaf(leaf((CHIEF,), office="chief", time=at)) == labels, at


def test_what_was_remembered_of_machines_ends_with_their_card() -> None:
    credentials = held()
    ack = leaf((WATCH,), office="watch", kind="ack", data={"state": "displayed"})
    other = leaf((WATCH,), office="watch", kind="ack", data={"state": "read"})
    assert [credentials.judge_leaf(said) for said in (ack, other, ack)] == [(), ("no mandate",), ()]


def test_an_emergency_under_a_mandate_that_knows_none_needs_all_its_signatures() -> None:
    four_eyes = {"k": 2, "of": ["duty", "chief"]}
    credentials = held(mandate("duty", DUTY, signers=four_eyes), mandate("chief", CHIEF))
    emergency = leaf((DUTY,), emergency=True).leaf.statement
    mandate_of = credentials.mandate_for("duty", 1000)
    assert mandate_of is not None and mandate_of.emergency is False
    assert credentials.judge(emergency, [DUTY.id], 1000) == ("no mandate",)
    assert credentials.judge(emergency, [DUTY.id, CHIEF.id], 1000) == ()


def test_one_revoked_signature_is_one() -> None:
    docs = [mandate("duty", DUTY, signers={"k": 3, "of": ["duty", "chief", "deputy"]})]
    docs += [mandate("chief", CHIEF), mandate("deputy", DEPUTY)]
    credentials = held(*docs, revocation(docs[1], 0))
    assert credentials.judge_leaf(leaf((DUTY, CHIEF))) == ("no mandate",), (
        "with it they would be two of three"
    )
    assert credentials.judge_leaf(leaf((DUTY, CHIEF, DEPUTY))) == ("revoked",)


def test_entries_that_say_nothing_are_judged_all_the_same() -> None:
    credentials = Credentials(FPR, CHANNEL)
    for kind in ("genesis", "credential"):
        bare = replace(leaf((NODE,), kind=kind, data={}).leaf.statement, data=None)
        assert carried(bare) == []
    ack = replace(leaf((WATCH,), office="watch", kind="ack", data={}).leaf.statement, data=None)
    assert credentials.judge(ack, [WATCH.id], 0) == ("no mandate",)


def test_the_root_of_another_party_is_not_taken_even_if_its_card_is_good() -> None:
    foreign = card() | {"root": b64(OTHER_ROOT.public), "party": fingerprint(OTHER_ROOT.public)}
    credentials = Credentials(FPR, CHANNEL)
    said = genesis(foreign, OTHER_ROOT)
    with pytest.raises(VerificationError, match="not that of the log's party"):
        credentials.take(said.leaf.statement, 0, 0)
    assert credentials.root is None


# -- the office's own signatures -------------------------------------------------------------------


def test_an_examiner_learns_whether_the_office_signed_allowed_to_or_not() -> None:
    credentials = held(mandate("duty", DUTY, kinds=["phrase"]))
    for signers, labels, signed in (
        ((DUTY,), ("no mandate",), True),
        ((CHIEF,), ("no mandate",), False),
    ):
        found = credentials.examine(leaf(signers))
        assert (found.labels, found.signed) == (labels, signed)
    assert credentials.examine(leaf((DUTY,), kind="phrase")).signed is True
    assert credentials.examine(leaf((CHIEF,), office="chief")).signed is False
    foreign = credentials.examine(leaf((DUTY,), party="cd" * 32))
    assert (foreign.labels, foreign.signed) == (("bad signature", "no mandate"), False)
    assert credentials.examine(leaf((NODE,), **TEST)).signed is True


def test_an_emergency_is_signed_by_one_where_the_mandate_allows_it() -> None:
    four_eyes = {"k": 2, "of": ["duty", "chief"]}
    for lone in (True, False):
        credentials = held(mandate("duty", DUTY, signers=four_eyes, emergency=lone), mandate("chief", CHIEF))
        assert credentials.examine(leaf((DUTY,), emergency=True)).signed is lone
        assert credentials.examine(leaf((DUTY,))).signed is False
        assert credentials.examine(leaf((DUTY, CHIEF))).signed is True


def test_a_judge_of_labels_alone_does_not_say_who_signed() -> None:
    credentials = held(mandate("duty", DUTY))
    assert credentials._examine(leaf((DUTY,)), None, also_office=False).signed is False


def test_an_entry_with_two_faults_of_its_signatures_is_labelled_once() -> None:
    credentials = Credentials(FPR, CHANNEL)
    credentials.judge_leaf(genesis(card()))
    forged = brings(mandate("duty", DUTY), root=OTHER_ROOT, party="cd" * 32)
    assert credentials.judge_leaf(forged).count("bad signature") == 1


def test_a_credential_is_taken_in_after_its_entry_is_judged() -> None:
    credentials = Credentials(FPR, CHANNEL)
    credentials.judge_leaf(genesis(card()))
    new = card(2, key(50))
    data = {"credential": credential.sign(ROOT, new)}
    said = leaf((key(50),), office="node", kind="credential", index=1, data=data)
    assert credentials.judge_leaf(said) == ("no mandate",)
    assert credentials.judge_leaf(leaf((key(50),), **TEST)) == ()


def test_what_was_checked_ahead_is_believed_for_that_entry_and_signature_only() -> None:
    credentials = held(mandate("duty", DUTY))
    good, other = leaf((DUTY,)), leaf((DUTY,), precedence="priority")
    ahead = credentials.check_ahead([good], in_turn)
    said = dict.fromkeys(ahead, False)
    assert credentials.judge_leaf(good, said) == ("bad signature", "no mandate")
    assert credentials.judge_leaf(other, said) == ()


def test_a_signature_that_is_none_does_not_stand() -> None:
    good = leaf((DUTY,))
    wrong = {"key": DUTY.id, "sig": b64(b"short")}
    try:
        raw = statements.encode_leaf(good.doc["placement"], [wrong], good.doc["statement"])
        bad = decode_leaf(raw).leaf.signatures
    except MalformedError:
        bad = [type(good.leaf.signatures[0])(key=DUTY.id, sig=b64(b"short"))]
    found = held(mandate("duty", DUTY)).check_signatures(good.statement_raw, bad)
    assert (found.stood, found.failed) == (frozenset(), True)
