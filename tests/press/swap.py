# SPDX-License-Identifier: Apache-2.0
"""A page in which persons, offices, countries, exercises, dates or the initiator are replaced by others.

What stands in for what is made from the page's gold and the word pools in ``swap_pools.toml``; a
``NAME.swap.json`` beside a page adds ``{"more": {kind: [[old, new], …]}, "skip": [kind, …]}``.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.press.gold import Page, resolve
from tests.press.match import ways

KINDS = ("persons", "offices", "countries", "exercises", "dates", "initiator")
_POOLS = tomllib.loads((Path(__file__).parent / "swap_pools.toml").read_text(encoding="utf-8"))
_VOWELS = "аеёиоуыэюяіїєйьўaeiouy"
_POSSESSIVE = (
    "ов",
    "ев",
    "ёв",
    "ин",
    "ын",
    "оў",
    "аў",
    "еў",
    "ін",
    "їн",
)  # these have a case ending of their own
_SIDES = ("side", "initiator", "reported_by", "org", "addressee", "ended_by", "claimed_by", "parties")
_WORDS = ("name", "name_written", "office", "speaker", "publisher", "text")
_DAY = r"(?P<day>\d{1,2})(?P<gap>(?:-го)?(?:[ \u00a0]|&nbsp;)(?:of )?)"
_NUMERIC = re.compile(r"(?<![\d.])(\d\d)\.(\d\d)\.(\d{4})(?!\d)|(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")


@dataclass
class Swap:
    """What becomes what: words, sides, and months and days by a shift."""

    words: dict[str, str] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)
    within: tuple[int, int] | None = None
    months: int = 0
    days: int = 0

    def __bool__(self) -> bool:
        return bool(self.words or self.months)


def swap_for(kind: str, page: Page, gold: dict[str, Any], text: str) -> Swap:
    """The swap of one kind for a page; an empty one where nothing on the page can be swapped."""
    pool = _POOLS[gold["lang"]]
    extra = _extra(page)
    if kind in extra.get("skip", []):
        return Swap()
    makers: dict[str, Callable[[], Swap]] = {
        "persons": lambda: _names(_person_names(gold), pool, text),
        "offices": lambda: Swap({old: new for old, new in pool["offices"] if _there(old, text)}),
        "countries": lambda: _countries(pool, text),
        "exercises": lambda: _exercises(gold, pool),
        "dates": lambda: _dates(gold, pool, text),
        "initiator": lambda: _initiator(gold, pool, text),
    }
    swap = makers[kind]()
    swap.words.update(dict(extra.get("more", {}).get(kind, [])))
    return swap


def _extra(page: Page) -> dict[str, Any]:
    name = page.path.name.removesuffix(".export.json").rsplit(".", 1)[0]
    path = page.path.with_name(f"{name}.swap.json")
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _there(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


# --- words ------------------------------------------------------------------------------------------------


def _person_names(gold: dict[str, Any]) -> list[str]:
    names = [way for c in gold["contacts"] for p in c.get("participants") or [] for way in ways(p["name"])]
    people = set(filter(None, names))
    for item in gold["statements"]:  # a speaker of two capitalised words that are no institution
        people |= {
            way for way in ways(item["speaker"]) if way and re.fullmatch(r"[^\W\d_]\S+ [^\W\d_]\S+", way)
        }
    titles = set(_POOLS["titles"])
    return sorted(name for name in people if not titles & set(name.split()) and _is_name(name.split()))


def _is_name(words: list[str]) -> bool:
    return words[0][0].isupper() and (words[-1][0].isupper() or "-" in words[-1])


def _stem(word: str) -> str:
    if re.search(r"(ий|ый|ой|кі|ій)$", word) and word[-3] in "кнс":
        return word[:-2] if word[-1] in "йі" and not word.endswith("кі") else word[:-1]
    return word[:-1] if word[-1] in _VOWELS and len(word) > 3 else word


def _alike(word: str, pool: list[str], taken: set[str]) -> str:
    """Of those not taken the one that shares the longest ending with the word."""

    def shared(other: str) -> int:
        n = 0
        while n < min(len(word), len(other)) and word[-1 - n] == other[-1 - n]:
            n += 1
        vowels = (word[-1] in _VOWELS) == (other[-1] in _VOWELS)
        possessive = (word[-2:] in _POSSESSIVE) == (other[-2:] in _POSSESSIVE)
        hissing = (word[-1] in "жшчщц") == (other[-1] in "жшчщц")
        return 2 * n + vowels + 9 * possessive + 9 * hissing

    return max((other for other in pool if other not in taken and other != word), key=shared)


def _forms(old: str, new: str, endings: list[str]) -> dict[str, str]:
    a, b = _stem(old), _stem(new)
    if old[-1] not in _VOWELS or old[-1] != new[-1]:
        a, b = (old, new) if old[-1] not in _VOWELS and new[-1] not in _VOWELS else (a, b)
    forms = {a + ending: b + ending for ending in endings}
    return forms | {old: new}


def _names(names: list[str], pool: dict[str, Any], text: str) -> Swap:
    swap = Swap()
    taken: set[str] = set()
    latin = pool["endings"] == [""]
    for name in names:
        parts = name.split()
        for i, part in enumerate(parts):
            if part in swap.words or part[0].islower():
                continue
            kind = "first" if i == 0 and len(parts) > 1 else "last"
            if latin:
                new = next(other for other in pool[kind] if other not in taken)
            else:
                new = _alike(part, pool[kind], taken)
            taken.add(new)
            swap.words |= {
                old: n for old, n in _forms(part, new, pool["endings"]).items() if _there(old, text)
            }
            swap.words[part] = new
    return swap


def _exercises(gold: dict[str, Any], pool: dict[str, Any]) -> Swap:
    swap = Swap()
    taken: set[str] = set()
    for item in gold.get("exercises") or []:
        for word in re.findall(r"[^\W\d_]{3,}", ways(item["name"])[0]):
            if word in swap.words:
                continue
            new = _alike(word.capitalize(), pool["exercises"], taken)
            taken.add(new)
            small = word[0].islower()
            for old, other in _forms(word, new.lower() if small else new, pool["endings"]).items():
                swap.words[old] = other
    return swap


def _country_words(member: list[str], endings: list[str], pool: dict[str, Any]) -> list[str]:
    return [*(member[1] + ending for ending in endings), *_other_words(member, pool)]


def _other_words(member: list[str], pool: dict[str, Any]) -> list[str]:
    """The forms of the adjective, small and capital, and of the capital city."""
    adjectives = [member[2] + ending for ending in pool["adjective_endings"]]
    return [*adjectives, *(word.capitalize() for word in adjectives), *_capital(member[3], pool)]


def _capital(capital: str, pool: dict[str, Any]) -> list[str]:
    kind = _capital_class(capital, pool)
    if kind == "fixed":
        return [capital]
    if kind.startswith("a"):
        return [capital[:-1] + ending for ending in ("а", "ы", "и", "е", "і", "у", "ой", "ою", "ай")]
    return [capital + ending for ending in ("", "а", "у", "ом", "ам", "е", "і")]


def _capital_class(capital: str, pool: dict[str, Any]) -> str:
    """How a city declines: as one in -а, in a consonant, or (also where its stem changes) not at all."""
    if pool["endings"] == [""] or capital.endswith(("ів", "їв", "ў", "я", "ы")):
        return "fixed"
    if capital.endswith("а"):
        return "a velar" if capital[-2] in "гкх" else "a"
    return "fixed" if capital[-1] in _VOWELS.replace("й", "") else "consonant"


def _members(pool: dict[str, Any]) -> Iterator[tuple[list[str], list[list[str]], list[str]]]:
    for group in pool["countries"]:
        for member in group["members"]:
            yield member, group["members"], group["endings"]


def _found(member: list[str], endings: list[str], pool: dict[str, Any], text: str) -> list[str]:
    return [word for word in _country_words(member, endings, pool) if _there(word, text)]


def _countries(pool: dict[str, Any], text: str) -> Swap:
    swap = Swap()
    here = {m[0] for m, _, endings in _members(pool) if _found(m, endings, pool, text)}
    taken = set(here)
    for member, group, endings in _members(pool):
        if member[0] not in here:
            continue
        capital = any(_there(word, text) for word in _capital(member[3], pool))
        fits = [
            other
            for other in group
            if other[0] not in taken
            and (not capital or _capital_class(other[3], pool) == _capital_class(member[3], pool))
        ]
        known = set(_found(member, endings, pool, text))
        stems = f"(?i:{member[1][:5]})" + (f"|{member[3][:3]}" if pool["endings"] != [""] else "")
        rest = {w for w in re.findall(rf"(?<!\w)(?:{stems})\w*", text) if w not in known}
        if not fits or rest:  # no other that declines like it, or words of it that the pool does not know
            continue
        new = fits[0]
        taken.add(new[0])
        pairs = zip(_country_words(member, endings, pool), _country_words(new, endings, pool), strict=False)
        swap.words |= {old: other for old, other in pairs if old in known}
        swap.sides[member[0]] = new[0]
    return swap


def _initiator(gold: dict[str, Any], pool: dict[str, Any], text: str) -> Swap:
    """The other side in the words that name the initiator."""
    table = {m[0]: m for m, _, _ in _members(pool)}
    for contact in gold["contacts"]:
        side, quote = contact.get("initiator"), contact.get("initiator_span")
        if isinstance(side, list):
            continue
        others = {p["side"] for p in contact["participants"]} - {side}
        if not quote or len(others) != 1 or side not in table or (other := others.pop()) not in table:
            continue
        start, end = resolve({"span": quote}, text)["span"]
        words = [
            (old, new)
            for old, new in zip(
                _other_words(table[side], pool), _other_words(table[other], pool), strict=False
            )
            if _there(old, text[start:end]) and old[0].isupper() == new[0].isupper()
        ]
        if words:
            return Swap(dict(words), {side: other}, within=(start, end))
    return Swap()


# --- dates ------------------------------------------------------------------------------------------------


def _dates(gold: dict[str, Any], pool: dict[str, Any], text: str) -> Swap:
    """A shift of all months and days of the page that keeps their order; none where a weekday would break."""
    spans = [c["date"] for c in gold["contacts"] if c.get("date")]
    for date in spans:
        words = text[slice(*resolve({"span": date["span"]}, text)["span"])] if date.get("span") else ""
        if not re.search(r"\d", words):
            return Swap()
    months, days = [], []
    for i, names in enumerate(zip(pool["months"], pool["months_other"] or pool["months"], strict=True)):
        for name in set(names):
            if _there(name, text):
                months.append(i + 1)
            days += [int(m["day"]) for m in re.finditer(rf"(?<!\d){_DAY}{name}(?!\w)", text)]
            days += [int(m[1]) for m in re.finditer(rf"(?<!\w){name} (\d{{1,2}})(?!\d)", text)]
    for m in _NUMERIC.finditer(text):
        months.append(int(m[2] or m[5]))
        days.append(int(m[1] or m[6]))
    if not months:
        return Swap()
    up, down = 12 - max(months), min(months) - 1
    shift = up if up >= down else -down
    ranges = any("/" in str(way) for date in spans for way in ways(date["edtf"]))
    by = 0 if ranges or not days else max(min(28 - max(days), 5), 0) or -min(min(days) - 1, 3)
    return Swap(months=shift, days=by) if shift and max(days, default=1) + by <= 28 else Swap()


def _shift_edtf(edtf: str, swap: Swap) -> str:
    def part(m: re.Match[str]) -> str:
        day = f"-{int(m[3]) + swap.days:02}" if m[3] else ""
        return f"{m[1]}-{int(m[2]) + swap.months:02}{day}"

    return re.sub(r"(\d{4}|XXXX)-(\d\d)(?:-(\d\d))?", part, edtf)


def _date_patterns(pool: dict[str, Any]) -> re.Pattern[str]:
    names = "|".join([*pool["months"], *pool["months_other"]])
    after = r"(?: (?P<late>\d{1,2})(?!\d))?" if pool["endings"] == [""] else ""
    return re.compile(
        rf"(?:(?<!\d){_DAY})?(?<!\w)(?P<month>{names})(?!\w){after}|(?P<numeric>{_NUMERIC.pattern})"
    )


def _shifted(m: re.Match[str], swap: Swap, pool: dict[str, Any]) -> str:
    if m["numeric"]:
        words = m["numeric"]
        if "-" in words:
            return _shift_edtf(words, swap)
        day, month, year = words.split(".")
        return f"{int(day) + swap.days:02}.{int(month) + swap.months:02}.{year}"
    names = pool["months"] if m["month"] in pool["months"] else pool["months_other"]
    month = names[names.index(m["month"]) + swap.months]
    late = m.groupdict().get("late")
    day = f"{int(m['day']) + swap.days}{m['gap']}" if m["day"] else ""
    return f"{day}{month}" + (f" {int(late) + swap.days}" if late else "")


# --- applying ---------------------------------------------------------------------------------------------


def apply(swap: Swap, gold: dict[str, Any], text: str) -> tuple[dict[str, Any], str]:
    """The gold (with spans) and the text after a swap."""
    pool = _POOLS[gold["lang"]]
    edits = list(_edits(swap, text, pool))
    pieces, at, moved = [], 0, []
    for start, end, new in edits:
        pieces += [text[at:start], new]
        moved.append((start, end, len(new)))
        at = end
    changed = "".join([*pieces, text[at:]])

    def place(position: int) -> int:
        shift = 0
        for start, end, length in moved:
            if position >= end:
                shift += length - (end - start)
            elif position > start:  # inside a replaced word: its end
                return start + shift + length
        return position + shift

    return _map(resolve(gold, text), swap, pool, place), changed


def _edits(swap: Swap, text: str, pool: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    if swap.months:
        for m in _date_patterns(pool).finditer(text):
            yield m.start(), m.end(), _shifted(m, swap, pool)
        return
    for m in _alternation(swap.words).finditer(text):
        if swap.within is None or swap.within[0] <= m.start() < swap.within[1]:
            yield m.start(), m.end(), swap.words[m[0]]


def _alternation(words: dict[str, str]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")


def _map(value: Any, swap: Swap, pool: dict[str, Any], place: Callable[[int], int], key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _map(v, swap, pool, place, k) for k, v in value.items()}
    if isinstance(value, tuple):
        return [place(value[0]), place(value[1])]
    if isinstance(value, list):
        return [_map(item, swap, pool, place, key) for item in value]
    if not isinstance(value, str):
        return value
    if key in _SIDES:
        return swap.sides.get(value, value) if swap.within is None or key == "initiator" else value
    if key in ("edtf", "date", "since"):
        return _shift_edtf(value, swap) if swap.months else value
    if key in _WORDS and swap.words and swap.within is None:
        return _alternation(swap.words).sub(lambda m: swap.words[m[0]], value)
    return value
