# SPDX-License-Identifier: Apache-2.0
"""Burnt disk, old backup, copied home, stolen log key: each as the duty officer and the keeper of the root
key live through it, with nodes that serve. The line goes on, and what was proven is a file."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kit import Pair, free_port

pytestmark = pytest.mark.slow
ROOT = "safe/BY-root.json"
PATIENCE = 60.0


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """BY and UA serving, their root keys in a safe, a backup of BY's keys from before the first channel."""
    (tmp_path / "safe").mkdir()
    made = Pair(tmp_path)
    try:
        made.make()
        for home in ("by", "ua"):
            made.run.ok("keys", "take-root-offline", home, "safe")
        made.run.ok("backup", "by", "day-one.backup")
        for home in ("by", "ua"):
            made.serve(home)
        made.open()
        say(made, "by", "the first")
        say(made, "ua", "the answer")
        yield made
    finally:
        made.close()


def say(pair: Pair, home: str, text: str, state: str = "delivered", **variables: str) -> dict[str, Any]:
    """Say something, and wait until it is ``state``."""
    call = ("say", home, pair.channel, "message", "-", "--wait", state, "--json")
    result = pair.run.ok(*call, stdin=json.dumps({"text": text}), **variables)
    return dict(result.json())


def log(pair: Pair, home: str) -> dict[str, dict[str, Any]]:
    """The entries with a text, by it."""
    entries = pair.json("log", home, pair.channel)["entries"]
    return {entry["body"]["text"]: entry for entry in entries if "text" in (entry["body"] or {})}


