# SPDX-License-Identifier: Apache-2.0
"""The scorer itself: a perfect answer, an empty one, and each kind of wrong one."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.press.gold import GoldError, Page, pages, place, problems, resolve
from tests.press.match import Measure, loosely, over_claimed, same_speaker
from tests.press.score import FIELDS, floors, main, score_page, score_source

TEXT = (
    "Menu\n"
    "On 14 May the Defence Minister of Norway, General Ola Berg, called his Finnish colleague Aino Laine. "
    "“We plan nothing against you,” he said. The ministers agreed to open a second line.\n"
    "Share"
)
GOLD: dict[str, Any] = {
    "lang": "en",
    "outlet": None,
    "published": None,
    "body": [{"from": "On 14 May", "to": "second line."}],
    "contacts": [
        {
            "kind": "phone_call",
            "status": "held",
            "initiator": "NO",
            "date": {"edtf": "XXXX-05-14", "span": "14 May"},
            "participants": [
                {"name": "Ola Berg", "office": "Defence Minister of Norway", "rank": "General", "side": "NO"},
                {"name": "Aino Laine", "office": None, "rank": None, "side": "FI"},
            ],
            "readouts": [{"side": "NO", "spans": ["“We plan nothing against you,” he said."]}],
        }
    ],
    "statements": [
        {
            "speaker": "Ola Berg",
            "side": "NO",
            "type": "assurance",
            "mode": "direct",
            "reported_by": None,
            "span": "We plan nothing against you,",
        }
    ],
    "exercises": [],
    "measures": [{"status": "agreed", "span": "agreed to open a second line"}],
    "appeals": [],
    "relations": [{"parties": ["NO", "FI"], "state": "normal", "span": "called"}],
}


def answer() -> dict[str, Any]:
    """What a program would say that finds exactly the gold."""
    return copy.deepcopy(resolve(GOLD, TEXT))


def f1(found: dict[str, Any]) -> dict[str, float]:
    return {name: tally.f1 for name, tally in score_source(GOLD, found, TEXT).tallies.items()}


def test_perfect_answer_scores_one_in_every_field():
    score = score_source(GOLD, answer(), TEXT)
    assert {name: tally.f1 for name, tally in score.tallies.items()} == dict.fromkeys(score.tallies, 1.0)
    assert set(score.tallies) <= set(FIELDS)
    assert not score.misses
    assert not score.over_claimed


def test_empty_answer_scores_nothing():
    scores = f1({})
    assert not any(
        scores[name]
        for name in ("body", "contact", "date", "initiator", "name", "office", "rank", "readout", "statement")
    )
    assert scores["measure"] == scores["relation"] == scores["statement+type"] == 0
    assert "exercise" not in scores  # there is none, and none was found


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("contact", lambda s: s["contacts"][0].update(kind="meeting")),
        ("contact", lambda s: s["contacts"][0].update(status="planned")),
        ("date", lambda s: s["contacts"][0].update(date={"edtf": "XXXX-05-15", "span": [8, 14]})),
        ("initiator", lambda s: s["contacts"][0].update(initiator="FI")),
        ("name", lambda s: s["contacts"][0]["participants"][0].update(name="Ola Bergs")),
        ("office", lambda s: s["contacts"][0]["participants"][0].update(office="Chief of Staff")),
        ("rank", lambda s: s["contacts"][0]["participants"][0].update(rank="Major")),
        ("participant side", lambda s: s["contacts"][0]["participants"][1].update(side="SE")),
        ("readout", lambda s: s["contacts"][0]["readouts"][0].update(side="FI")),
        ("statement", lambda s: s["statements"][0].update(span=[0, 20])),
        ("statement+type", lambda s: s["statements"][0].update(type="demand")),
        ("statement+speaker", lambda s: s["statements"][0].update(speaker="Aino Laine")),
        ("statement+mode", lambda s: s["statements"][0].update(mode="indirect")),
        ("statement+reported_by", lambda s: s["statements"][0].update(reported_by="FI")),
        ("exercise", lambda s: s["exercises"].append({"name": "Northern Gate", "span": [0, 4]})),
        ("measure", lambda s: s["measures"].clear()),
        ("measure+status", lambda s: s["measures"][0].update(status="proposed")),
        ("appeal", lambda s: s["appeals"].append({"org": "UN", "addressee": "NO", "span": [0, 4]})),
        ("relation", lambda s: s["relations"][0].update(state="ended")),
        ("outlet", lambda s: s.update(outlet={"name": "Menu", "span": [0, 4]})),
        ("published", lambda s: s.update(published={"edtf": "2024-05-14", "span": [0, 4]})),
        ("body", lambda s: s.update(body=[[0, len(TEXT)]])),
    ],
)
def test_each_wrong_value_lowers_its_field(field, change):
    found = answer()
    change(found)
    assert f1(found)[field] < 1.0


def test_extra_contact_costs_precision_only():
    found = answer()
    found["contacts"].append({"kind": "visit", "status": "held", "date": None, "participants": []})
    tally = score_source(GOLD, found, TEXT).tallies["contact"]
    assert (tally.precision, tally.recall) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("gold", "found", "over"),
    [
        ("XXXX-02-14", "2022-02-14", True),
        ("2022-02-14?", "2022-02-14", True),
        ("2021-11~", "2021-11", True),
        (None, "2024-03-12", True),
        ("2022-02", "2022-02-14", True),
        ("2024-03-12", "2024-03-14", True),  # another day is not on the page either
        ("2024-03-12/2024-03-14", "2024-03-12/2024-03-14", False),
        ("2024-03-12", "2024-03-12", False),
        ("2024-03-12", "2024-03", False),
        ("2024-03-12", "XXXX-03-12", False),
        ("XXXX-02-14", "2022-02-14?", False),
        ("XXXX-02-14", None, False),
        (["2024-03-12", "XXXX-03-12"], "2024-03-12", False),
    ],
)
def test_over_claims(gold, found, over):
    assert over_claimed(gold, found) is over


def test_over_claim_is_counted_and_listed():
    found = answer()
    found["contacts"][0]["date"]["edtf"] = "2022-05-14"
    found["published"] = {"edtf": "2022-05-15", "span": [0, 4]}
    over = score_source(GOLD, found, TEXT).over_claimed
    assert len(over) == 2
    assert "2022-05-14" in over[0]


def test_maybe_is_neither_missed_nor_wrong():
    gold = {"statements": [{**GOLD["statements"][0], "maybe": True}]}
    assert score_source(gold, answer(), TEXT).tallies["statement"].f1 == 1.0
    assert score_source(gold, {}, TEXT).tallies["statement"].f1 == 1.0


def test_absent_field_is_not_scored():
    assert set(score_source({"measures": []}, answer(), TEXT).tallies) == {
        "measure",
        "measure+status",
    }


def test_places():
    assert place("14 May", TEXT) == (8, 14)
    assert place({"q": "the", "n": 2}, "the the") == (4, 7)
    assert place({"from": "ab", "to": "d"}, "d ab c d") == (2, 8)
    for wrong in ("June", {"q": "Menu", "n": 2}, {"from": "Share", "to": "Menu"}, [5, 5], [0, 10_000]):
        with pytest.raises(GoldError):
            place(wrong, TEXT)


def test_problems_name_the_key():
    assert problems(GOLD, TEXT) == []
    assert any("colour" in words for words in problems({**GOLD, "colour": 1}, TEXT))
    assert any("'lang' is missing" in words for words in problems({"body": []}, TEXT))
    wrong = copy.deepcopy(GOLD)
    wrong["contacts"][0]["kind"] = "telegram"
    wrong["statements"][0]["span"] = "We plan everything"
    assert len(problems(wrong, TEXT)) == 2


def test_loose_words():
    assert loosely("министр обороны Норвегии", "министра обороны Норвегии")
    assert loosely("министр обороны", "министр обороны Норвегии")
    assert not loosely("министр обороны", "министр иностранных дел")
    assert same_speaker("Пресс-служба ведомства", {"speaker": "пресс-службы ведомства"})
    assert same_speaker("Ola Berg", {"speaker": "Berg"})
    assert not same_speaker(None, {"speaker": "Berg"})


def test_tags_and_spaces_do_not_count():
    text = "<p class='long'>ab <b>cd</b></p>"
    measure = Measure(text, html=True)
    assert measure.size([(0, len(text))]) == 4
    assert measure.overlap([(0, len(text))], [(16, 18)]) == 0.5


def test_file_of_several_sources():
    text = "Menu\nFirst page here.\nSecond page there."
    gold = [
        {"lang": "en", "body": ["Second page there."], "contacts": [], "statements": []},
        {"lang": "en", "body": ["First page here."], "contacts": [], "statements": []},
    ]
    found = [
        (text, {"body": [[5, 21]], "contacts": [], "statements": []}),
        (text, {"body": [[22, 40]], "contacts": [], "statements": []}),
    ]
    assert score_page(Page(Path("x.txt"), gold), found).tallies["body"].f1 == 1.0


def test_command_prints_every_language(tmp_path, capsys, monkeypatch):
    (tmp_path / "one.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "one.gold.json").write_text(json.dumps(GOLD), encoding="utf-8")
    assert [page.path.name for page in pages([tmp_path])] == ["one.txt"]
    monkeypatch.setattr("sys.argv", ["score", str(tmp_path), "--json"])
    assert main() == 0
    assert set(json.loads(capsys.readouterr().out)) == {"en", "all"}
    monkeypatch.setattr("sys.argv", ["score", str(tmp_path), "--lang", "uk"])
    assert main() == 1
    made = tomllib.loads(floors([tmp_path]))
    assert made[tmp_path.name]["en"]["body"] > 0.5
    assert set(made[tmp_path.name]["en"]) <= set(FIELDS)
