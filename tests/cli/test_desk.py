# SPDX-License-Identifier: Apache-2.0
"""Four eyes and upkeep: offices, drafts, the root key offline, backup, restore and succession."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cli.kit import Pair

# Real nodes, started and stopped: too long for the fast tests.
pytestmark = pytest.mark.slow

MESSAGE = '{"text":"For release"}'


@pytest.fixture(scope="module")
def four_eyes(pair: Pair) -> Pair:
    """BY with a desk that drafts and a chief that releases: two signatures of two offices."""
    pair.json("office add", "by", "chief", "--title", "Chief of staff")
    both = ("--signers", "2", "--of", "desk", "--of", "chief", "--emergency")
    made = pair.json("office add", "by", "desk", "--title", "Desk officer", *both)
    assert made["type"] == "mandate"
    return pair


def test_offices_are_listed_with_their_mandates(four_eyes: Pair) -> None:
    rows = {row["office"]: row for row in four_eyes.json("office list", "by")["offices"]}
    assert set(rows) == {"chief", "desk", "duty"}
    assert rows["desk"]["signers"] == {"k": 2, "of": ["desk", "chief"]}
    assert {row["state"] for row in rows.values()} == {"in force"}
    assert "2 of desk, chief" in four_eyes.run.ok("office", "list", "by").out


def test_a_draft_waits_is_returned_signed_and_released(four_eyes: Pair) -> None:
    pair = four_eyes
    drafted = pair.run("say", "by", pair.channel, "message", "-", "--office", "desk", "--json", stdin=MESSAGE)
    assert drafted.status == 1
    assert drafted.json()["state"] == "awaiting release"
    draft = drafted.json()["id"]
    rows = pair.json("draft list", "by")["drafts"]
    assert [(row["id"], row["signatures"], row["needed"]) for row in rows] == [(draft, ["desk"], 2)]

    assert (
        pair.json("draft return", "by", draft[:8], "--remark", "Say when", "--by", "chief")["state"]
        == "returned"
    )
    shown = pair.json("draft show", "by", draft)
    assert shown["body"] == json.loads(MESSAGE)
    assert [remark["remark"] for remark in shown["remarks"]] == ["Say when"]

    alone = pair.run("draft", "release", "by", draft, "--no-sign")
    assert alone.status == 1
    assert "signed by desk" in alone.line()
    twice = pair.run("draft", "sign", "by", draft, "--office", "desk")
    assert twice.status == 1
    assert "adds nothing" in twice.line()

    assert (
        pair.run("draft", "sign", "by", draft, "--office", "chief").status == 1
    )  # still awaiting its release
    released = pair.json("draft release", "by", draft, "--office", "chief")
    assert (released["id"], released["state"]) == (draft, "kept")
    assert released["ref"].startswith("BY-")
    assert pair.json("draft list", "by")["drafts"] == []


def test_a_release_by_the_second_office_signs_at_once(four_eyes: Pair) -> None:
    pair = four_eyes
    drafted = pair.run(
        "say", "by", pair.channel, "message", "-", "--office", "desk", stdin='{"text":"again"}'
    )
    assert "awaiting release" in drafted.out
    draft = drafted.out.split()[0]
    released = pair.json("draft release", "by", draft, "--office", "chief")
    entries = pair.json("log", "by", pair.channel)["entries"]
    assert [entry["labels"] for entry in entries if entry["id"] == released["id"]] == [[]]


def test_a_draft_can_be_recalled(four_eyes: Pair) -> None:
    pair = four_eyes
    drafted = pair.run(
        "say", "by", pair.channel, "message", "-", "--office", "desk", stdin='{"text":"never"}'
    )
    draft = drafted.out.split()[0]
    assert pair.json("draft recall", "by", draft)["state"] == "recalled"
    assert pair.run("draft", "release", "by", draft).status == 1


def test_an_emergency_release_is_marked_for_both_sides(four_eyes: Pair) -> None:
    pair = four_eyes
    said = pair.json(
        "say", "by", pair.channel, "message", "-", "--office", "desk", "--emergency", "--wait", "delivered",
        stdin='{"text":"at once"}',
    )  # fmt: skip
    entries = pair.json("log", "ua", pair.channel)["entries"]
    assert [entry["labels"] for entry in entries if entry["id"] == said["id"]] == [["single release"]]


def test_a_revoked_office_is_refused_by_its_own_node(four_eyes: Pair) -> None:
    pair = four_eyes
    pair.json("office add", "by", "press")
    assert pair.json("office revoke", "by", "press", "--reason", "closed")["type"] == "revocation"
    refused = pair.run("say", "by", pair.channel, "message", "-", "--office", "press", stdin=MESSAGE)
    assert refused.status == 1
    assert refused.line()
    states = {row["office"]: row["state"] for row in pair.json("office list", "by")["offices"]}
    assert states["press"] == "revoked"


def test_a_mandate_can_be_narrowed(four_eyes: Pair) -> None:
    pair = four_eyes
    pair.json("office add", "by", "attache")
    pair.json("office mandate", "by", "attache", "--kind", "observation.report", "--precedence", "priority")
    refused = pair.run("say", "by", pair.channel, "message", "-", "--office", "attache", stdin=MESSAGE)
    assert refused.status == 1
    again = pair.run("office", "add", "by", "attache")
    assert "is there already" in again.line()


def test_an_amendment_is_assented_to(pair: Pair) -> None:
    charter = pair.json("channel show", "by", pair.channel)["charter"]["id"]
    change = json.dumps({"charter": charter, "changes": {"test_every": 600}, "reason": "oftener"})
    said = pair.json("say", "by", pair.channel, "charter.amendment", "-", "--wait", "delivered", stdin=change)
    assent = pair.json("channel assent", "ua", pair.channel[:10], "--to", said["ref"])
    assert assent["state"] == "delivered"
    shown = pair.json("channel show", "by", pair.channel)
    assert [answer["re"] for answer in shown["answers"] if answer["id"] == assent["id"]] == [[said["id"]]]


def test_a_proposal_can_be_declined(pair: Pair) -> None:
    proposed = pair.json("channel propose", "by", "--with", "UA")["channel"]
    pair.json("channel decline", "ua", proposed, "--reason", "not now")
    rows = {row["channel"]: row["state"] for row in pair.json("channel list", "by")["channels"]}
    assert rows[proposed] == "declined"


def test_a_channel_from_the_filled_in_template(pair: Pair) -> None:
    template = pair.run.ok("channel", "template").out
    (pair.run.place / "charter.toml").write_text(template.replace("test_every = 3600", "test_every = 900"))
    proposed = pair.json("channel propose", "by", "--with", "UA", "--charter", "charter.toml")["channel"]
    assert pair.json("channel show", "by", proposed)["charter"]["body"]["test_every"] == 900
    (pair.run.place / "bad.toml").write_text("test_evry = 1")
    bad = pair.run("channel", "propose", "by", "--with", "UA", "--charter", "bad.toml")
    assert "test_evry" in bad.line()
    assert bad.status == 2


def test_a_register_keeps_notes(pair: Pair) -> None:
    made = pair.json("channel register", "by", "--about", "A neighbour without a node")
    note = '{"text":"They rang and asked for a date.","means":"telephone"}'
    said = pair.json("say", "by", made["channel"], "note", "-", stdin=note)
    entries = pair.json("log", "by", made["channel"])["entries"]
    assert [entry["state"] for entry in entries if entry["id"] == said["id"]] == ["kept"]
    pair.run.ok("export", "by", made["channel"], "register.zip")
    assert pair.json("verify", "register.zip")["valid"]
    rows = {row["channel"]: row for row in pair.json("channel list", "by")["channels"]}
    assert (rows[made["channel"]]["state"], rows[made["channel"]]["about"]) == (
        "register",
        "A neighbour without a node",
    )


def test_the_root_key_goes_offline_and_is_asked_for(pair: Pair) -> None:
    (pair.run.place / "safe").mkdir()
    moved = pair.json("keys take-root-offline", "ua", "safe")
    assert moved["root_key"] == "safe/UA-root.json"
    again = pair.run("keys", "take-root-offline", "ua", "safe")
    assert (again.status, "taken offline before" in again.line()) == (1, True)
    without = pair.run("office", "add", "ua", "desk")
    assert (without.status, "--root FILE" in without.line()) == (2, True)
    pair.json("office add", "ua", "desk", "--root", "safe/UA-root.json")
    assert pair.json("keys prepare", "ua", "--root", "safe/UA-root.json", "--count", "2")["prepared"] == 2
    others = pair.run("office", "add", "by", "guest", "--root", "safe/UA-root.json")
    assert others.status == 1
    assert others.line()


def test_a_new_card_is_printed_and_known_to_the_peer(pair: Pair) -> None:
    card = json.loads(pair.run.ok("keys", "card", "by", "--name", "Renamed").out)
    assert (card["doc"]["name"], card["doc"]["serial"]) == ("Renamed", 2)
    assert pair.run("keys", "card", "by").status == 2


def test_a_restored_party_goes_on_after_a_succession(pair: Pair) -> None:
    pair.json("backup", "by", "by.backup")
    twice = pair.run("backup", "by", "by.backup")
    assert (twice.status, "never written over" in twice.line()) == (1, True)
    wrong = pair.run("restore", "by.backup", "other", DETENTE_PASSPHRASE="wrong")
    assert (wrong.status, "passphrase" in wrong.line()) == (1, True)
    pair.json(
        "say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin='{"text":"after the backup"}'
    )
    assert pair.stop("by") == 0
    (pair.run.place / "by").rename(pair.run.place / "burnt")

    restored = pair.json("restore", "by.backup", "by")
    assert pair.channel in restored["needs_succession"]
    barred = pair.run("say", "by", pair.channel, "message", "-", stdin=MESSAGE)
    assert barred.status == 1
    assert barred.line()
    gone_on = pair.json("keys succeed", "by")["channels"]
    assert pair.channel in {row["channel"] for row in gone_on}
    pair.serve("by")
    said = pair.json(
        "say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin='{"text":"we are back"}'
    )
    for home in ("ua", "by"):  # what the fire took, the peer gave back
        texts = [(e["body"] or {}).get("text") for e in pair.json("log", home, pair.channel)["entries"]]
        assert {"after the backup", "we are back"} <= set(texts), home
    assert "could not be kept" not in (pair.run.place / pair.run.errors).read_text()
    pair.run.ok("export", "ua", pair.channel, "both-logs.zip")
    assert pair.json("verify", "both-logs.zip")["valid"]
    assert said["state"] == "delivered"


def test_nothing_to_succeed_is_said(pair: Pair) -> None:
    result = pair.run("keys", "succeed", "ua", "--root", "safe/UA-root.json")
    assert (result.status, "nothing was done" in result.line()) == (1, True)


def test_a_copy_of_a_home_does_not_sign(pair: Pair) -> None:
    import shutil

    shutil.copytree(
        pair.run.place / "ua", pair.run.place / "copy", ignore=shutil.ignore_patterns("run", "lock")
    )
    refused = pair.run("say", "copy", pair.channel, "message", "-", stdin=MESSAGE)
    assert (refused.status, "must not sign" in refused.line()) == (1, True)
    assert Path(pair.run.place / "copy").is_dir()


def test_a_release_can_be_recalled_during_the_recall_time(four_eyes: Pair) -> None:
    pair = four_eyes
    assert pair.json("draft recall-time", "by", "600") == {"seconds": 600}
    said = pair.json("say", "by", pair.channel, "message", "-", stdin='{"text":"too early"}')
    assert said["state"] == "recallable"
    assert pair.json("draft recall", "by", said["id"])["state"] == "recalled"
    urgent = pair.json(
        "say", "by", pair.channel, "message", "-", "--precedence", "flash", stdin='{"text":"at once"}'
    )
    assert urgent["state"] == "kept"
    assert pair.json("draft recall-time", "by", "1") == {"seconds": 1}
    slow = pair.json("say", "by", pair.channel, "message", "-", stdin='{"text":"after a second"}')
    deadline = time.monotonic() + 20
    while slow["id"] not in [e["id"] for e in pair.json("log", "by", pair.channel)["entries"]]:
        assert time.monotonic() < deadline, "a release whose recall time is over was not placed"
        time.sleep(0.2)
    placed = [entry["id"] for entry in pair.json("log", "by", pair.channel)["entries"]]
    assert said["id"] not in placed
    assert pair.json("draft recall-time", "by", "0") == {"seconds": 0}
    assert pair.run("draft", "recall-time", "by", "-5").status == 2
