# SPDX-License-Identifier: Apache-2.0
"""A user's own ``gazetteer.toml``: persons, outlets, exercises and offices beside the built-in ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from detente.errors import MalformedError
from detente.press.declension import CASES, decline
from detente.press.gazetteer import LANGUAGES, Gazetteer
from detente.press.sides import ORGANISATIONS
from detente.press.source import fold

#: Rows of one table. A list that is longer is no longer one that a person keeps by hand.
MAX_ROWS = 5_000
#: Code points of one name.
MAX_NAME = 120
_SIDE = re.compile(r"[A-Z]{2}")
_TABLES = ("person", "outlet", "exercise", "office")


def extended(gazetteer: Gazetteer, own: Mapping[str, Any]) -> Gazetteer:
    """``gazetteer`` with the rows of ``own`` before its own, so that the user's spelling goes first.

    Tables: ``[[person]]`` side, female, and either per language (ru, be, uk, en) a name ``[first,
    patronymic, surname]``
    or ``"First Surname"``, or a ``name`` for all languages of its script; ``written`` if pages write it
    otherwise;
    ``[[outlet]]`` name, forms, written; ``[[exercise]]`` name, written; ``[[office]]`` lang and head,
    or forms.
    Forms that are not given are made by rule. Raises MalformedError naming the row that is wrong.
    """
    unknown = sorted(set(own) - set(_TABLES))
    if unknown:
        raise MalformedError(f"gazetteer has no table {unknown[0]!r}: it may have {', '.join(_TABLES)}")
    rows = {name: _rows(own, name) for name in _TABLES}
    return Gazetteer(
        people=(
            *(_person(row, f"person {at}") for at, row in enumerate(rows["person"], 1)),
            *gazetteer.people,
        ),
        outlets=(
            *(_outlet(row, f"outlet {at}") for at, row in enumerate(rows["outlet"], 1)),
            *gazetteer.outlets,
        ),
        exercises=(
            *(_text(row, "name", f"exercise {at}") for at, row in enumerate(rows["exercise"], 1)),
            *gazetteer.exercises,
        ),
        spellings=(
            *(
                (_text(row, "written", f"exercise {at}"), _text(row, "name", f"exercise {at}"))
                for at, row in enumerate(rows["exercise"], 1)
                if "written" in row
            ),
            *gazetteer.spellings,
        ),
        offices=(
            *(_office(row, f"office {at}") for at, row in enumerate(rows["office"], 1)),
            *gazetteer.offices,
        ),
    )


def _rows(own: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = own.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise MalformedError(f"gazetteer: write each {name} under [[{name}]]")
    if len(rows) > MAX_ROWS:
        raise MalformedError(f"gazetteer: {len(rows)} rows of {name}, more than {MAX_ROWS}")
    return rows


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME:
        raise MalformedError(f"gazetteer, {where}: {key} must be a text of 1 to {MAX_NAME} characters")
    return " ".join(value.split())


def _person(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    side = _text(row, "side", where)
    if side not in ORGANISATIONS and not _SIDE.fullmatch(side):
        raise MalformedError(
            f"gazetteer, {where}: side {side!r} is neither a two-letter code nor NATO, EU, OSCE, UN"
        )
    female = row.get("female", False)
    if not isinstance(female, bool):
        raise MalformedError(f"gazetteer, {where}: female must be true or false")
    names = {lang: _name(row[lang], f"{where}, {lang}") for lang in LANGUAGES if lang in row}
    if "name" in row:
        plain = _text(row, "name", where)
        short = [plain] if " " not in plain else plain.split(" ", 1)
        parts = ["", "", short[0]] if len(short) == 1 else [short[0], "", short[1]]
        names = {**dict.fromkeys(_languages(plain), parts), **names}
    if not names:
        raise MalformedError(f"gazetteer, {where}: give a name, or one in one of {', '.join(LANGUAGES)}")
    made = {"side": side, "female": female, "source": "the user's gazetteer", **names}
    return {**made, "written": _text(row, "written", where)} if "written" in row else made


def _languages(name: str) -> tuple[str, ...]:
    """The languages whose letters a name is written in."""
    return ("ru", "be", "uk") if re.search(r"[\u0400-\u04ff]", name) else ("en",)


def _name(value: Any, where: str) -> list[str]:
    parts = value.split() if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise MalformedError(f"gazetteer, {where}: a name is a text or [first, patronymic, surname]")
    if isinstance(value, str) and len(parts) > 1:
        parts = [parts[0], "", " ".join(parts[1:])]
    if len(parts) != 3 or not parts[0] or not parts[2] or sum(map(len, parts)) > MAX_NAME:
        raise MalformedError(f"gazetteer, {where}: a name needs a first name and a surname")
    return [" ".join(part.split()) for part in parts]


def _forms(row: Mapping[str, Any], where: str) -> list[str]:
    forms = row.get("forms", [])
    if not isinstance(forms, list) or not all(isinstance(form, str) and form.strip() for form in forms):
        raise MalformedError(f"gazetteer, {where}: forms must be a list of texts")
    return [fold(form.strip()) for form in forms]


def _outlet(row: Mapping[str, Any], where: str) -> tuple[str, tuple[str, ...]]:
    name = _text(row, "name", where)
    forms = _forms(row, where)
    if "written" in row:
        forms.append(fold(_text(row, "written", where)))
    if not forms:
        made = [fold(name)]
        if " " not in name:
            for lang in ("ru", "be", "uk"):
                declined = decline(fold(name), lang, surname=False, female=fold(name)[-1] in "ая")
                made += [form for variants in declined.values() for form in variants]
        forms = list(dict.fromkeys(made))
    return name, tuple(forms)


def _office(row: Mapping[str, Any], where: str) -> tuple[str, str]:
    lang = row.get("lang")
    if lang not in LANGUAGES:
        raise MalformedError(f"gazetteer, {where}: lang must be one of {', '.join(LANGUAGES)}")
    forms = _forms(row, where)
    if forms and len(forms) not in (len(CASES), 2 * len(CASES)):
        raise MalformedError(
            f"gazetteer, {where}: forms are six cases, or twelve with the plural; here {len(forms)}"
        )
    if not forms:
        head = fold(_text(row, "head", where))
        if not re.fullmatch(r"[\w'-]+", head):
            raise MalformedError(f"gazetteer, {where}: head is one word, the rest of the office follows it")
        declined = decline(head, lang, surname=False, female=head[-1] in "ая")
        forms = [",".join(declined[case]) for case in CASES]
    if any(" " in form for form in forms):
        raise MalformedError(f"gazetteer, {where}: a form of a head is one word")
    return lang, " ".join(forms)
