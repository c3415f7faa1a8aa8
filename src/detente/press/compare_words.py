# SPDX-License-Identifier: Apache-2.0
"""What a clause says, in a form that two texts can be held against each other by, in one language or two.

No model takes part: stems are cut by rule, synonyms and translations come from ``data/topics.toml``, so the
result is the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from detente.press.data import table
from detente.press.dates import Date, find_dates
from detente.press.lexicon import LANGUAGES
from detente.press.same_person import key
from detente.press.sides import SideMention, find_sides
from detente.press.source import fold, language

#: Code points of one point that are looked at, and content words of it that count.
MAX_LOOKED_AT = 4_000
MAX_WORDS = 80
#: What a shared word counts, by what it is.
_WEIGHTS = {"contact": 0.2, "wide": 0.5, "concepts": 1.0}
#: A word of another Cyrillic language counts less: most that mean the same do not sound the same.
_STEM, _BONE, _NAME = 0.8, 0.4, 1.0
_STEM_LENGTH = 5
#: What a word counts that the other language may have or not.
_UNKNOWN = 0.25
#: Consonants of a word that sounds alike in two languages: so many are looked at, and so many needed.
_BONE_LENGTH, _LEAST_BONE = 5, 4
_WORD = re.compile(r"[^\W\d_](?:[\w'-]*[^\W_])?")
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:[ .,]\d{3})+(?![\w,.]?\d)|(?<![\w.,])\d+(?:[.,]\d+)?")
_TITLE = re.compile(r"[«„“\"](?P<name>[^«»„“”\"\n]{2,60})[»“”\"]")
_SLAVIC = frozenset(("ru", "be", "uk"))


@dataclass(frozen=True)
class Meaning:
    """A clause's content words with their weights: ``own`` for the same language, ``bones`` across Cyrillic.

    ``common`` holds for any two languages. ``named`` are titles in quotation marks; ``sides`` in order.
    """

    lang: str
    own: Mapping[str, float]
    bones: Mapping[str, float]
    common: Mapping[str, float]
    numbers: frozenset[str]
    dates: tuple[str, ...]
    sides: tuple[str, ...]
    named: frozenset[str]
    negated: bool


@dataclass(frozen=True)
class _Entry:
    words: tuple[tuple[str, bool], ...]  # stem, and whether it is the whole word
    group: str
    name: str

    def length(self) -> int:
        return sum(len(word) + whole for word, whole in self.words)


@lru_cache(maxsize=1_024)
def meaning(text: str, lang: str | None, skip: frozenset[str] = frozenset()) -> Meaning:
    """What ``text`` says; ``skip`` are folded words, such as the names of who speaks, that do not count."""
    spoken = lang if lang in LANGUAGES else "en"
    cut = text[:MAX_LOOKED_AT]
    folded = fold(cut)
    sides = find_sides(folded, 0, len(folded), spoken, cut)
    dates = find_dates(folded, 0, len(folded), spoken)
    titles = [match.span("name") for match in _TITLE.finditer(cut) if _is_title(match["name"])]
    plain = _blanked(folded, [*_places(sides), *_places(dates), *titles])
    small = _small(spoken)
    counted = _written(spoken, "numbers"), _written(spoken, "times")
    words = [(match.start(), match.group()) for match in _WORD.finditer(plain)]
    concepts, used, negated = _concepts(words, spoken)
    shared = {f"={name}": _WEIGHTS[group] for group, name in concepts}
    named = frozenset(_title_key(cut[start:end], spoken) for start, end in titles)
    shared |= {f"«{name}»": _NAME for name in named}
    stems: dict[str, float] = {}
    bones: dict[str, float] = {}
    for number, (_, word) in enumerate(words):
        if number in used or word in small or len(word) < 3 or skipped(word, skip):
            continue
        if any(pattern.fullmatch(word) for pattern in counted):
            continue
        stem = stem_of(word, spoken)
        stems[stem] = _STEM
        bone = key(stem_of(word, spoken, whole=True), spoken)[:_BONE_LENGTH]
        if len(bone) >= _LEAST_BONE:
            bones["~" + bone] = _BONE
    return Meaning(
        spoken,
        _first({**shared, **stems}),
        _first({**shared, **bones}),
        _first(shared),
        _numbers(plain, spoken),
        tuple(one.edtf for one in dates if one.edtf),
        tuple(dict.fromkeys(one.side for one in sides)),
        named,
        negated,
    )


def united(several: Sequence[Meaning]) -> Meaning:
    """What several clauses of one text say together."""
    if len(several) == 1:
        return several[0]
    return Meaning(
        several[0].lang,
        {word: weight for one in several for word, weight in one.own.items()},
        {word: weight for one in several for word, weight in one.bones.items()},
        {word: weight for one in several for word, weight in one.common.items()},
        frozenset(number for one in several for number in one.numbers),
        tuple(dict.fromkeys(day for one in several for day in one.dates)),
        tuple(dict.fromkeys(side for one in several for side in one.sides)),
        frozenset(name for one in several for name in one.named),
        any(one.negated for one in several),
    )


def shared_words(one: Meaning, other: Meaning) -> tuple[float, float, float]:
    """(weight of the words that both have, weight of the one's, weight of the other's)."""
    if one.lang == other.lang:
        return _shared(one.own, other.own)
    if one.lang in _SLAVIC and other.lang in _SLAVIC:
        return _shared(one.bones, other.bones)
    both, mine, theirs = _shared(one.common, other.common)
    # English has few words in common with the others: those that sound alike count; the rest, which may
    # or may not mean the same, only makes what is known a smaller part of the whole.
    alike = _BONE * sum(bone in other.bones for bone in one.bones if bone[0] == "~")
    mine += alike + _UNKNOWN * (len(one.own) - len(one.common))
    return both + alike, mine, theirs + alike + _UNKNOWN * (len(other.own) - len(other.common))


def _shared(mine: Mapping[str, float], theirs: Mapping[str, float]) -> tuple[float, float, float]:
    fewer, more = sorted((mine, theirs), key=len)
    both = sum(min(weight, more[word]) for word, weight in fewer.items() if word in more)
    return both, sum(mine.values()), sum(theirs.values())


def tells(one: Meaning) -> float:
    """The weight of what a clause says beyond that a contact took place."""
    return sum(weight for weight in one.own.values() if weight > _WEIGHTS["contact"])


def stem_of(word: str, lang: str, whole: bool = False) -> str:
    """A folded word without its ending, cut so that words of one family meet unless ``whole``."""
    for tail in _listed("reflexive", lang):
        if word.endswith(tail) and len(word) > len(tail) + 4:
            word = word[: -len(tail)]
            break
    for ending in _listed("endings", lang):
        if word.endswith(ending) and len(word) - len(ending) >= (3 if len(ending) == 1 else 4):
            word = word[: -len(ending)]
            break
    if whole:
        return word
    return word[: _STEM_LENGTH + 2] if word.startswith(_listed("beginnings", lang)) else word[:_STEM_LENGTH]


def title_key(name: str, lang: str | None) -> str:
    """One key for the spellings of a title in two alphabets: its words' sounds, and its year."""
    return _title_key(name, lang if lang in LANGUAGES else "en")


