# SPDX-License-Identifier: Apache-2.0
"""Writes people, offices and sides of ``src/detente/press/data`` from the lists in ``scripts/gazetteer``.

``--check`` says whether the files are as this would write them. ``--compare`` holds the Russian forms
of surnames
and first names, which the rules of ``declension`` make, against pymorphy3 and prints where they differ.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from itertools import product
from pathlib import Path

from detente.press.declension import CASES, decline
from detente.press.source import fold

ROOT = Path(__file__).resolve().parents[1]
LISTS = ROOT / "scripts" / "gazetteer"
DATA = ROOT / "src" / "detente" / "press" / "data"
LANGS = ("ru", "be", "uk", "en")
MADE = "# Made by scripts/make_gazetteer.py from scripts/gazetteer/{}: change that, not this.\n"
UNREVIEWED = "# Written from general knowledge and not yet checked against a source.\n"
HUSH = tuple("жшчщц")
VELAR = tuple("гкхжшчщ")
SOFTER = {"г": "з", "к": "ц", "х": "с"}
Forms = list[tuple[str, ...]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--compare", action="store_true")
    asked = parser.parse_args()
    if asked.compare:
        return compare()
    made = {"people": people(), "offices": offices(), "sides": sides()}
    stale = []
    for name, text in made.items():
        path = DATA / f"{name}.toml"
        if asked.check:
            stale += [] if path.exists() and path.read_text(encoding="utf-8") == text else [path.name]
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{', '.join(stale)}: run scripts/make_gazetteer.py", file=sys.stderr)
    return 1 if stale else 0


def rows(name: str) -> list[list[str]]:
    lines = (LISTS / name).read_text(encoding="utf-8").splitlines()
    return [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]


def quoted(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


# People


def people() -> str:
    parts = [
        MADE.format("holders.txt"),
        "# Office holders whose names pages of this kind write: [first, patronymic, surname], and the six\n",
        "# case forms of first name and surname (variants parted by commas). The side is the one they\n",
        "# spoke for. A name here helps to recognise and decline it; offices and ranks come from the page.\n",
    ]
    for side, *names, held, flags in rows("holders.txt"):
        female, foreign = "f" in flags.split(), "x" in flags.split()
        lines = ["\n[[person]]", f'side = "{side}"', 'source = "general knowledge, unreviewed"']
        lines += ["female = true"] if female else []
        lines.append(f"held = {quoted([one.strip() for one in held.split(';')])}")
        forms = []
        for lang, name in zip(LANGS, names, strict=True):
            first, patronymic, last = split_name(name)
            lines.append(f"{lang} = {quoted([first, patronymic, last])}")
            if lang != "en":
                made = [
                    forms_text(first, lang, surname=False, female=female, foreign=False),
                    forms_text(last, lang, surname=True, female=female, foreign=foreign),
                ]
                forms.append(f"forms.{lang} = {quoted(made)}")
        parts.append("\n".join(lines + forms) + "\n")
    return "".join(parts)


def split_name(name: str) -> tuple[str, str, str]:
    first, _, last = name.partition(" ")
    first, _, patronymic = first.partition("+")
    return first.replace("_", " "), patronymic, last.replace("_", " ")


def forms_text(name: str, lang: str, *, surname: bool, female: bool, foreign: bool) -> str:
    """The six cases parted by spaces, variants by commas; "_" is a space inside a name."""
    declined = [
        decline(fold(part), lang, surname=surname, female=female, foreign=foreign) for part in name.split(" ")
    ]
    cases = []
    for case in CASES:
        variants = ["_".join(one) for one in product(*(part[case] for part in declined))]
        cases.append(",".join(dict.fromkeys(variants)))
    return " ".join(cases)


# Offices


def offices() -> str:
    table = tomllib.loads((LISTS / "offices.toml").read_text(encoding="utf-8"))
    parts = [
        MADE.format("offices.toml"),
        "# Heads: six cases, then six of the plural, variants parted by commas. weak: a side, no office.\n",
        "# plain: found with a name only. ranks: six cases parted by slashes. The rest as in the list.\n",
        UNREVIEWED,
    ]
    for lang, section in table.items():
        parts.append(f"\n[{lang}]\n")
        for key in ("heads", "weak", "plain"):
            parts += [listing(key, [head(word, lang) for word in section[key].split()])]
        ranks = [one.strip() for line in section["ranks"].splitlines() for one in line.split(";")]
        parts.append(listing("ranks", [rank(one, lang) for one in ranks if one]))
        for key, value in section.items():
            if key == "institutions":
                parts.append("institutions = [\n" + "".join(f"  {literal(one)},\n" for one in value) + "]\n")
            elif key in ("tails", "cases", "rank_tails"):
                listed = [
                    one.strip() for line in value.splitlines() for one in line.split(";") if one.strip()
                ]
                parts.append(f"{key} = {quoted(listed)}\n")
            elif key in ("verbs", "after_stops"):
                parts.append(f"{key} = {literal(value)}\n")
            elif key not in ("heads", "weak", "plain", "ranks"):
                parts.append(f"{key} = {quoted(value.split())}\n")
    return "".join(parts)


def listing(key: str, values: list[str]) -> str:
    return f"{key} = [\n" + "".join(f'  "{value}",\n' for value in values) + "]\n"


def literal(value: str) -> str:
    return f"'{value}'" if "'" not in value else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def head(word: str, lang: str) -> str:
    word, _, flag = word.partition("/")
    if lang == "en":
        plural = (
            word[:-3] + "men"
            if word.endswith("man")
            else word.replace("secretary-", "secretaries-")
            if word.startswith("secretary-")
            else "commanders-in-chief"
            if word == "commander-in-chief"
            else word[:-1] + "ies"
            if word.endswith("y")
            else word + "s"
        )
        return " ".join([word] * 6 + [plural] * 6)
    if flag == "fix":
        plural = {"ru": ("ы", "ов", "ам", "ов", "ами", "ах")}.get(lang)
        if plural and word.endswith("министра"):
            return " ".join([word] * 6 + [word[:-1] + ending for ending in plural])
        return " ".join([word] * 12)
    if word in IRREGULAR:
        return IRREGULAR[word]
    single = bearer(word, lang) if flag == "adj" else decline(word, lang, surname=False, female=flag == "f")
    many = plural_of(word, lang, flag)
    if flag != "f":  # a locative that looks like the plural would hide it
        single["p"] = tuple(one for one in single["p"] if one not in many[0]) or single["d"][:1]
    return " ".join([",".join(single[case]) for case in CASES] + [",".join(one) for one in many])


def bearer(word: str, lang: str) -> dict[str, tuple[str, ...]]:
    """An adjective that stands for a person, or before a rank, in the six cases."""
    made = adjective_cases(word, lang)
    if lang == "ru" and word.endswith("щая"):
        made = [word[:-2] + one for one in ("ая", "ей", "ей", "ую", "ей", "ей")]
    if word.endswith(("ая", "а")):
        return {case: (one,) for case, one in zip(CASES, made, strict=True)}
    if lang == "ru" and word[-3] in "щчшж":
        made = [word[:-2] + one for one in ("ий", "его", "ему", "его", "им", "ем")]
    made[3] = made[1]
    return {case: (one,) for case, one in zip(CASES, made, strict=True)}


#: Nouns that the rules do not decline.
IRREGULAR = {
    "посол": "посол посла послу посла послом после послы послов послам послов послами послах",
    "глава": "глава главы,глави главе,главі главу главой,главою главе,главі "
    "главы,глави глав главам глав главами,главамі главах",
    "старшыня": "старшыня старшыні старшыні,старшыню старшыню старшынёй,старшынем старшыні,старшыню "
    "старшыні старшынь,старшыняў старшыням старшынь старшынямі старшынях",
}


def plural_of(word: str, lang: str, flag: str) -> Forms:
    if flag == "adj":
        stem = word[:-2] if lang != "be" or word.endswith("ая") else word[:-1]
        if lang == "uk" and word.endswith("а"):
            stem = word[:-1]
        soft = stem.endswith(("щ", "ч", "ш", "ж"))  # "командующие"
        endings = {
            "ru": ("ие", "их", "им", "их", "ими", "их") if soft else ("ые", "ых", "ым", "ых", "ыми", "ых"),
            "be": ("ыя", "ых", "ым", "ых", "ымі", "ых"),
            "uk": ("і", "их", "им", "их", "ими", "их"),
        }[lang]
        return [(stem + one,) for one in endings]
    soft = word.endswith(("ь", "й")) or (lang == "uk" and word.endswith(("тар", "сар")) and word in UK_SOFT)
    bare = word[:-1] if word[-1] in "ьйая" else word
    if bare.endswith(("ец",)) and len(bare) > 4:
        bare = bare[:-2] + "ц"
    if lang == "uk" and bare.endswith("вець"[:-1]):
        bare = bare[:-2] + "ц"
    bare = {"посол": "посл", "пасол": "пасл"}.get(bare, bare)
    noun_a = word.endswith(("а", "я"))
    vowel = {"ru": "я" if soft else "а", "be": "я" if soft else "а", "uk": "я" if soft else "а"}[lang]
    if lang == "ru":
        nominative = bare + ("и" if soft or bare.endswith(VELAR) else "ы")
        genitive = (
            bare if noun_a else bare + ("ей" if word.endswith("ь") or bare.endswith(HUSH[:-1]) else "ов")
        )
        if word == "директор":
            nominative = "директора"
    elif lang == "be":
        nominative = bare + ("і" if soft or bare.endswith(("г", "к", "х")) else "ы")
        genitive = bare if noun_a and flag == "f" else bare + ("яў" if soft else "аў")
    else:
        nominative = bare + ("і" if soft or bare.endswith((*HUSH, "ц")) else "и")
        genitive = bare if noun_a else bare + "ів"
    if noun_a and genitive.endswith("к") and genitive[-2] not in "аеиоуыэюяіїє":
        genitive = genitive[:-1] + ("о" if lang != "be" else "а") + "к"
    instrumental = bare + vowel + ("ми" if lang != "be" else "мі")
    return [
        (nominative,),
        (genitive,),
        (bare + vowel + "м",),
        (genitive,),
        (instrumental,),
        (bare + vowel + "х",),
    ]


UK_SOFT = {"секретар", "держсекретар", "генсекретар", "прессекретар", "прес-секретар"}


def rank(phrase: str, lang: str) -> str:
    if lang == "en":
        return "/".join([phrase] * 6)
    declined = []
    for word in phrase.split(" "):
        if word.startswith("="):
            declined.append(dict.fromkeys(CASES, (word[1:],)))
        else:
            adjective = word.endswith(("ый", "ий", "ы", "і")) and word not in ("маёр",)
            stem, _, tail = word.rpartition(
                "-"
            )  # of "lieutenant general" in these languages the last part declines
            woman = tail.endswith(("ка", "ця", "ца"))
            one = bearer(tail, lang) if adjective else decline(tail, lang, surname=False, female=woman)
            declined.append({case: tuple(f"{stem}-{v}" if stem else v for v in one[case]) for case in CASES})
    return "/".join(
        ",".join(dict.fromkeys(" ".join(one) for one in product(*(part[case] for part in declined))))
        for case in CASES
    )


# Sides


def sides() -> str:
    found: dict[str, dict[str, list[str]]] = {}
    for key, names, adjectives, capitals, dwellers in rows("sides.txt"):
        side, lang = key.split()
        sorts = {
            "names": [form for one in listed(names) for form in phrase_forms(one, lang)],
            "adjectives": [form for one in listed(adjectives) for form in adjective_forms(one, lang)],
            "capitals": [form for one in listed(capitals) for form in phrase_forms(one, lang)],
            "people": [form for one in listed(dwellers) for form in people_forms(one, lang)],
        }
        slot = found.setdefault(f"{lang}.{side}", {})
        for sort, values in sorts.items():
            slot[sort] = list(dict.fromkeys(fold(value) for value in values))
    parts = [
        MADE.format("sides.txt"),
        "# Sides: ISO 3166 alpha-2 codes and four organisations (XK, Kosovo, is none but in general use).\n",
        "# Names, adjectives, capitals that stand for a government, and peoples, in every form, folded.\n",
        UNREVIEWED,
    ]
    for lang in LANGS:
        for key, slot in found.items():
            if key.startswith(lang + "."):
                lines = [f'{sort} = "{"|".join(values)}"' for sort, values in slot.items() if values]
                parts.append(f"\n[{key}]\n" + "\n".join(lines) + "\n")
    return "".join(parts)


def listed(cell: str) -> list[str]:
    return [] if cell == "-" else [one.strip() for one in cell.split(",") if one.strip()]


def phrase_forms(phrase: str, lang: str) -> list[str]:
    """A name in every form; of several words those that agree in the ending's place, made by rule."""
    if lang == "en":
        return [phrase]
    words = phrase.split(" ")
    if all(word.startswith("=") for word in words):
        return [" ".join(word[1:] for word in words)]
    lists = [word_forms(word, lang) for word in words]
    if len(words) == 1:
        return lists[0]
    return [" ".join(one) for one in zip(*(forms[: len(CASES)] for forms in lists), strict=True)]


