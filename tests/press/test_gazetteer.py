# SPDX-License-Identifier: Apache-2.0
"""Lists of names: how they are sought, the user's own, how they are made, one key for four languages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from detente.errors import MalformedError
from detente.press.data import table
from detente.press.gazetteer import LANGUAGES, builtin, with_user
from detente.press.same_person import key
from detente.press.sides import find_sides
from detente.press.source import fold
from detente.press.wordlist import Phrases
from tests.press.named import named

ROOT = Path(__file__).parents[2]


def test_phrases_are_whole_words_and_the_longest() -> None:
    found = Phrases(["north", "north korea", "kot-d'ivuar", "u.s."])
    text = "north korea, northern north; kot-d'ivuar u.s.a u.s."
    assert [text[start:end] for start, end, _ in found.find(text, 0, len(text))] == [
        "north korea",
        "north",
        "kot-d'ivuar",
        "u.s.",
        "u.s.",
    ]
    assert list(found.find("north korea", 0, 8)) == [(0, 5, "north")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_form_of_a_side_is_found_as_that_side(lang: str) -> None:
    for side, sorts in table("sides")[lang].items():
        for form in sorts["names"].split("|"):
            written = form.upper()
            (found,) = find_sides(form, 0, len(form), lang, written)
            assert (found.start, found.end, found.side) == (0, len(form), side), form


def test_every_side_is_named_in_every_language() -> None:
    assert len({tuple(sorted(table("sides")[lang])) for lang in LANGUAGES}) == 1
    assert len(table("sides")["ru"]) > 100


def test_common_words_are_no_sides() -> None:
    text = "На руке вены, в поле рига; Вена."
    assert [text[one.start : one.end] for one in find_sides(fold(text), 0, len(text), "ru", text)] == ["Вена"]


def test_the_made_files_are_as_the_script_makes_them() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_gazetteer.py"), "--check"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_each_holder_says_what_kind_of_source_it_has() -> None:
    people = table("people")["person"]
    assert len(people) >= 120
    assert all(row["source"] and row["held"] for row in people)


def test_one_key_in_four_languages() -> None:
    spelt = [("Журавлев", "ru"), ("Жураўлёў", "be"), ("Журавльов", "uk"), ("Zhuravlev", "en")]
    assert len({key(name, lang) for name, lang in spelt}) == 1
    assert key("Zhuravlev", "en") != key("Zhuravsky", "en")
    for row in table("people")["person"]:
        assert len({key(row[lang][2], lang) for lang in LANGUAGES}) == 1, row["en"]


OWN: dict[str, Any] = {
    "person": [
        {"side": "NO", "ru": "Коре Хауген", "en": ["Kåre", "", "Haugen"]},
        {"side": "PL", "name": "Збинек Пштык", "written": "Збынек Прштык", "source": "a correction"},
    ],
    "outlet": [{"name": "Рубеж"}],
    "exercise": [{"name": "Северный рубеж", "written": "Северный рубиж"}],
    "office": [{"lang": "ru", "head": "воевода"}],
}


def test_a_users_gazetteer_extends_the_built_in_one() -> None:
    names = with_user(builtin(), OWN)
    assert named("Позвонили Коре Хаугену.", "ru", names=names) == [("Коре Хауген", None, None, "NO")]
    assert named("Об этом знает Хауген.", "ru", names=names) == [("Хауген", None, None, "NO")]
    assert named("It was for Kåre Haugen alone.", "en", names=names) == [("Kåre Haugen", None, None, "NO")]
    assert named("Ответ дал воевода Польши Лех Пташник.", "ru", names=names) == [
        ("Лех Пташник", "воевода Польши", None, "PL")
    ]
    assert names.outlet_forms()["рубежа"] == "Рубеж"
    assert names.exercise_forms()["северный рубиж"] == "Северный рубеж"
    assert "Северный рубеж" in names.exercises
    assert builtin().outlet_forms().get("рубежа") is None


@pytest.mark.parametrize(
    "written", ["Збынек Прштык", "Збынека Прштыка", "Збынеком Прштыком", "Збинеком Пштыком"]
)
def test_a_corrected_spelling_gives_the_name(written: str) -> None:
    names = with_user(builtin(), OWN)
    assert named(f"В тексте стоит {written}.", "ru", names=names) == [("Збинек Пштык", None, None, "PL")]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"persons": []}, "no table 'persons'"),
        ({"person": {}}, r"\[\[person\]\]"),
        ({"person": [{"side": "Norway", "en": "A B"}]}, "person 1: side 'Norway'"),
        ({"person": [{"side": "NO", "en": "Haugen"}]}, "person 1, en: a name needs"),
        ({"person": [{"side": "NO"}]}, "person 1: give a name"),
        ({"person": [{"side": "NO", "en": "A B", "female": "yes"}]}, "female must be true or false"),
        ({"outlet": [{"name": "A"}, {"name": ""}]}, "outlet 2: name must be a text"),
        ({"office": [{"lang": "de", "head": "x"}]}, "office 1: lang must be one of"),
        ({"office": [{"lang": "ru", "forms": ["а", "б"]}]}, "forms are six cases"),
        ({"office": [{"lang": "ru", "head": "два слова"}]}, "head is one word"),
        ({"exercise": [{"name": 7}]}, "exercise 1: name must be a text"),
    ],
)
def test_a_wrong_row_is_named(own: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedError, match=said):
        with_user(builtin(), own)
