# SPDX-License-Identifier: Apache-2.0
"""Tables of states: what they allow and refuse, and that docs has the page that is drawn from them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from detente.errors import FatalError
from detente.words.machine import Machine, Move

ROOT = Path(__file__).resolve().parents[2]
LAMP = Machine(
    "lamp",
    "A lamp.",
    "off",
    (Move("off", "switch", "on", "you", "§1"), Move("on", "switch", "off", "you", "§1")),
)


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_states_doc", ROOT / "scripts" / "make_states_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DOC = _script()


def test_a_step_goes_where_the_table_says() -> None:
    assert LAMP.step("off", "switch") == "on"
    assert LAMP.states == ("off", "on")
    assert LAMP.transitions() == ("lamp: off -> on", "lamp: on -> off")


def test_a_step_that_the_table_lacks_is_refused() -> None:
    assert not LAMP.allows("off", "kick")
    with pytest.raises(FatalError, match="cannot happen"):
        LAMP.step("off", "kick")
    with pytest.raises(FatalError, match="nothing leads"):
        LAMP.transition("off", "off")


def test_a_table_says_one_thing_of_one_event() -> None:
    with pytest.raises(FatalError, match="two things"):
        Machine("lamp", "", "off", (*LAMP.moves, Move("off", "switch", "off", "you", "§1")))


@pytest.mark.parametrize("machine", DOC.MACHINES, ids=lambda machine: machine.name)
def test_every_state_of_a_machine_is_reached_from_its_start(machine: Machine) -> None:
    reached = {machine.start}
    for _ in machine.states:
        reached |= {move.after for move in machine.moves if move.before in reached}
    assert reached == set(machine.states)


@pytest.mark.parametrize("machine", DOC.MACHINES, ids=lambda machine: machine.name)
def test_every_source_names_a_section_or_page_that_exists(machine: Machine) -> None:
    sections = set(re.findall(r"^## (\d+)\.", (ROOT / "docs" / "protocol.md").read_text("utf-8"), re.M))
    for move in machine.moves:
        assert move.by, move
        for source in move.source.split(", "):
            named = source.removeprefix("§") in sections if source.startswith("§") else None
            assert named or source in ("guide", "kinds", "Words", "Desk officer"), move


@pytest.mark.parametrize("machine", DOC.MACHINES, ids=lambda machine: machine.name)
def test_a_drawing_joins_the_same_states_as_its_table(machine: Machine) -> None:
    """What is left out of a drawing can still be walked in it."""
    arrows = {(before, after) for before, after, _ in DOC.drawn(machine)}
    for before, after in {(move.before, move.after) for move in machine.moves} - arrows:
        reached = {before}
        for _ in machine.states:
            reached |= {c for b, c in arrows if b in reached}
        assert after in reached


def test_the_page_of_the_state_machines_is_up_to_date() -> None:
    assert DOC.PAGE.read_text("utf-8") == DOC.page(), "run scripts/make_states_doc.py"
    assert DOC.page().count("stateDiagram-v2") == len(DOC.MACHINES)