#: Endings of one word by case, so that the words of a phrase agree: nominative, genitive, dative, accusative,
#: instrumental, prepositional; more variants of a lone word follow.
def word_forms(word: str, lang: str) -> list[str]:
    if word.startswith("="):
        return [word[1:]] * 6
    if word in ("и", "і", "та"):
        return [word] * 6
    if "-" in word and "/" not in word:
        head_word, _, tail = word.rpartition("-")
        return [f"{head_word}-{form}" for form in word_forms(tail, lang)]
    name, _, flag = word.partition("/")
    if name.endswith(ADJECTIVE_ENDS[lang]) and not flag and name not in NOT_ADJECTIVES:
        return adjective_cases(name, lang)
    return {"ru": ru_noun, "be": be_noun, "uk": uk_noun}[lang](name, flag)


ADJECTIVE_ENDS = {
    "ru": ("ая", "ий", "ый", "ой", "ые", "ие", "ое"),
    "be": ("ая", "яя", "скі", "цкі", "ны", "лы", "аныя", "ое", "ае"),
    "uk": ("ька", "ний", "ий", "на", "ні", "не", "ва"),
}
NOT_ADJECTIVES = frozenset(
    [
        "Украина",
        "Украіна",
        "Україна",
        "Расея",
        "Вена",
        "Тирана",
        "Литва",
        "Молдова",
        "Малдова",
        "Летува",
        "Астана",
        "Гавана",
        "Сана",
        "Нікосія",
        "Мексика",
        "Любляна",
        "Варшава",
        "Москва",
        "Масква",
        "Палестина",
        "Братислава",
        "Аргентина",
        "Прага",
        "Рига",
        "Британія",
        "Румынія",
        "Приштина",
        "Прышціна",
        "Подгорица",
        "Наука",
        "Палестына",
        "Аргенціна",
        "Туреччина",
        "Німеччина",
        "Угорщина",
        "Словаччина",
        "Тырана",
        "Браціслава",
        "Тайвань",
        "Китай",
        "Ханой",
        "Таллинн",
        "Эстония",
        "Аравия",
    ]
)