def skipped(word: str, names: frozenset[str]) -> bool:
    """Whether a word is one of ``names``, in whatever case."""
    return any(
        word[:4] == name[:4] and abs(len(word) - len(name)) <= 3 and _common(word, name) >= len(name) - 2
        for name in names
    )


def _common(one: str, other: str) -> int:
    found = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        found += 1
    return found


def _first(words: dict[str, float]) -> dict[str, float]:
    return dict(list(words.items())[:MAX_WORDS])


def _is_title(name: str) -> bool:
    """A title begins with a capital or digit and is short; other quoted words are just words."""
    return (name[0].isupper() or name[0].isdigit()) and len(name.split()) <= 5


@lru_cache(maxsize=4_096)
def _title_key(name: str, lang: str) -> str:
    folded = fold(name)
    words = [key(word, lang) or word for word in re.findall(r"[^\W\d_]+", folded)]
    return " ".join([*words, *re.findall(r"\d+", folded)])


def _places(found: Sequence[SideMention | Date]) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in found]


def _blanked(folded: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        folded = folded[:start] + " " * (end - start) + folded[end:]
    return folded


@lru_cache(maxsize=16)
def _listed(name: str, lang: str) -> tuple[str, ...]:
    """The words of a list of ``data/topics.toml``, the longest first."""
    return tuple(sorted(set(table("topics")[name][lang].split()), key=lambda one: (-len(one), one)))


@lru_cache(maxsize=8)
def _small(lang: str) -> frozenset[str]:
    return frozenset(table("topics")["small"][lang].split()) | frozenset(table("stopwords").get(lang, ()))


@lru_cache(maxsize=8)
def _entries(lang: str) -> dict[str, tuple[_Entry, ...]]:
    """The entries of a language by the first two letters of their first word, the longest first."""
    listed = table("topics")
    found: dict[str, list[_Entry]] = {}
    rows = [(name, "", listed[name][lang]) for name in ("negation", "neutral")]
    rows += [
        (group, name, forms.get(lang, "")) for group in _WEIGHTS for name, forms in listed[group].items()
    ]
    for group, name, forms in rows:
        for form in filter(None, forms.split("|")):
            words = tuple((word.rstrip("$"), word.endswith("$")) for word in form.split(" "))
            found.setdefault(words[0][0][:2], []).append(_Entry(words, group, name))
    return {first: tuple(sorted(row, key=_Entry.length, reverse=True)) for first, row in found.items()}


def _concepts(words: list[tuple[int, str]], lang: str) -> tuple[list[tuple[str, str]], set[int], bool]:
    """(group, name) of every concept, the numbers of the words that told them, and whether it is denied."""
    entries = _entries(lang)
    found: list[tuple[str, str]] = []
    used: set[int] = set()
    negated = False
    number = 0
    while number < len(words):
        word = words[number][1]
        near = (*entries.get(word[:2], ()), *entries.get(word[:1], ()))
        entry = next((one for one in near if _fits(one, words, number)), None)
        if entry is None:
            number += 1
            continue
        used.update(range(number, number + len(entry.words)))
        negated = negated or entry.group == "negation"
        if entry.name:
            found.append((entry.group, entry.name))
        number += len(entry.words)
    return found, used, negated


def _fits(entry: _Entry, words: list[tuple[int, str]], at: int) -> bool:
    if at + len(entry.words) > len(words):
        return False
    return all(
        words[at + number][1] == stem if whole else words[at + number][1].startswith(stem)
        for number, (stem, whole) in enumerate(entry.words)
    )


@lru_cache(maxsize=8)
def _written(lang: str, kind: str) -> re.Pattern[str]:
    rows = table("topics")[kind][lang]
    parts = []
    for value, forms in rows.items():
        listed = "|".join(
            re.escape(form.rstrip("$")) + (r"(?!\w)" if form.endswith("$") else r"\w*")
            for form in forms.split("|")
        )
        parts.append(f"(?P<n{value}>{listed})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})")


def _numbers(plain: str, lang: str) -> frozenset[str]:
    """The numbers of a text, written as figures or words, as plain figures."""
    found: set[str] = set()
    times = _written(lang, "times")
    places = [(match.end(), _figure(match.group())) for match in _NUMBER.finditer(plain)]
    places += [
        (match.end(), float(str(match.lastgroup)[1:])) for match in _written(lang, "numbers").finditer(plain)
    ]
    if re.search(table("topics")["one_unit"][lang], plain):
        found.add("1")
    for end, value in places:
        after = times.match(plain, end + 1)
        total = value * float(str(after.lastgroup)[1:]) if after else value
        found.add(f"{total:.10g}")
    return frozenset(found)


def _figure(written: str) -> float:
    grouped = re.fullmatch(r"\d{1,3}(?:[ .,]\d{3})+", written)
    digits = re.sub(r"[ .,]", "", written) if grouped else written.replace(",", ".")
    return float(digits[:18])


def word_overlap(one: str, other: str, lang: str | None = None) -> float:
    """The share (0 to 1) of the shorter text's matter that the other has too, endings and synonyms aside.

    Without ``lang`` each text is taken to be in the language that it looks to be in.
    """
    spoken = [lang or language(fold(text)) or _script(text) for text in (one, other)]
    both, mine, theirs = shared_words(meaning(one, spoken[0]), meaning(other, spoken[1]))
    return min(1.0, both / min(mine, theirs)) if both > 0 else 0.0


def _script(text: str) -> str:
    """A language by its letters alone, where the words are too few to tell."""
    return "ru" if re.search("[а-яА-Я]", text) else "en"
