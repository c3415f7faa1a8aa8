# SPDX-License-Identifier: Apache-2.0
"""Two parties in a dozen commands, as the documents promise them, with processes and sockets."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from detente.cli.schemas import schema_of
from detente.record.entry import parse_rfc3339, rfc3339
from tests.cli.kit import Pair, first_fast

pytestmark = pytest.mark.slow

MESSAGE = '{"text":"The line is open.","lang":"en"}'


def _entries(pair: Pair, home: str) -> list[dict[str, Any]]:
    return list(pair.json("log", home, pair.channel)["entries"])


def test_serve_tells_where_it_is(pair: Pair) -> None:
    for ready in pair.ready.values():
        jsonschema.validate(ready, schema_of("serve"))
        assert ready["line"].startswith("https://127.0.0.1:")
        assert ready["console"].startswith("http://")


def test_a_message_is_said_delivered_and_on_both_records(pair: Pair) -> None:
    said = pair.json("say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin=MESSAGE)
    assert said["state"] == "delivered"
    assert said["ref"].startswith("BY-")
    for home in ("by", "ua"):
        found = [entry for entry in _entries(pair, home) if entry["id"] == said["id"]]
        assert len(found) == 1
        assert found[0]["body"]["text"] == "The line is open."
        assert (found[0]["kind"], found[0]["party"], found[0]["office"]) == ("message", "BY", "duty")


@pytest.mark.slow
def test_an_acknowledgement_reaches_the_author(pair: Pair) -> None:
    said = pair.json("say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin=MESSAGE)
    pair.json("ack", "ua", pair.channel, said["ref"], "--state", "read")
    waited = pair.json(
        "say", "ua", pair.channel, "message", "-", "--re", said["ref"], "--wait", "delivered", stdin=MESSAGE
    )
    entries = {entry["id"]: entry for entry in _entries(pair, "by")}
    assert entries[waited["id"]]["re"] == [said["id"]]
    assert {"delivered", "read"} <= set(entries[said["id"]]["marks"]["UA"])


@pytest.mark.slow
def test_the_bundle_verifies_and_trusted_cards_verify_identities(pair: Pair) -> None:
    before = len(_entries(pair, "ua"))
    exported = pair.json("export", "ua", pair.channel, "out.zip")
    assert before <= exported["entries"] <= len(_entries(pair, "ua"))  # nodes place entries of their own
    report = pair.json("verify", "out.zip")
    assert (report["valid"], report["identities"]) == (True, "unverified")
    trusted = pair.json("verify", "out.zip", "--trust", "by.card", "--trust", "ua.card")
    assert trusted["identities"] == "verified"
    assert "identities unverified" in pair.run.ok("verify", "out.zip").out


def test_a_home_verifies(pair: Pair) -> None:
    report = pair.json("verify", "by")
    assert report["valid"]
    assert [part["channel"] for part in report["channels"]] == [pair.channel]


@pytest.mark.slow
def test_an_altered_bundle_is_refused_and_the_entry_named(pair: Pair) -> None:
    import zipfile

    pair.run.ok("export", "ua", pair.channel, "good.zip")
    with (
        zipfile.ZipFile(pair.run.place / "good.zip") as good,
        zipfile.ZipFile(pair.run.place / "bad.zip", "w") as bad,
    ):
        for name in good.namelist():
            raw = good.read(name)
            if name.startswith("logs/BY/tile/entries/"):
                raw = raw.replace(b'"routine"', b'"prioriti"', 1) if b'"routine"' in raw else raw
                raw = raw[:200] + bytes([raw[200] ^ 1]) + raw[201:]
            bad.writestr(name, raw)
    result = pair.run("verify", "bad.zip")
    assert result.status == 1
    assert "BY-" in result.out
    assert "is not valid" in result.line()


@pytest.mark.slow
def test_show_proves_an_entry(pair: Pair) -> None:
    said = pair.json("say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin=MESSAGE)
    shown = pair.json("show", "by", said["ref"])
    assert shown["proof"]["tlog_proof"].startswith("c2sp.org/tlog-proof@v1\n")
    assert [receipt["by"] for receipt in shown["proof"]["receipts"]].count("UA") >= 1
    assert said["ref"] in pair.run.ok("show", "ua", said["id"][:12]).out


@pytest.mark.slow
def test_show_says_how_long_before_an_event_the_other_side_held_it(pair: Pair) -> None:
    said = pair.json("say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin=MESSAGE)
    placed = parse_rfc3339(pair.json("show", "by", said["ref"])["entry"]["time"])
    minute, later = rfc3339(placed + 60_000), rfc3339(placed + 61_000)
    (lead,) = pair.json("show", "by", said["ref"], "--before", f"{minute}/{later}")["before"]
    assert (lead["party"], lead["clock"], lead["contradictory"]) == ("UA", "UA", False)
    assert lead["least_ms"] <= 60_000 <= lead["most_ms"]
    (by_ours,) = pair.json("show", "by", said["ref"], "--before", minute, "--clock", "BY")["before"]
    assert by_ours["least_ms"] <= 60_000 <= by_ours["most_ms"]
    assert "UA held it at least" in pair.run.ok("show", "by", said["ref"], "--before", minute).out
    wrong = pair.run("show", "by", said["ref"], "--before", f"{later}/{minute}")
    assert (wrong.status, "Traceback" in wrong.err) == (2, False)
    assert pair.run("show", "by", said["ref"], "--before", minute, "--clock", "XX").status == 1


@pytest.mark.slow
def test_search_finds_words(pair: Pair) -> None:
    pair.run.ok(
        "say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin='{"text":"A heron at dawn"}'
    )
    found = pair.json("search", "ua", "heron dawn")
    assert [entry["body"]["text"] for entry in found["entries"]] == ["A heron at dawn"]
    missing = pair.run("search", "ua", "xyzzy")
    assert missing.status == 1
    assert missing.line()


@pytest.mark.slow
def test_channels_and_standing_are_shown(pair: Pair) -> None:
    rows = pair.json("channel list", "by")["channels"]
    assert [(row["channel"], row["state"]) for row in rows] == [(pair.channel, "open")]
    shown = pair.json("channel show", "ua", pair.channel[:8])
    assert shown["charter"]["body"]["regimes"] == ["vienna-2011"]
    assert [answer["kind"] for answer in shown["answers"]] == ["assent"]
    standing = pair.json("standing", "by", pair.channel)
    assert standing["scopes"][0]["effective"] == "normal"
    assert [line["silence"] for line in standing["lines"]] == ["line up"]
    assert pair.run.ok("standing", "by", pair.channel).out.startswith("channel: normal")


@pytest.mark.slow
def test_the_home_variable_stands_in(pair: Pair) -> None:
    assert pair.run.ok("log", pair.channel, "--json", DETENTE_HOME="by").json()["entries"]
    assert pair.run.ok("card", DETENTE_HOME="by").out == (pair.run.place / "by.card").read_text()


@pytest.mark.slow
def test_a_stream_keeps_and_delivers_each_line(pair: Pair) -> None:
    lines = [json.dumps({"kind": "message", "body": {"text": f"line {n}"}}) for n in range(50)]
    done = pair.run.ok("say", "by", pair.channel, "--stream", stdin="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert len({answer["id"] for answer in answers}) == 50
    for answer in answers:
        jsonschema.validate(answer, schema_of("say stream"))
        assert answer["state"] == "delivered"
        assert 0 < answer["times"]["kept"] <= answer["times"]["delivered"]


@pytest.mark.slow
def test_a_bad_line_in_a_stream_is_named_and_the_rest_goes_on(pair: Pair) -> None:
    lines = ['{"kind":"message","body":{"text":"good"}}', "not json", '{"kind":"message","body":{}}', "[]"]
    done = pair.run("say", "by", pair.channel, "--stream", stdin="\n".join(lines))
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert done.status == 1
    assert sorted(answer["line"] for answer in answers if answer["state"] == "refused") == [2, 3, 4]
    assert [answer["state"] for answer in answers].count("delivered") == 1


BAD_BODIES = [
    ("message", '{"text":1}', 1, "text"),
    ("message", "{}", 1, "text"),
    ("message", '{"text":"a","text":"b"}', 1, "twice"),
    ("message", "[1]", 1, "a body is a JSON object"),
    ("message", "{", 1, "not JSON"),
    ("message", '{"text":NaN}', 1, "nan is not"),
    ("messag", "{}", 2, "no kind 'messag'"),
    ("genesis", "{}", 2, "written by the node itself"),
]


@pytest.mark.parametrize(("kind", "body", "status", "says"), first_fast(BAD_BODIES, 2))
def test_a_bad_body_is_refused_in_one_line(pair: Pair, kind: str, body: str, status: int, says: str) -> None:
    result = pair.run("say", "by", pair.channel, kind, "-", "--json", stdin=body)
    assert says in result.line()
    assert (result.status, result.out) == (status, "")


IMPOSSIBLE: list[tuple[list[str], int, str]] = [
    (["say", "by", "ffffffff", "message", "-"], 1, "no channel ffffffff"),
    (["say", "by", "ff", "message", "-"], 2, "no channel id"),
    (["say", "by", "CHANNEL"], 2, "KIND is missing"),
    (["say", "by", "CHANNEL", "message", "missing.json"], 2, "cannot read the body"),
    (["say", "by", "CHANNEL", "message", "-", "--re", "UA-9999"], 1, "no entry UA-9999"),
    (["say", "by", "CHANNEL", "message", "-", "--office", "nobody"], 2, "nobody"),
    (["say", "by", "CHANNEL", "message", "-", "--to", "PL"], 1, "its members: BY, UA"),
    (["say", "by", "CHANNEL", "message", "--stream"], 2, "leave out KIND"),
    (["ack", "by", "CHANNEL", "BY-0"], 1, "own"),
    (["ack", "by", "CHANNEL", "UA-0", "--state", "will-answer"], 2, "--until"),
    (["log", "by", "ffffffff"], 1, "no channel"),
    (["show", "by", "BY-9999"], 1, "no entry"),
    (["channel", "propose", "by", "--with", "PL"], 1, "has not been met"),
    (
        ["channel", "propose", "by", "--with", "UA", "--charter", "missing.toml"],
        2,
        "cannot read the charter",
    ),
    (["channel", "assent", "by", "CHANNEL", "--timeout", "1"], 1, "own"),
    (["channel", "assent", "ua", "CHANNEL", "--timeout", "1"], 1, "nothing in"),
    (["channel", "assent", "ua", "ffffffff", "--timeout", "0.2"], 3, "no proposal"),
    (["draft", "show", "by", "ffffffff"], 1, "no draft"),
    (["draft", "show", "by", "ff"], 2, "no draft id"),
    (["meet", "by", "by.card", "--yes"], 1, "own card"),
    (["meet", "by", "ua.card"], 2, "--yes"),
    (["init", "by", "--party", "BY", "--name", "N"], 1, "already"),
    (["export", "by", "CHANNEL", "no/such/dir.zip"], 2, "cannot write"),
    (["export", "by", "CHANNEL", "x.zip", "--disclose", "UA-9999"], 1, "no entry"),
    (["office", "revoke", "by", "nobody"], 1, "no mandate"),
    (["readouts", "compare", "by", "CHANNEL", "UA-9999"], 1, "no contact"),
]


@pytest.mark.parametrize(
    ("call", "status", "says"),
    first_fast(IMPOSSIBLE),
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done_is_said_in_one_line(pair: Pair, call: list[str], status: int, says: str) -> None:
    words = [pair.channel if word == "CHANNEL" else word for word in call]
    result = pair.run(*words, stdin=MESSAGE)
    assert says in result.line()
    assert (result.status, result.out.count("\n")) == (status, 3 if call[0] == "meet" and status == 2 else 0)


def test_a_wrong_passphrase_is_said_without_a_trace(pair: Pair) -> None:
    wrong = pair.run(
        "say", "by", pair.channel, "message", "-", stdin=MESSAGE, DETENTE_OFFICE_PASSPHRASE="wrong"
    )
    assert "passphrase" in wrong.line()
    assert wrong.status == 1


@pytest.mark.slow
def test_a_watch_rings_shows_and_tells_the_sender(pair: Pair) -> None:
    watching = pair.run.start("watch", "ua", "--once", "--json", "--hook", "tee hook.json")
    try:
        urgent = pair.json(
            "say", "by", pair.channel, "incident.report", "-", "--precedence", "flash", "--wait", "displayed",
            stdin='{"what":"Shots near the line"}',
        )  # fmt: skip
        out, _ = watching.communicate(timeout=60)
    finally:
        watching.kill()
    assert watching.returncode == 0
    alarm = json.loads(out.splitlines()[0])
    jsonschema.validate(alarm, schema_of("watch"))
    assert alarm["entry"]["id"] == urgent["id"]
    assert json.loads((pair.run.place / "hook.json").read_text()) == alarm
    marks = next(entry for entry in _entries(pair, "by") if entry["id"] == urgent["id"])["marks"]
    assert "displayed" in marks["UA"]


@pytest.mark.slow
def test_a_peer_that_is_away_is_status_3_and_nothing_is_lost(pair: Pair) -> None:
    assert pair.stop("ua") == 0
    late = pair.run(
        "say", "by", pair.channel, "message", "-", "--wait", "delivered", "--timeout", "1", "--json",
        stdin='{"text":"For when you are back"}',
    )  # fmt: skip
    assert late.status == 3
    kept = late.json()
    assert kept["state"] == "kept"
    assert kept["ref"] in late.line()
    pair.serve("ua")
    pair.json("say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin=MESSAGE)
    assert kept["id"] in {entry["id"] for entry in _entries(pair, "ua")}


@pytest.mark.slow
def test_commands_work_while_the_node_is_not_serving(pair: Pair) -> None:
    assert pair.stop("by") == 0
    try:
        said = pair.json("say", "by", pair.channel, "message", "-", "--wait", "delivered", stdin=MESSAGE)
        assert said["state"] == "delivered"
    finally:
        pair.serve("by")


@pytest.mark.slow
def test_doctor_looks_at_everything(pair: Pair) -> None:
    result = pair.run("doctor", "by", "--json")
    document = result.json()
    jsonschema.validate(document, schema_of("doctor"))
    assert result.status == (1 if document["state"] == "bad" else 0)
    root = next(finding for finding in document["findings"] if "root" in finding["check"])
    assert root["state"] != "ok"


def test_nothing_secret_is_readable_by_others(pair: Pair) -> None:
    for path in (pair.run.place / "by").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.slow
def test_the_readouts_of_a_contact_are_compared(pair: Pair) -> None:
    record = '{"kind":"phone_call","started":"2022-02-14T09:00:00Z"}'
    contact = pair.json("say", "by", pair.channel, "contact.record", "-", "--wait", "delivered", stdin=record)
    first = {
        "text": "The ministers spoke by telephone. They agreed to continue contacts.",
        "contact": contact["ref"],
    }
    second = {
        "text": "The ministers spoke by telephone. They discussed the exercise.",
        "contact": contact["ref"],
    }
    refs = ("--re", contact["id"], "--wait", "delivered")
    pair.json("say", "by", pair.channel, "readout", "-", *refs, stdin=json.dumps(first | {"lang": "en"}))
    alone = pair.run("readouts", "compare", "by", pair.channel, contact["ref"])
    assert (alone.status, "no read-out of UA" in alone.line()) == (1, True)
    pair.json("say", "ua", pair.channel, "readout", "-", *refs, stdin=json.dumps(second | {"lang": "en"}))
    document = pair.json("readouts compare", "by", pair.channel, contact["ref"])
    assert (document["a"]["side"], document["b"]["side"]) == ("BY", "UA")
    assert document["a"]["text"] == first["text"]
