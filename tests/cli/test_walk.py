# SPDX-License-Identifier: Apache-2.0
"""What people get wrong at the terminal: it is said at once, in one line, and nothing is done by halves."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from detente.cli import keys
from detente.line.writes import PutEvidence
from detente.node.store import SqliteStore
from tests.cli.kit import Pair, Program

# Real nodes, started and stopped: too long for the fast tests.
pytestmark = pytest.mark.slow

MESSAGE = '{"text":"Before the mistake"}'


def test_an_amendment_that_both_agreed_to_is_in_force(pair: Pair) -> None:
    charter = pair.json("channel show", "by", pair.channel)["charter"]["id"]
    body = {"charter": charter, "changes": {"test_every": 1800}, "reason": "more often"}
    said = ("say", "by", pair.channel, "charter.amendment", "-")
    pair.run.ok(*said, "--wait", "delivered", stdin=json.dumps(body))
    pair.run.ok("channel", "assent", "ua", pair.channel)
    another = pair.run(*said, stdin=json.dumps(body | {"charter": "00"}))
    assert (another.status, charter in another.line()) == (1, True)
    wrong = pair.run(*said, stdin=json.dumps(body | {"changes": {"purpose": 5}}))
    assert (wrong.status, "cannot be changed so" in wrong.line()) == (1, True)

    entries = pair.json("log", "ua", pair.channel)["entries"]
    amendments = [entry for entry in entries if entry["kind"] == "charter.amendment"]
    assert [entry["re"] for entry in amendments] == [[charter]]


def test_a_phrase_that_nobody_could_read_is_not_sent(pair: Pair) -> None:
    lacking = pair.run("say", "by", pair.channel, "phrase", "-", stdin='{"code":1}')
    assert (lacking.status, "is missing" in lacking.line()) == (1, True)
    unknown = pair.run("say", "by", pair.channel, "phrase", "-", stdin='{"code":99999}')
    assert unknown.status == 1
    assert "phrase" in unknown.line()


def test_a_phrase_is_shown_as_its_sentence(pair: Pair) -> None:
    body = {"code": 1, "parameters": {"place": "the bridge", "time": "09:30"}}
    ref = pair.json("say", "by", pair.channel, "phrase", "-", stdin=json.dumps(body))["ref"]
    assert "the bridge" in pair.run.ok("show", "by", ref).out
    assert "Code: 1" not in pair.run.ok("show", "by", ref).out


def test_a_witness_is_a_verifier_key(pair: Pair) -> None:
    refused = pair.run("channel", "propose", "by", "--with", "UA", "--witness", "garbage")
    assert refused.status == 2
    assert "no verifier key" in refused.line()


def test_a_hook_that_cannot_run_is_told_before_the_alarm(pair: Pair) -> None:
    refused = pair.run("watch", "ua", "--hook", "/nowhere/ring --loud", timeout=20)
    assert refused.status == 2
    assert "/nowhere/ring" in refused.line()


@pytest.mark.parametrize("out", [".", ".."])
def test_a_bundle_is_not_written_over_a_directory(pair: Pair, out: str) -> None:
    refused = pair.run("export", "by", pair.channel, out)
    assert refused.status == 2
    assert "is a directory" in refused.line()


def test_an_answer_is_promised_for_a_time_to_come(pair: Pair) -> None:
    late = ("--state", "will-answer", "--until", "2020-01-01T00:00:00Z")
    refused = pair.run("ack", "ua", pair.channel, "BY-3", *late)
    assert refused.status == 2
    assert "in the past" in refused.line()


def test_a_stream_answers_what_came_before_a_line_too_long(pair: Pair) -> None:
    lines = json.dumps({"kind": "message", "body": json.loads(MESSAGE)}) + "\n"
    lines += '{"kind":"message","body":{"text":"x"},"re":5}\n' + "x" * (3 << 20) + "\n"
    done = pair.run("say", "by", pair.channel, "--stream", stdin=lines)
    assert done.status == 1
    assert "a line of more than" in done.line()
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert {answer["state"] for answer in answers} == {"delivered", "refused"}


def test_a_revoked_office_gets_a_new_key(pair: Pair) -> None:
    pair.json("office revoke", "by", "duty", "--reason", "passphrase seen by others")
    made = pair.run.ok("office", "add", "by", "duty", "--json", DETENTE_OFFICE_PASSPHRASE="another")
    assert made.json()["type"] == "mandate"
    said = ("say", "by", pair.channel, "message", "-", "--wait", "delivered")
    assert pair.run(*said, stdin=MESSAGE).status == 1
    pair.run.ok(*said, stdin=MESSAGE, DETENTE_OFFICE_PASSPHRASE="another")
    assert not pair.json("log", "ua", pair.channel)["entries"][-1]["labels"]
    assert pair.run("office", "add", "by", "duty").status == 1


def test_a_new_card_is_one_line_of_json(pair: Pair) -> None:
    assert pair.json("keys card", "by", "--name", "Ministry of Defence, new")["doc"]["serial"] == 2


def test_evidence_of_a_fork_is_told_and_written_out(pair: Pair) -> None:
    with closing(SqliteStore.open(pair.run.place / "ua" / "store.db")) as store:
        theirs = next(log for log in store.logs(pair.channel) if not log.mine)
        store.commit(pair.channel, [PutEvidence("e" * 64, theirs.origin, "fork", 1, {"theirs": b"a note"})])
    found = {one["check"]: one for one in pair.json("doctor", "ua", "--evidence", "proofs")["findings"]}
    assert found["evidence"]["state"] == "warn"
    assert "two histories" in found["evidence"]["what"]
    written = list((pair.run.place / "proofs").rglob("theirs"))
    assert [path.read_bytes() for path in written] == [b"a note"]


def test_a_root_key_that_cannot_be_taken_away_is_not_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "root.json", tmp_path / "safe.json"
    source.write_bytes(b"{}")
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == source:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(PermissionError):
        keys._move(source, target)
    assert source.exists()
    assert not target.exists()


def test_the_card_of_a_home_is_one_line(tmp_path: Path) -> None:
    assert Program(tmp_path)("keys", "card", "nowhere").status == 2
