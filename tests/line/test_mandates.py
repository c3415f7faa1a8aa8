# SPDX-License-Identifier: Apache-2.0
"""Which office may say what at which place: the labels that credentials decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import MalformedError, VerificationError
from detente.line.mandates import Credentials, Job, in_turn
from detente.line.states import MANDATE
from detente.seal import credential, keys
from detente.seal import statement as statements
from detente.seal.canonical import b64
from detente.seal.keys import KemKey, SigningKey
from detente.seal.statement import ParsedLeaf

CHANNEL = "00" * 16
ORIGIN = "detente.log/" + "ab" * 16
DAY = 86_400_000


def key(number: int) -> SigningKey:
    return SigningKey.from_seed(bytes([number]) * 32)


ROOT, NODE, WATCH, HTTP = key(1), key(2), key(3), key(4)
DUTY, CHIEF, DEPUTY = key(11), key(12), key(13)
OTHER_ROOT = key(99)
FPR = keys.fingerprint(ROOT.public)
KEM = KemKey.from_seeds(b"k" * 64, b"x" * 32)


def card(serial: int = 1, node: SigningKey = NODE) -> dict[str, Any]:
    return {
        "type": "card",
        "party": FPR,
        "issued": 0,
        "id": "BY",
        "name": "Ministry",
        "lang": "ru",
        "root": b64(ROOT.public),
        "serial": serial,
        "endpoints": [],
        "tls": None,
        "keys": {
            "node": b64(node.public),
            "watch": b64(WATCH.public),
            "http": b64(HTTP.public),
            "kem": b64(KEM.public),
        },
    }


def mandate(office: str, signer: SigningKey, **changes: Any) -> dict[str, Any]:
    doc = {
        "type": "mandate",
        "party": FPR,
        "issued": 0,
        "office": office,
        "title": office.title(),
        "key": b64(signer.public),
        "kinds": ["*"],
        "precedence": "immediate",
        "signers": {"k": 1, "of": [office]},
        "emergency": False,
        "from": 0,
        "to": None,
        "serial": 1,
    }
    return doc | changes


def revocation(doc: dict[str, Any], since: int) -> dict[str, Any]:
    return {
        "type": "revocation",
        "party": FPR,
        "issued": 0,
        "revokes": credential.credential_id(doc),
        "from": since,
        "reason": "lost",
    }


def held(*docs: dict[str, Any]) -> Credentials:
    credentials = Credentials(FPR, CHANNEL)
    for index, doc in enumerate((card(), *docs)):
        credentials.add(doc, index, 0)
    return credentials


def leaf(
    signers: tuple[SigningKey, ...],
    *,
    office: str = "duty",
    kind: str = "message",
    index: int = 5,
    time: int = 1000,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> ParsedLeaf:
    content: dict[str, Any] = {"data": data, "salt": b"t" * 16}
    if data is None:
        content = {"body": {"text": "x", "lang": "en"}, "seed": b"s" * 32}
    said = statements.make(
        channel=changes.pop("channel", CHANNEL),
        party=changes.pop("party", FPR),
        office=office,
        kind=kind,
        released=0,
        **content,
        **changes,
    )
    placement = {"log": ORIGIN, "index": index, "time": time, "seen": {}}
    raw = statements.encode_leaf(placement, [statements.sign(signer, said) for signer in signers], said)
    return statements.decode_leaf(raw)


def genesis(card_doc: dict[str, Any], root: SigningKey = ROOT) -> ParsedLeaf:
    data = {"card": credential.sign(root, card_doc), "suite": "detente/1"}
    return leaf((NODE,), office="node", kind="genesis", index=0, data=data)


def test_an_office_with_a_mandate_may_speak() -> None:
    assert held(mandate("duty", DUTY)).judge_leaf(leaf((DUTY,))) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kinds": ["phrase"]}, {}),
        ({"precedence": "priority"}, {"precedence": "immediate"}),
        ({"from": 1001}, {}),
        ({"to": 1000}, {}),
        ({"signers": {"k": 2, "of": ["duty", "chief"]}}, {}),
        ({"signers": {"k": 1, "of": ["chief"]}}, {}),
        ({}, {"office": "chief"}),
        ({}, {"emergency": True, "precedence": "flash"}),
    ],
)
def test_outside_its_mandate_an_office_has_none(changes: dict[str, Any], said: dict[str, Any]) -> None:
    assert held(mandate("duty", DUTY, **changes)).judge_leaf(leaf((DUTY,), **said)) == ("no mandate",)


def test_signature_by_a_key_nobody_certified_does_not_stand() -> None:
    credentials = held(mandate("duty", DUTY))
    assert credentials.judge_leaf(leaf((key(77),))) == ("no mandate",)
    assert credentials.judge_leaf(leaf((key(77), DUTY))) == ()


def test_no_mandate_opens_the_machine_s_kinds_and_no_machine_key_speaks_for_people() -> None:
    credentials = held(mandate("duty", DUTY))
    assert credentials.judge_leaf(leaf((NODE,), office="node")) == ("no mandate",)
    assert credentials.judge_leaf(leaf((DUTY,), office="node")) == ("no mandate",)
    by_office = leaf((DUTY,), kind="credential", data={"credential": {}})
    assert credentials.judge_leaf(by_office)[-1] == "no mandate"
    assert credentials.judge_leaf(leaf((NODE,), office="node", kind="test", data={"text": "x"})) == ()


@pytest.mark.parametrize(("state", "labels"), [("displayed", ()), ("read", ("no mandate",))])
def test_watch_says_displayed_and_nothing_else(state: str, labels: tuple[str, ...]) -> None:
    assert held().judge_leaf(leaf((WATCH,), office="watch", kind="ack", data={"state": state})) == labels


def test_k_distinct_offices_release_together() -> None:
    four_eyes = {"k": 2, "of": ["duty", "chief", "deputy"]}
    docs = [mandate("duty", DUTY, signers=four_eyes), mandate("chief", CHIEF), mandate("deputy", DEPUTY)]
    credentials = held(*docs)
    assert credentials.judge_leaf(leaf((DUTY, CHIEF))) == ()
    assert credentials.judge_leaf(leaf((CHIEF, DEPUTY))) == ()
    assert credentials.judge_leaf(leaf((DUTY,))) == ("no mandate",)
    assert credentials.judge_leaf(leaf((DUTY, DUTY))) == ("no mandate",)


def test_an_emergency_under_a_mandate_that_allows_it_is_marked() -> None:
    four_eyes = {"signers": {"k": 2, "of": ["duty", "chief"]}, "emergency": True}
    credentials = held(mandate("duty", DUTY, **four_eyes), mandate("chief", CHIEF))
    assert credentials.judge_leaf(leaf((DUTY,), emergency=True)) == ("single release",)
    assert credentials.judge_leaf(leaf((DUTY,))) == ("no mandate",)


def test_revocation_counts_from_its_time_and_only_for_what_stands_after_it() -> None:
    doc = mandate("duty", DUTY)
    credentials = held(doc)
    assert credentials.judge_leaf(leaf((DUTY,), time=2000)) == ()
    credentials.add(revocation(doc, 1500), 3, 3000)
    assert credentials.judge_leaf(leaf((DUTY,), time=1499)) == ()
    assert credentials.judge_leaf(leaf((DUTY,), time=1500)) == ("revoked",)
    assert credentials.mandate_for("duty", 1500) is None


def test_revoked_co_signer_leaves_too_few() -> None:
    chief = mandate("chief", CHIEF)
    credentials = held(mandate("duty", DUTY, signers={"k": 2, "of": ["duty", "chief"]}), chief)
    credentials.add(revocation(chief, 0), 3, 0)
    assert credentials.judge_leaf(leaf((DUTY, CHIEF))) == ("revoked",)
    assert credentials.judge_leaf(leaf((DUTY,))) == ("no mandate",)


def test_highest_serial_that_has_begun_is_in_force() -> None:
    credentials = held(
        mandate("duty", DUTY, serial=2, **{"from": 100, "to": 200}),
        mandate("duty", CHIEF, serial=1),
        mandate("duty", DEPUTY, serial=3, **{"from": 1000}),
    )
    found = [credentials.mandate_for("duty", time) for time in (50, 150, 250, 1000)]
    serials = [mandate and mandate.serial for mandate in found]
    assert serials == [1, 2, None, 3], "a mandate that ended does not bring an older one back"
    assert credentials.offices(250) == ()


TIMES = st.integers(0, 20)


@given(
    st.lists(st.tuples(TIMES, st.one_of(st.none(), st.integers(1, 20))), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), TIMES), max_size=2),
)
def test_a_mandate_that_is_over_never_comes_back(
    terms: list[tuple[int, int | None]], revoked: list[tuple[int, int]]
) -> None:
    docs = [
        mandate("duty", DUTY, serial=serial, **{"from": since, "to": lasts and since + lasts})
        for serial, (since, lasts) in enumerate(terms, 1)
    ]
    gone = [revocation(docs[number % len(docs)], since) for number, since in revoked]
    known = held(*docs, *gone)
    for serial, (since, _) in enumerate(terms, 1):
        state = MANDATE.start
        for at in range(25):
            found = known.mandate_for("duty", at)
            over = "over" if since <= at else "not yet"
            now = "in force" if found is not None and found.serial == serial else over
            assert now == state or MANDATE.joins(state, now), (serial, at, state, now)
            state = now


def test_highest_card_gives_the_node_key() -> None:
    credentials = held()
    new = key(50)
    credentials.add(card(2, new), 1, 0)
    credentials.add(card(1, NODE), 2, 0)
    test: dict[str, Any] = {"office": "node", "kind": "test", "data": {"text": "x"}}
    assert credentials.judge_leaf(leaf((new,), **test)) == ()
    assert credentials.judge_leaf(leaf((NODE,), **test)) == ("no mandate",)


def test_after_the_card_is_revoked_a_new_one_still_gets_in() -> None:
    credentials = Credentials(channel=CHANNEL)
    assert credentials.judge_leaf(genesis(card())) == ()
    for index, doc in enumerate((revocation(card(), 0), card(2, key(50))), 1):
        data = {"credential": credential.sign(ROOT, doc)}
        credentials.judge_leaf(leaf((NODE,), office="node", kind="credential", index=index, data=data))
    test: dict[str, Any] = {"office": "node", "kind": "test", "data": {"text": "x"}}
    assert credentials.judge_leaf(leaf((key(50),), **test)) == ()


def test_credential_not_signed_by_the_root_is_a_bad_signature_and_changes_nothing() -> None:
    credentials = Credentials(FPR, CHANNEL)
    assert credentials.judge_leaf(genesis(card())) == ()
    data = {"credential": credential.sign(OTHER_ROOT, mandate("duty", DUTY))}
    forged = leaf((NODE,), office="node", kind="credential", index=1, data=data)
    assert credentials.judge_leaf(forged) == ("bad signature",)
    assert credentials.mandate_for("duty", 1000) is None


@pytest.mark.parametrize("change", [{"party": "cd" * 32}, {"channel": "11" * 16}])
def test_statement_of_another_log_is_a_bad_signature(change: dict[str, Any]) -> None:
    labels = held(mandate("duty", DUTY)).judge_leaf(leaf((DUTY,), **change))
    assert labels == ("bad signature",)


def test_altered_signature_is_a_bad_signature() -> None:
    good = leaf((DUTY,))
    said = good.doc["statement"]
    wrong = {"key": DUTY.id, "sig": b64(bytes(64))}
    placement = good.doc["placement"]
    bad = statements.decode_leaf(statements.encode_leaf(placement, [wrong], said))
    assert held(mandate("duty", DUTY)).judge_leaf(bad) == ("bad signature", "no mandate")


def test_genesis_elsewhere_or_by_another_root_is_refused() -> None:
    credentials = Credentials(FPR, CHANNEL)
    assert "bad signature" in credentials.judge_leaf(genesis(card(), OTHER_ROOT))
    with pytest.raises(VerificationError):
        credentials.take(genesis(card()).leaf.statement, 3, 0)
    with pytest.raises(MalformedError):
        credentials.add({"type": "passport", "party": FPR, "issued": 0}, 1, 0)


def test_copy_is_independent() -> None:
    credentials = held()
    twin = credentials.copy()
    twin.add(mandate("duty", DUTY), 1, 0)
    assert twin.offices(0) == ("duty",)
    assert credentials.offices(0) == ()


def test_signatures_checked_ahead_say_what_they_would_have_said_in_turn() -> None:
    credentials = held(mandate("duty", DUTY))
    good = leaf((DUTY,))
    wrong = {"key": DUTY.id, "sig": b64(bytes(64))}
    bad = statements.decode_leaf(
        statements.encode_leaf(good.doc["placement"], [wrong], good.doc["statement"])
    )
    asked: list[int] = []

    def spread(check: Callable[[Job], bool], jobs: Sequence[Job]) -> list[bool]:
        asked.append(len(jobs))
        return in_turn(check, jobs)

    ahead = credentials.check_ahead([good, bad], spread)
    assert asked == [2]
    assert credentials.judge_leaf(good, ahead) == credentials.judge_leaf(good) == ()
    assert (
        credentials.judge_leaf(bad, ahead) == credentials.judge_leaf(bad) == ("bad signature", "no mandate")
    )


def test_what_is_not_known_ahead_is_checked_in_its_place() -> None:
    credentials = held()
    said = leaf((DUTY,))
    ahead = credentials.check_ahead([said], in_turn)
    assert ahead == {}
    credentials.add(mandate("duty", DUTY), 1, 0)
    assert credentials.judge_leaf(said, ahead) == ()


def test_a_mandate_that_comes_later_is_not_judged_by_what_was_remembered() -> None:
    credentials = held()
    said = leaf((DUTY,))
    assert credentials.judge_leaf(said) == ("no mandate",)
    granted = mandate("duty", DUTY)
    credentials.add(granted, 1, 0)
    assert credentials.judge_leaf(said) == ()
    credentials.add(revocation(granted, 0), 2, 0)
    assert credentials.judge_leaf(said) == ("revoked",)