def adjective_cases(name: str, lang: str) -> list[str]:  # noqa: PLR0911 - one return a declension
    if lang == "ru":
        stem = name[:-2]
        if name.endswith("ая"):
            return [stem + one for one in ("ая", "ой", "ой", "ую", "ой", "ой")]
        if name.endswith(("ые", "ие")):
            y = name[-2]
            return [stem + one for one in (y + "е", y + "х", y + "м", y + "е", y + "ми", y + "х")]
        if name.endswith("ое"):
            return [stem + one for one in ("ое", "ого", "ому", "ое", "ым", "ом")]
        y = "и" if name.endswith("ий") else "ы"
        return [stem + one for one in (name[-2:], "ого", "ому", name[-2:], y + "м", "ом")]
    if lang == "be":
        if name.endswith(("ая", "яя")):
            stem, v = name[:-2], name[-2]
            return [stem + one for one in (v + "я", v + "й", v + "й", "ую", v + "й", v + "й")]
        if name.endswith("ыя"):
            return [name[:-2] + one for one in ("ыя", "ых", "ым", "ыя", "ымі", "ых")]
        if name.endswith(("ое", "ае")):
            return [name[:-2] + one for one in (name[-2:], "ага", "аму", name[-2:], "ым", "ым")]
        return [name, name[:-1] + "ага", name[:-1] + "аму", name, name + "м", name + "м"]
    if name.endswith("а"):
        return [name[:-1] + one for one in ("а", "ої", "ій", "у", "ою", "ій")]
    if name.endswith("і"):
        return [name[:-1] + one for one in ("і", "их", "им", "і", "ими", "их")]
    if name.endswith("е"):
        return [name[:-1] + one for one in ("е", "ого", "ому", "е", "им", "ому")]
    return [name[:-2] + one for one in ("ий", "ого", "ому", "ий", "им", "ому")]