def until(holds: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, what
        time.sleep(0.3)
    return found


def finding(pair: Pair, home: str, check: str, **variables: str) -> dict[str, Any]:
    """What the doctor says under one heading, the worst first."""
    report = pair.run("doctor", home, "--json", **variables).json()
    rank = ["bad", "warn", "ok"]
    found = [one for one in report["findings"] if one["check"] == check]
    return dict(min(found, key=lambda one: rank.index(one["state"])))


def goes_on(pair: Pair, home: str = "by") -> None:
    """Both sides hear each other, and both have the same record in order."""
    say(pair, home, "going on")
    say(pair, "ua", "good to hear you")
    ours, theirs = log(pair, home), log(pair, "ua")
    common = [text for text in ours if text in theirs]
    assert [ours[text]["ref"] for text in common] == [theirs[text]["ref"] for text in common]
    assert {"the first", "the answer", "going on", "good to hear you"} <= set(common)
    for side in (home, "ua"):
        pair.run.ok("export", side, pair.channel, f"{side}.zip")
        assert pair.json("verify", f"{side}.zip")["valid"]
        assert finding(pair, side, "logs")["state"] == "ok"


def test_a_burnt_disk(pair: Pair) -> None:
    assert pair.stop("ua") == 0
    say(pair, "by", "told to nobody", "kept")
    assert pair.stop("by") == 0
    shutil.rmtree(pair.run.place / "by")
    pair.serve("ua")

    pair.run.ok("restore", "day-one.backup", "by")
    pair.run.ok("meet", "by", "ua.card", "--yes")
    pair.run.ok("keys", "prepare", "by", "--root", ROOT)
    pair.serve("by")
    until(lambda: pair.run("log", "by", pair.channel).status == 0 and "the answer" in log(pair, "by"),
          "the record did not come back")  # fmt: skip
    barred = pair.run("say", "by", pair.channel, "message", "-", stdin='{"text":"too early"}')
    assert (barred.status, "sign" in barred.line()) == (1, True)
    told = finding(pair, "by", "succession")
    assert (told["state"], "is lost" in told["what"]) == ("bad", True)
    assert "detente keys succeed" in told["do"]
    gone_on = pair.json("keys succeed", "by", "--root", ROOT, "--reason", "fire")["channels"]
    assert gone_on[0]["after"]["size"] == 1 + max(int(e["ref"][3:]) for e in log(pair, "by").values()
                                                  if e["ref"].startswith("BY"))  # fmt: skip
    goes_on(pair)
    assert "told to nobody" not in log(pair, "by")
    assert finding(pair, "by", "instance")["state"] == "ok"
    # A channel that it never had is taken for what it is.
    new = pair.json("channel propose", "ua", "--with", "BY")["channel"]
    pair.run.ok("channel", "assent", "by", new)
    kinds = [e["kind"] for e in pair.json("log", "by", new)["entries"] if e["party"] == "BY"]
    assert kinds[0] == "genesis" and "succession" not in kinds


def test_an_old_backup(pair: Pair) -> None:
    pair.run.ok("backup", "by", "old.backup")
    say(pair, "by", "after the backup")
    assert pair.stop("by") == 0
    shutil.rmtree(pair.run.place / "by")
    restored = pair.json("restore", "old.backup", "by")
    assert restored["needs_succession"] == [pair.channel]
    barred = pair.run("say", "by", pair.channel, "message", "-", stdin='{"text":"too early"}')
    assert (barred.status, "succession" in barred.line()) == (1, True)
    told = finding(pair, "by", "succession")
    assert told["state"] == "bad"
    assert "detente serve" in told["do"] and "detente keys succeed" in told["do"]

    pair.run.ok("keys", "prepare", "by", "--root", ROOT)
    pair.serve("by")
    until(lambda: "after the backup" in log(pair, "by"), "what came after the backup is not given back")
    pair.run.ok("keys", "succeed", "by", "--root", ROOT)
    goes_on(pair)
    assert log(pair, "by")["after the backup"]["labels"] == []


def test_keys_succeed_hears_the_members_first(pair: Pair) -> None:
    """Whoever forgets to let the node run before loses nothing either."""
    pair.run.ok("backup", "by", "old.backup")
    say(pair, "by", "after the backup")
    assert pair.stop("by") == 0
    shutil.rmtree(pair.run.place / "by")
    pair.run.ok("restore", "old.backup", "by")
    pair.run.ok("keys", "succeed", "by", "--root", ROOT)
    pair.serve("by")
    goes_on(pair)
    assert log(pair, "ua")["after the backup"]["labels"] == []


def copied(pair: Pair) -> dict[str, str]:
    """A copy of BY's home with a marker that was copied and mended by hand; the variables to use it with."""
    place = pair.run.place
    subprocess.run(["cp", "-r", "by", "copy"], cwd=place, check=True)
    home_id = json.loads((place / "copy" / "party.json").read_text())["home_id"]
    shutil.copytree(place / "state", place / "elsewhere")
    file = place / "elsewhere" / f"{home_id}.json"
    store = place / "copy" / "store.db"
    marker = json.loads(file.read_text()) | {"path": str(store.resolve()), "inode": store.stat().st_ino}
    file.write_text(json.dumps(marker))
    return {"DETENTE_STATE_DIR": str(place / "elsewhere")}


def serve_copy(pair: Pair, variables: dict[str, str]) -> None:
    kept = dict(pair.run.env)
    pair.run.env |= variables
    listen, console = (f"127.0.0.1:{free_port()}" for _ in range(2))
    node = pair.run.start("serve", "copy", "--listen", listen, "--console", console, "--json")
    pair.run.env = kept
    pair.nodes["copy"] = node
    assert node.stdout is not None
    assert node.stdout.readline(), (pair.run.place / pair.run.errors).read_text()


def proven(pair: Pair, home: str, **variables: str) -> list[dict[str, Any]]:
    rows = pair.run.ok("evidence", "list", home, "--json", **variables).json()["evidence"]
    return [row for row in rows if row["what"] == "fork"]


def a_fork(pair: Pair, variables: dict[str, str]) -> None:
    """Original and copy both sign on while the line is down; both are heard, and all three have the proof.

    One after the other: of two connections by one party UA keeps to one.
    """
    assert pair.stop("ua") == 0
    say(pair, "by", "by the original", "kept")
    say(pair, "copy", "by the copy", "kept", **variables)
    pair.serve("ua")
    until(lambda: "by the original" in log(pair, "ua"), "the original is not heard")
    assert pair.stop("by") == 0
    serve_copy(pair, variables)
    until(lambda: proven(pair, "ua"), "UA has no proof")
    until(lambda: proven(pair, "copy", **variables), "the copy has no proof")
    assert pair.stop("copy") == 0
    pair.serve("by")
    until(lambda: proven(pair, "by"), "the original has no proof")


def told_of_a_fork(pair: Pair, variables: dict[str, str]) -> None:
    """Each doctor says whose key signed what, and what to do; the proof is good for a stranger."""
    for home, more in (("by", {}), ("copy", variables)):
        assert "two histories" in finding(pair, home, "evidence", **more)["what"]
        stopped = finding(pair, home, "succession", **more)
        assert (stopped["state"], "detente keys succeed" in stopped["do"]) == ("bad", True)
    theirs = finding(pair, "ua", "evidence")
    assert "log key of BY" in theirs["what"] and "call BY" in theirs["do"]
    for home in ("by", "ua"):
        pair.run.ok("evidence", "export", home, f"proofs-{home}")
        verdicts = pair.json("evidence verify", f"proofs-{home}")["proofs"]
        assert {verdict["party"] for verdict in verdicts if verdict["proven"]} == {"BY"}
    assert proven(pair, "ua")[0]["party"] == "BY"


def test_a_copied_home(pair: Pair) -> None:
    subprocess.run(["cp", "-r", "by", "plain"], cwd=pair.run.place, check=True)
    refused = pair.run("say", "plain", pair.channel, "message", "-", stdin='{"text":"x"}')
    assert (refused.status, "it is a copy" in refused.line()) == (1, True)
    told = finding(pair, "plain", "instance")
    assert (told["state"], "detente restore" in told["do"]) == ("bad", True)

    variables = copied(pair)
    a_fork(pair, variables)
    told_of_a_fork(pair, variables)
    barred = pair.run("say", "by", pair.channel, "message", "-", stdin='{"text":"too early"}')
    assert (barred.status, "does not sign" in barred.line()) == (1, True)

    serving = pair.run("keys", "succeed", "by", "--root", ROOT)
    assert (serving.status, "stop the node" in serving.line()) == (1, True)
    assert pair.stop("by") == 0
    pair.run.ok("keys", "succeed", "by", "--root", ROOT, "--reason", "a copy was put to work")
    pair.serve("by")
    goes_on(pair)
    assert "went on in a new log" in finding(pair, "ua", "evidence")["do"]
    assert "by the copy" not in log(pair, "ua")


def test_a_stolen_log_key(pair: Pair) -> None:
    """The thief signs another head of the same size, and tries to go on after the succession."""
    thief = copied(pair)
    a_fork(pair, thief)
    told_of_a_fork(pair, thief)
    assert pair.stop("by") == 0
    pair.run.ok("keys", "succeed", "by", "--root", ROOT, "--fresh", "--reason", "stolen log key")
    pair.serve("by")
    goes_on(pair)
    before = len(pair.json("log", "ua", pair.channel)["entries"])
    serve_copy(pair, thief)  # its log is the old one
    late = pair.run("say", "copy", pair.channel, "message", "-", stdin='{"text":"by the thief"}', **thief)
    assert late.status == 1
    say(pair, "by", "still here")
    assert finding(pair, "by", "instance")["state"] == "ok"
    assert "by the thief" not in log(pair, "ua") and "by the copy" not in log(pair, "ua")
    assert len(pair.json("log", "ua", pair.channel)["entries"]) > before
