# SPDX-License-Identifier: Apache-2.0
"""Every kind: model, schema, rendering."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from detente.errors import MalformedError
from detente.words.bodies.base import as_list, name_of
from detente.words.entry import DATA_KINDS
from detente.words.kinds import GROUPS, KINDS, check_body, closed_kinds, schema
from detente.words.render import label, plain
from tests.examples import examples

ROOT = Path(__file__).parents[2]


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


samples = load(Path(__file__).with_name("samples.py"))
ALL = sorted(KINDS)


def test_the_kinds_are_those_of_the_contract() -> None:
    assert len(KINDS) == 54
    assert set(samples.GOOD) == set(KINDS)
    assert {k.name for k in KINDS.values() if k.in_data} == DATA_KINDS
    assert [n for names in GROUPS.values() for n in names] == list(KINDS)


def test_receipts_and_refusals_are_never_acknowledged() -> None:
    never = {"ack", "refusal", "test", "genesis", "credential", "epoch.grant", "succession"}
    assert {k.name for k in KINDS.values() if not k.acked} == never


@pytest.mark.parametrize("kind", ALL)
def test_schema_and_model_accept_and_reject_the_same(kind: str) -> None:
    found = schema(kind)
    Draft202012Validator.check_schema(found)
    assert found["title"] == kind
    assert all("description" in p for p in found["properties"].values())
    judge = Draft202012Validator(found)
    good, bad = samples.GOOD[kind], samples.broken(kind)
    judge.validate(good)
    check_body(kind, good)
    assert not judge.is_valid(bad)
    with pytest.raises(MalformedError, match=kind.replace(".", r"\.")):
        check_body(kind, bad)


@pytest.mark.parametrize("kind", ALL)
def test_unknown_fields_are_allowed_and_shown(kind: str) -> None:
    body = samples.GOOD[kind] | {"x_future": "seven"}
    check_body(kind, body)
    assert Draft202012Validator(schema(kind)).is_valid(body)
    assert "X future: seven" in plain(kind, body)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("lang", ["en", "ru", "be", "uk", "de"])
def test_rendering(kind: str, lang: str) -> None:
    shown = plain(kind, samples.GOOD[kind], lang)
    assert shown.startswith(label("kinds", kind, lang))
    if lang in ("ru", "be", "uk"):
        assert label("kinds", kind, lang) != label("kinds", kind, "en")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - DATA_KINDS))
def test_every_body_may_carry_means(kind: str) -> None:
    check_body(kind, samples.GOOD[kind] | {"means": "telephone"})
    with pytest.raises(MalformedError, match="means"):
        check_body(kind, samples.GOOD[kind] | {"means": 5})


def test_an_unknown_kind_is_not_checked_but_shown_as_such() -> None:
    check_body("weather", {"text": 5})
    assert plain("weather", {"wind": "north"}) == "weather (unknown kind)\nWind: north"
    assert "невідомий вид" in plain("weather", {}, "uk")


def test_an_error_names_the_field() -> None:
    with pytest.raises(MalformedError, match="participants"):
        check_body("contact.record", {"kind": "visit", "participants": [{"office": 5}]})
    with pytest.raises(MalformedError, match="missing required field `nature`"):
        check_body("exercise.notification", {"name": "x"})


def test_what_is_not_known_is_not_zero() -> None:
    check_body("exercise.notification", samples.GOOD["exercise.notification"] | {"troops": None})


def test_a_body_that_is_not_here() -> None:
    assert plain("message", None) == "Message: the text is not here"
    assert plain("assent", {}, "ru") == "Согласие: без слов"


def test_rendering_lets_no_text_pass_for_another_line_or_direction() -> None:
    shown = plain("message", {"text": "one\u202etwo\x1b[2J", "subject": "a\nSigned: b"})
    assert shown.splitlines() == ["Message: one two [2J", "Subject: a Signed: b"]


def test_rendering_in_full() -> None:
    assert plain("contact.record", samples.GOOD["contact.record"]).splitlines() == [
        "Record of a contact",
        "Kind: phone call",
        "Status: held",
        "Started: 2022-02-14T09:00:00Z",
        "Ended: XXXX-02-14",
        "Initiator: UA",
        "Participants: minister, UA; minister of BY",
        "Purpose: security",
        "Agreed: visits",
    ]
    assert plain("message", {"text": "я" * 10, "lang": "uk"}, limit=4) == "Message (uk): яяяя…"


def test_helpers() -> None:
    assert as_list(None) == as_list("") == []
    assert as_list("a") == ["a"]
    assert as_list(("a", "b")) == ["a", "b"]
    assert name_of({"name": "N", "side": "UA"}) == "N, UA"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = {n for k in KINDS.values() for n in k.model.__struct_fields__}
NAMES = [*sorted(FIELDS), "x", "", "doc", "coordinates"]
BODY = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), JSON, max_size=6)


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ALL) | st.text(max_size=80), BODY, st.sampled_from(["en", "uk", "", "x"]))
def test_rendering_never_fails_checking_in_one_way(kind: str, body: dict[str, Any], lang: str) -> None:
    assert isinstance(plain(kind, body, lang), str)
    try:
        check_body(kind, body)
    except MalformedError:
        return
    if kind in KINDS:
        assert Draft202012Validator(schema(kind)).is_valid(body)


def test_standings_close_kinds_never_the_line() -> None:
    floor = [k.name for k in KINDS.values() if k.floor_default]
    shut = closed_kinds({"state": "suspended"}, floor)
    assert {"message", "exercise.notification", "assurance", "note"} <= shut
    assert not shut & (set(floor) | {k.name for k in KINDS.values() if k.keeping})
    assert closed_kinds({"state": "normal"}, floor) == frozenset()
    assert closed_kinds({"state": "reduced", "closes": ["exercises", "message", "test"]}, floor) == {
        "message",
        *GROUPS["exercises"],
    }
    assert closed_kinds({"state": "suspended", "scope": "vienna-2011"}, floor) == frozenset()
    assert "standing" not in closed_kinds({"state": "ended"}, [])
    assert closed_kinds({"state": "ended", "closes": "x", "scope": None}, floor) == shut


@pytest.mark.parametrize("kind", ALL)
def test_no_model_has_the_union_that_msgspec_frees_twice(kind: str) -> None:
    def walk(found: msgspec.inspect.Type, seen: set[Any]) -> None:
        match found:
            case msgspec.inspect.Metadata():
                walk(found.type, seen)
            case msgspec.inspect.StructType() if found.cls not in seen:
                seen.add(found.cls)
                for field in found.fields:
                    walk(field.type, seen)
            case msgspec.inspect.UnionType():
                parts = [t.type if isinstance(t, msgspec.inspect.Metadata) else t for t in found.types]
                texts = any(isinstance(t, msgspec.inspect.StrType) and t.pattern for t in parts)
                holds = (msgspec.inspect.ListType, msgspec.inspect.DictType)
                assert not (texts and any(isinstance(t, holds) for t in parts)), found
                for part in parts:
                    walk(part, seen)
            case msgspec.inspect.ListType():
                walk(found.item_type, seen)
            case msgspec.inspect.DictType():
                walk(found.value_type, seen)
            case _:
                pass

    walk(msgspec.inspect.type_info(KINDS[kind].model), set())


def test_importing_the_kinds_is_quick() -> None:
    code = (
        "import msgspec, time; t = time.process_time(); import detente.words.kinds;"
        "print(time.process_time() - t)"
    )
    runs = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    assert min(runs) < 0.06


def test_the_page_and_the_schemas_are_up_to_date() -> None:
    made = load(ROOT / "scripts" / "make_kinds_doc.py").files()
    stale = [str(p) for p, text in made.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    assert stale == [], "run scripts/make_kinds_doc.py"
    assert {p.name for p in (ROOT / "docs" / "schemas").glob("*.json")} >= {f"{k}.json" for k in KINDS}