def ru_noun(name: str, flag: str) -> list[str]:
    stem = name[:-1]
    if name.endswith("ия"):
        ends = ("ия", "ии", "ии", "ию", "ией", "ии")
        return [name[:-2] + one for one in ends]
    if name.endswith("а"):
        y = "и" if stem.endswith(VELAR) else "ы"
        return [stem + one for one in ("а", y, "е", "у", "ей" if stem.endswith(HUSH) else "ой", "е")]
    if name.endswith("я"):
        return [stem + one for one in ("я", "и", "е", "ю", "ей", "е")]
    if name.endswith("ь"):
        ends = ("ь", "и", "и", "ь", "ью", "и") if flag == "f" else ("ь", "я", "ю", "ь", "ем", "е")
        return [stem + one for one in ends]
    if name.endswith("й"):
        return [stem + one for one in ("й", "я", "ю", "й", "ем", "е")]
    if name.endswith("ы"):
        return [stem + one for one in ("ы", "ов", "ам", "ы", "ами", "ах")]
    if name.endswith("о"):
        return [stem + one for one in ("о", "а", "у", "о", "ом", "е")]
    if name.endswith("ец") and len(name) > 4:
        return [name, *(name[:-2] + "ц" + one for one in ("а", "у", "", "ом", "е"))]
    if name.endswith(("е", "и", "у")):
        return [name] * 6
    return [name, name + "а", name + "у", name, name + "ом", name + "е"]


