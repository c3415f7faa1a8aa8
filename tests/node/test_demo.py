# SPDX-License-Identifier: Apache-2.0
"""The demo: what the pages tell of is what the parties replay; another page gives another replay."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from detente.errors import RefusedError
from detente.node.demo import run
from detente.record.bundle_zip import read
from detente.record.verify import verify

pytestmark = pytest.mark.slow

OWN = resources.files("detente.press") / "pages"
REAL = Path(__file__).resolve().parents[3] / "shared" / "press"
KEYS = {"parties", "channel", "entries", "findings", "comparison", "obligations", "verification"}
GROUPS = ("both", "both_differently", "only_a", "only_b", "only_on_line")

_ran: list[tuple[dict[str, Any], list[str]]] = []


def pages(tmp_path: Path, *changes: tuple[str, str]) -> list[Path]:
    """The program's own pages, with words changed."""
    found = []
    for item in sorted(OWN.iterdir(), key=lambda one: one.name):
        if not item.name.endswith(".txt"):
            continue
        text = item.read_text(encoding="utf-8")
        for old, new in changes:
            text = text.replace(old, new)
        found.append(tmp_path / item.name)
        found[-1].write_text(text, encoding="utf-8")
    assert all(any(new in path.read_text("utf-8") for path in found) for _, new in changes)
    return found


async def replay(tmp_path: Path, files: list[Path]) -> tuple[dict[str, Any], list[str]]:
    lines: list[str] = []
    result = await run(tmp_path / "demo", files, lines.append)
    return result.to_json(), lines


async def default(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[str]]:
    """One run on the program's own pages for all tests that only look at it."""
    if not _ran:
        _ran.append(await replay(tmp_path_factory.mktemp("default"), []))
    return _ran[0]


def of(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry for entry in document["entries"] if entry["kind"] == kind]