def be_noun(name: str, flag: str) -> list[str]:  # noqa: PLR0911 - one return a declension
    stem = name[:-1]
    if name.endswith(("ія", "ыя")):
        v = name[-2]
        return [name[:-2] + one for one in (v + "я", v + "і", v + "і", v + "ю", v + "яй", v + "і")]
    if name.endswith("а"):
        y = "і" if stem.endswith(("г", "к", "х")) else "ы"
        soft = be_soft(stem)
        return [stem + "а", stem + y, soft, stem + "у", stem + "ай", soft, stem + "ой"]
    if name.endswith("я"):
        return [stem + one for one in ("я", "і", "і", "ю", "яй", "і", "ёй")]
    if name.endswith("ь"):
        if flag == "f":
            return [name, stem + "і", stem + "і", name, stem + stem[-1] + "ю", stem + "і"]
        return [stem + one for one in ("ь", "я", "ю", "ь", "ем", "і")]
    if name.endswith("й"):
        return [stem + one for one in ("й", "я", "ю", "й", "ем", "і")]
    if name.endswith("ў"):
        return [name] + [stem + one for one in ("ва", "ву", "ў", "вам", "ве")]
    if name.endswith("ы"):
        return [stem + one for one in ("ы", "аў", "ам", "ы", "амі", "ах")]
    if name.endswith("о"):
        return [stem + one for one in ("о", "а", "у", "о", "ам", "е")]
    if name.endswith(("е", "і", "э", "у")):
        return [name] * 6
    place = {"т": "це", "д": "дзе"}.get(
        name[-1], name[-1] + ("ы" if name[-1] in "ржшч" else "у" if name[-1] in "кгх" else "е")
    )
    return [name, name + "а", name + "у", name, name + "ам", name[:-1] + place, name + "ом"]


def be_soft(stem: str) -> str:
    if stem.endswith("к"):
        return stem[:-1] + "цы"
    swap = {"г": "зе", "х": "се", "т": "це", "д": "дзе"}
    if stem[-1] in swap:
        return stem[:-1] + swap[stem[-1]]
    return stem + ("ы" if stem[-1] in "ржшчц" else "е")