async def test_the_document_has_what_the_contract_names(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, _ = await default(tmp_path_factory)
    assert document.keys() >= KEYS
    assert [party["party"] for party in document["parties"]] == ["BY", "UA"]
    assert set(GROUPS) <= document["comparison"].keys()
    assert all(entry["state"] for entry in document["entries"])


async def test_both_sides_bundles_verify_from_their_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, _ = await default(tmp_path_factory)
    assert document["verification"]["valid"]
    for side in ("BY", "UA"):
        report = verify(read(Path(document["files"][f"bundle-{side}"]).read_bytes()))
        assert report.valid
        assert {log.log for log in report.logs} == {"BY", "UA"}
        assert all(entry.signed and entry.mandate_valid and entry.in_log for entry in report.entries)


async def test_every_linked_entry_is_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, _ = await default(tmp_path_factory)
    ids = {entry["id"] for entry in document["entries"]}
    assert document["findings"]
    assert all(one["entry"] in ids or (one["entry"] is None and one["why"]) for one in document["findings"])
    top = [one for one in document["findings"] if one["type"] != "participants"]
    assert sum(one["entry"] is not None for one in top) == len(top)


async def test_each_side_and_the_line_say_something_that_the_others_do_not(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    document, _ = await default(tmp_path_factory)
    found = document["comparison"]
    assert found["only_a"]
    assert found["only_b"]
    assert {row["kind"] for row in found["only_on_line"]} >= {"explanation.reply", "standing", "phrase"}
    claimed = [row for row in found["only_b"] if row["point"] == "statement" and row["speaker"] == "BY"]
    assert [row["b"]["unanswered"] for row in claimed] == [True]


async def test_the_claim_waits_for_its_maker(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, _ = await default(tmp_path_factory)
    claim = of(document, "undertaking.claim")[0]
    waits = [one for one in document["obligations"] if one["state"] == "open" and one["what"] == "answer"]
    assert [(one["owes"], one["entry"], one["basis"]) for one in waits] == [("BY", claim["id"], "charter")]


async def test_the_line_goes_on_at_its_floor(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, _ = await default(tmp_path_factory)
    kinds = [entry["kind"] for entry in document["entries"] if entry["channel"] == document["channel"]]
    after = kinds[kinds.index("standing") + 1 :]
    assert {"test", "phrase", "resumption.proposal", "ack"} <= set(after)
    assert "message" not in kinds
    assert [(one["kind"], "against standing" in one["why"]) for one in document["refused"]] == [
        ("message", True)
    ]
    drill = of(document, "phrase")[0]
    assert {"delivered", "displayed", "read"} <= drill["marks"]["UA"].keys()


async def test_four_eyes_and_codes(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, _ = await default(tmp_path_factory)
    assert set(document["codes"]) == {"BY", "UA"}
    assert document["codes"]["BY"] != document["codes"]["UA"]
    assert {entry["office"] for entry in of(document, "readout")} == {"desk"}
    assert {entry["mark"] for entry in of(document, "readout")} == {"exercise"}


async def test_the_terminal_is_at_most_a_hundred_wide(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, lines = await default(tmp_path_factory)
    text = "\n".join(lines)
    assert max(len(line) for line in text.split("\n") if "/" not in line) <= 100
    assert "refuses" in text
    assert Path(document["files"]["timeline"]).read_text("utf-8").startswith("<!")


async def test_no_sentence_of_a_page_stands_in_an_entry(tmp_path_factory: pytest.TempPathFactory) -> None:
    document, _ = await default(tmp_path_factory)
    texts = [str(entry["body"].get("text") or "") for entry in document["entries"] if entry["body"]]
    for item in OWN.iterdir():
        for paragraph in item.read_text(encoding="utf-8").split("\n"):
            if len(paragraph) > 60:
                assert not any(paragraph[:60] in text for text in texts)


async def test_another_initiator_proposes(tmp_path: Path) -> None:
    changed = pages(tmp_path, ("стала украинская сторона", "стала белорусская сторона"))
    document, _ = await replay(tmp_path, changed)
    first = of(document, "contact.proposal")[0]
    assert first["party"] == "BY"
    assert of(document, "contact.record")[0]["body"]["initiator"] == "BY"


@pytest.mark.slow
async def test_another_exercise_is_the_one_invited_to(tmp_path: Path) -> None:
    document, _ = await replay(tmp_path, pages(tmp_path, ("Метель — 2022", "Буран — 2022")))
    invited = {entry["party"]: entry["body"]["exercise"] for entry in of(document, "invitation")}
    assert invited["UA"] == "Буран — 2022"


@pytest.mark.slow
async def test_another_date_is_recorded_and_the_facts_of_the_case_are_left_out(tmp_path: Path) -> None:
    document, lines = await replay(tmp_path, pages(tmp_path, ("14 февраля", "21 марта")))
    assert of(document, "contact.record")[0]["body"]["started"] == "2022-03-21?"
    assert not of(document, "undertaking.view")
    assert " ◐ " not in "\n".join(lines[10:]).split("resting on", 1)[1].split("\n", 1)[1]


@pytest.mark.slow
async def test_another_month_of_the_break_is_the_one_noted(tmp_path: Path) -> None:
    document, _ = await replay(tmp_path, pages(tmp_path, ("с ноября 2021", "с марта 2020")))
    noted = [entry["body"] for entry in of(document, "standing") if entry["channel"] != document["channel"]]
    assert [(body["since"], body["by"]) for body in noted] == [("2020-03~", "NATO")]


@pytest.mark.slow
async def test_another_pair_of_sides_makes_other_parties(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(
        "3 марта министр обороны Литвы Арвидас Анушаускас провел телефонный разговор с министром обороны "
        "Польши Мариушем Блащаком.\n\nМинистерство обороны Литвы сообщило, что стороны обсудили учения "
        "«Железный волк — 2022».\n",
        "utf-8",
    )
    document, _ = await replay(tmp_path, [page])
    assert sorted(party["party"] for party in document["parties"]) == ["LT", "PL"]
    assert document["verification"]["valid"]
    assert of(document, "contact.record")[0]["body"]["kind"] == "phone_call"


async def test_pages_without_a_contact_are_refused_in_one_line(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("Министр обороны Беларуси Виктор Хренин заявил, что погода хорошая.\n", "utf-8")
    with pytest.raises(RefusedError, match=r"no page tells of a contact between two sides: page\.txt"):
        await replay(tmp_path, [page])


async def test_homes_that_are_there_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo" / "UA").mkdir(parents=True)
    with pytest.raises(RefusedError, match="there already"):
        await replay(tmp_path, [])
    assert not (tmp_path / "demo" / "README").exists()


@pytest.mark.skipif(not REAL.is_dir(), reason="the two real pages are not beside this clone")
@pytest.mark.slow
async def test_the_two_real_pages(tmp_path: Path) -> None:
    document, _ = await replay(tmp_path, sorted(REAL.glob("*.txt")))
    record = of(document, "contact.record")[0]
    assert record["party"] == record["body"]["initiator"] == "UA"
    assert record["body"]["started"] == "2022-02-14?"
    assert {entry["body"]["exercise"] for entry in of(document, "invitation")} == {
        "Метель — 2022",
        "Союзная решимость — 2022",
    }
    noted = [entry["body"] for entry in of(document, "standing") if entry["channel"] != document["channel"]]
    assert [(body["since"], body["by"]) for body in noted] == [("2021-11~", "NATO")]
    assert document["verification"]["valid"]
    assert all(document["comparison"][group] for group in ("only_a", "only_b", "only_on_line"))