def uk_noun(name: str, flag: str) -> list[str]:
    stem = name[:-1]
    if name.endswith("ія"):
        return [name[:-2] + one for one in ("ія", "ії", "ії", "ію", "ією", "ії")]
    if name.endswith("а"):
        soft = stem[:-1] + SOFTER.get(stem[-1], stem[-1])
        end = "ею" if stem.endswith(HUSH) else "ою"
        return [
            stem + "а",
            stem + ("і" if stem.endswith(HUSH) else "и"),
            soft + "і",
            stem + "у",
            stem + end,
            soft + "і",
        ]
    if name.endswith("я"):
        return [stem + one for one in ("я", "і", "і", "ю", "ею", "і", "ї", "єю")]
    if name.endswith("ь"):
        if flag == "f":
            return [name, stem + "і", stem + "і", name, stem + stem[-1] + "ю", stem + "і"]
        return [stem + one for one in ("ь", "я", "ю", "ь", "ем", "і")]
    if name.endswith("й"):
        return [stem + one for one in ("й", "ю", "ю", "й", "єм", "ї", "я")]
    if name.endswith("и"):
        return [stem + one for one in ("и", "ів", "ам", "и", "ами", "ах")]
    if name.endswith("о"):
        return [stem + one for one in ("о", "а", "у", "о", "ом", "і")]
    if name.endswith(("е", "і", "у", "ю")):
        return [name] * 6
    return [name, name + "у", name + "у", name, name + "ом", name + "і", name + "а", name + "ові"]


def adjective_forms(name: str, lang: str) -> list[str]:
    if lang == "en":
        return [name]
    stem, endings = {
        "ru": (name[:-2], "ий ый ая ое ие ые ого ой ому ую им ым ом их ых ими ыми о"),
        "be": (name[:-1], "і ая ае ія ага ай аму ую ім іх імі ой а"),
        "uk": (name[:-2], "ий а е і ого ої ому ій у им ою их ими о"),
    }[lang]
    if lang == "ru" and stem.endswith(("к", "г", "х")):
        endings = "ий ая ое ие ого ой ому ую им ом их ими о"
    return [stem + ending for ending in endings.split()]


def people_forms(name: str, lang: str) -> list[str]:
    if lang == "en":
        return [name]
    stem = name[:-1]
    endings = {
        "ru": ("а", "", "") if name.endswith("не") else ("ов", "ев", ""),
        "be": ("аў", "яў", "") if not name.endswith("не") else ("", "", ""),
        "uk": ("ів", "", ""),
    }[lang]
    tail = "мі" if lang == "be" else "ми"
    return [name, *(stem + one for one in endings), *(stem + "а" + one for one in ("м", tail, "х"))]


# Against pymorphy3


def compare() -> int:
    import pymorphy3

    grammar = dict(zip(CASES, ("nomn", "gent", "datv", "accs", "ablt", "loct"), strict=True))
    analyzer = pymorphy3.MorphAnalyzer(lang="ru")
    lists = tomllib.loads((DATA / "firstnames.toml").read_text(encoding="utf-8"))["ru"]
    known = [(name, False, False) for name in lists["male"].split()]
    known += [(name, True, False) for name in lists["female"].split()]
    for _, name, *_, flags in rows("holders.txt"):
        known.append((split_name(name)[2], "f" in flags.split(), True))
    differ = 0
    for name, female, surname in known:
        gender = "femn" if female else "masc"
        parses = [
            one
            for one in analyzer.parse(name)
            if ("Surn" if surname else "Name") in one.tag and gender in one.tag
        ]
        parse = next((one for one in parses if one.normal_form == fold(name) and "nomn" in one.tag), None)
        if parse is None:
            continue
        ours = decline(fold(name), "ru", surname=surname, female=female)
        for case, tag in grammar.items():
            theirs = parse.inflect({tag, "sing"})
            if theirs and fold(theirs.word) not in ours[case]:
                print(name, case, "ours", ours[case], "pymorphy3", theirs.word)
                differ += 1
    print(f"{len(known)} names, {differ} forms differ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
