# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.press.score DIR…``: how well the findings of pages agree with their gold.

Per field, per language and over all: precision, recall, F1 over all findings together; for ``body`` the
mean over pages of the F1 of covered letters. Contacts are paired one to one, by kind, status, date and
participants, and their fields compared within a pair; findings with spans are paired by overlap (of at
least half of both together), their other fields compared within a pair and counted so that a finding
missed is a field missed. A date that claims more than the page supports is counted apart, as over-claimed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente.errors import DetenteError
from detente.press.models import load
from detente.press.pages import read_pages
from tests.press.gold import GoldError, Page, pages, resolve
from tests.press.match import Measure, folded, loosely, over_claimed, pairs, same_name, same_speaker, ways

DEFAULT = Path(__file__).parent / "pages"
HELD = Path(__file__).parent / "pages-held"
_HEAD = """\
# What the finders reached on the pages with gold, without models: F1, rounded down to a twentieth.
# These may only rise.
# Made by `python -m tests.press.score --floors > tests/press/floors.toml`."""
HALF = 0.5
FIELDS = (
    *("body", "contact", "date", "initiator", "name", "office", "rank", "participant side", "readout"),
    *("statement", "statement+type", "statement+speaker", "statement+side", "statement+mode"),
    *("statement+reported_by", "exercise", "measure", "measure+status", "appeal", "relation"),
    *("outlet", "published"),
)


@dataclass
class Tally:
    """Right, wrong and missed; a sum of F1 over pages instead, for the body."""

    right: float = 0
    wrong: float = 0
    missed: float = 0
    sums: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Counts and means of another one taken in."""
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed
        self.sums += other.sums

    @property
    def precision(self) -> float:
        """Of what was found, the share that is right; 1.0 if nothing was found."""
        found = self.right + self.wrong
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        """Of what is there, the share that was found; 1.0 if nothing is there."""
        there = self.right + self.missed
        return self.right / there if there else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both; for the body the mean of the pages'."""
        if self.sums:
            return sum(self.sums) / len(self.sums)
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 1.0

    @property
    def size(self) -> int:
        """How much there was to find."""
        return len(self.sums) or int(self.right + self.missed)


@dataclass
class Score:
    """The tallies of one page, or of many together, and what went wrong in words."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    misses: list[str] = field(default_factory=list)
    over_claimed: list[str] = field(default_factory=list)
    pages: int = 0

    def add(self, other: Score) -> None:
        """Another score taken in."""
        for name, tally in other.tallies.items():
            self.tallies[name].add(tally)
        self.misses += other.misses
        self.over_claimed += other.over_claimed
        self.pages += other.pages

    def count(self, name: str, gold: Any, found: Any, ok: bool) -> None:
        """One value against another, either of which may be none."""
        tally = self.tallies[name]
        if ok:
            tally.right += bool(found)
            return
        tally.wrong += bool(found)
        tally.missed += None not in ways(gold)
        self.misses.append(f"{name}: {found!r} instead of {gold!r}")


def score_source(gold: dict[str, Any], found: dict[str, Any], text: str, *, html: bool = False) -> Score:
    """The score of one SOURCE against its gold, in which quotes still stand. Raises GoldError."""
    gold = resolve(gold, text)
    score, measure = Score(pages=1), Measure(text, html=html)
    if "body" in gold:
        score.tallies["body"].sums.append(_body(gold["body"], found.get("body") or [], measure))
        if score.tallies["body"].sums[0] < 0.9:
            score.misses.append(f"body: {score.tallies['body'].sums[0]:.2f}")
    if "contacts" in gold:
        _contacts(score, gold["contacts"], found.get("contacts") or [])
        _readouts(score, gold, found.get("contacts") or [], measure)
    for name, compare in (("statements", _statement), ("measures", _measure)):
        if name in gold:
            _spanned(score, name[:-1], gold[name], found.get(name) or [], (measure, text), compare)
    _sets(score, gold, found)
    for name, key in (("outlet", "name"), ("published", "edtf")):
        if name in gold:
            ours, theirs = (gold[name] or {}).get(key), (found.get(name) or {}).get(key)
            same = loosely if name == "outlet" else same_name
            score.count(name, ours, theirs, any(same(way, theirs) for way in ways(ours)))
    if "published" in gold:
        _claims(score, "published", gold["published"], found.get("published"))
    return score


def _body(gold: list[Any], found: list[Any], measure: Measure) -> float:
    shared, sizes = measure.shared(gold, found), measure.size(gold) + measure.size(found)
    return 2 * shared / sizes if sizes else 1.0


def _claims(score: Score, what: str, gold: Any, found: Any) -> None:
    ours, theirs = (gold or {}).get("edtf"), (found or {}).get("edtf")
    if over_claimed(ours, theirs):
        score.over_claimed.append(f"{what}: {theirs} where the page supports {ours}")


def _likeness(gold: dict[str, Any], found: dict[str, Any]) -> float:
    people = [{folded(way) for way in ways(p["name"]) if way} for p in gold.get("participants") or []]
    theirs = {folded(p["name"]) for p in found.get("participants") or [] if p.get("name")}
    met = sum(bool(names & theirs) for names in people)
    shared = met / max(len(people), len(theirs), 1)
    day = (gold.get("date") or {}).get("edtf")
    same_day = any(day == (found.get("date") or {}).get("edtf") for day in ways(day))
    kinds = found.get("kind") in ways(gold["kind"])
    same_status = found.get("status") in ways(gold["status"])
    return float(3 * kinds + 2 * same_status + 2 * same_day + 2 * shared)


def _contacts(score: Score, gold: list[Any], found: list[Any]) -> None:
    taken = pairs(gold, found, _likeness, 2.0)
    gone = {j for i, j in taken if gold[i].get("maybe")}
    taken = [(i, j) for i, j in taken if j not in gone]
    partner = dict(taken)
    for i, ours in enumerate(gold):
        if ours.get("maybe") and i not in partner:
            continue
        theirs = found[partner[i]] if i in partner else {}
        _contact(score, ours, theirs)
    for j in set(range(len(found))) - set(partner.values()) - gone:
        _contact(score, None, found[j])


def _contact(score: Score, gold: dict[str, Any] | None, found: dict[str, Any]) -> None:
    said = f"{found['kind']} {found['status']}" if found else None
    meant = [f"{k} {s}" for k in ways(gold["kind"]) for s in ways(gold["status"])] if gold else None
    score.count("contact", meant, said, said in (meant or []))
    if gold is None:
        _participants(score, [], found.get("participants") or [])
        return
    if "date" in gold:
        ours, theirs = (gold["date"] or {}).get("edtf"), (found.get("date") or {}).get("edtf")
        score.count("date", ours, theirs, theirs in ways(ours))
        _claims(score, f"contact {said}", gold["date"], found.get("date"))
    if "initiator" in gold:
        score.count(
            "initiator",
            gold["initiator"],
            found.get("initiator"),
            found.get("initiator") in ways(gold["initiator"]),
        )
    if "participants" in gold:
        _participants(score, gold["participants"] or [], found.get("participants") or [])


def _person(gold: dict[str, Any], found: dict[str, Any]) -> float:
    named = bool(found.get("name")) and any(same_name(way, found["name"]) for way in ways(gold["name"]))
    office = any(bool(way) and loosely(way, found.get("office")) for way in ways(gold["office"]))
    side = gold["side"] == found.get("side")
    parts = set(folded(str(found.get("name"))).split())
    part = any(bool(parts & set(folded(way).split())) for way in ways(gold["name"]) if way)
    return float(4 * named + 2 * office + 2 * part + side)


def _participants(score: Score, gold: list[Any], found: list[Any]) -> None:
    taken = pairs(gold, found, _person, 2.0)
    gone = {j for i, j in taken if gold[i].get("maybe")}
    partner = {i: j for i, j in taken if j not in gone}
    for i, ours in enumerate(gold):
        if ours.get("maybe"):
            continue
        theirs = found[partner[i]] if i in partner else {}
        names, offices = ways(ours["name"]), ways(ours["office"])
        name, office = theirs.get("name"), theirs.get("office")
        score.count("name", names, name, any(same_name(way, name) for way in names))
        score.count("office", offices, office, any(loosely(way, office) for way in offices))
        score.count("participant side", ours["side"], theirs.get("side"), ours["side"] == theirs.get("side"))
        if "rank" in ours:
            ranks = ways(ours["rank"])
            score.count("rank", ranks, theirs.get("rank"), any(loosely(w, theirs.get("rank")) for w in ranks))
    for j in set(range(len(found))) - set(partner.values()) - gone:
        score.count("name", None, found[j].get("name"), ok=not found[j].get("name"))
        score.count("office", None, found[j].get("office"), ok=not found[j].get("office"))


def _readouts(score: Score, gold: dict[str, Any], found: list[Any], measure: Measure) -> None:
    """Whole sentences, or only what is said in them: the statements and measures within."""
    if not any("readouts" in contact for contact in gold["contacts"]):
        return
    ours = [r for contact in gold["contacts"] for r in contact.get("readouts") or []]
    said = [item["span"] for key in ("statements", "measures") for item in gold.get(key) or []]
    theirs: list[dict[str, Any]] = []
    for r in (r for contact in found for r in contact.get("readouts") or []):
        if r not in theirs:
            theirs.append(r)

    def worth(a: dict[str, Any], b: dict[str, Any]) -> float:
        if a["side"] != b["side"]:
            return 0.0
        core = [span for span in said if measure.shared([span], a["spans"]) == measure.size([span])]
        return max(measure.overlap(a["spans"], b["spans"]), measure.overlap(core, b["spans"]))

    taken = pairs(ours, theirs, worth, HALF)
    gone = {j for i, j in taken if ours[i].get("maybe")}
    met = {i for i, j in taken if j not in gone}
    tally = score.tallies["readout"]
    tally.right += len(met)
    tally.wrong += len(theirs) - len(met) - len(gone)
    left = [r for i, r in enumerate(ours) if i not in met and not r.get("maybe")]
    tally.missed += len(left)
    score.misses += [f"readout missed: {r['side']}" for r in left]
    score.misses += [
        f"readout wrong: {r['side']} {r.get('publisher')}"
        for j, r in enumerate(theirs)
        if j not in {j for _, j in taken}
    ]


def _statement(gold: dict[str, Any], found: dict[str, Any]) -> dict[str, bool]:
    ok = {
        "type": found.get("type") in ways(gold["type"]),
        "speaker": any(same_speaker(way, found) for way in ways(gold["speaker"])),
        "mode": found.get("mode") in ways(gold["mode"]),
    }
    for key in ("side", "reported_by"):
        if key in gold:
            ok[key] = found.get(key) in ways(gold[key])
    return ok


def _measure(gold: dict[str, Any], found: dict[str, Any]) -> dict[str, bool]:
    return {"status": found.get("status") in ways(gold["status"])}


def _spanned(
    score: Score, name: str, gold: list[Any], found: list[Any], page: tuple[Measure, str], compare: Any
) -> None:
    measure, text = page

    def worth(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
        good = [ours["span"], *ours.get("also", [])]
        return max(measure.overlap([span], [theirs["span"]]) for span in good)

    taken = pairs(gold, found, worth, HALF)
    gone = {j for i, j in taken if gold[i].get("maybe")}
    partner = {i: j for i, j in taken if j not in gone}
    keys = {"statement": ("type", "speaker", "mode", "side", "reported_by"), "measure": ("status",)}[name]
    for i, ours in enumerate(gold):
        if ours.get("maybe"):
            continue
        shown = " ".join(text[slice(*ours["span"])].split())[:90]
        if i not in partner:
            score.misses.append(f"{name} missed: {shown!r}")
            for key in ("", *(f"+{key}" for key in keys if key in ours)):
                score.tallies[name + key].missed += 1
            continue
        score.tallies[name].right += 1
        theirs = found[partner[i]]
        for key, ok in compare(ours, theirs).items():
            tally = score.tallies[f"{name}+{key}"]
            tally.right += ok
            tally.wrong += not ok
            tally.missed += not ok
            if not ok:
                said = f"{theirs.get(key)!r} instead of {ours[key]!r}"
                score.misses.append(f"{name}+{key}: {said} in {shown!r}")
    for j in set(range(len(found))) - set(partner.values()) - gone:
        shown = " ".join(text[slice(*found[j]["span"])].split())[:90]
        score.misses.append(f"{name} wrong: {shown!r}")
        for key in ("", *(f"+{key}" for key in keys)):
            score.tallies[name + key].wrong += 1


def _exercise(item: dict[str, Any]) -> tuple[Any, ...]:
    return ([folded(str(name)) for name in ways(item["name"])],)


def _appeal(item: dict[str, Any]) -> tuple[Any, ...]:
    return ways(item["org"]), ways(item.get("addressee"))


def _relation(item: dict[str, Any]) -> tuple[Any, ...]:
    return ways(item["state"]), [sorted(map(str, item["parties"]))]


def _sets(score: Score, gold: dict[str, Any], found: dict[str, Any]) -> None:
    for name, key in (("exercises", _exercise), ("appeals", _appeal), ("relations", _relation)):
        if name not in gold:
            continue
        theirs: list[Any] = []
        for item in found.get(name) or []:  # the same thing said twice counts once
            if all(key(item) != key(other) for other in theirs):
                theirs.append(item)
        keys = [key(item) for item in gold[name]]
        taken = pairs(keys, [key(item) for item in theirs], _meet, 1.0)
        partner = dict(taken)
        for i, ours in enumerate(gold[name]):
            if i in partner or not ours.get("maybe"):
                said = None if ours.get("maybe") else key(theirs[partner[i]]) if i in partner else None
                score.count(name[:-1], keys[i], said, ok=i in partner)
        for j in set(range(len(theirs))) - set(partner.values()):
            score.count(name[:-1], None, key(theirs[j]), ok=False)
        when = {"exercises": "", "appeals": "date", "relations": "since"}[name]
        for i, j in taken:
            if over_claimed(gold[name][i].get(when), theirs[j].get(when)):
                score.over_claimed.append(
                    f"{name[:-1]}: {theirs[j][when]} where the page supports {gold[name][i][when]}"
                )


def _meet(gold: tuple[Any, ...], found: tuple[Any, ...]) -> float:
    return float(all(any(way in theirs for way in ours) for ours, theirs in zip(gold, found, strict=True)))


def read(path: Path, raw: bytes | None = None, models: Any = None) -> list[tuple[str, dict[str, Any]]]:
    """What the program finds in a file: the text its spans refer to, and the SOURCE, for each page in it."""
    raw = path.read_bytes() if raw is None else raw
    return [(one.text, one.source) for one in read_pages(raw, name=path.name, models=models)]


def score_page(page: Page, found: list[tuple[str, dict[str, Any]]]) -> Score:
    """The score of a file: each gold SOURCE against the page of it whose body overlaps most."""
    score, left = Score(), list(found)
    html = page.path.suffix in (".html", ".htm", ".mhtml")
    for gold in page.gold:
        ranked: list[tuple[float, int]] = []
        for i, (text, source) in enumerate(left):
            try:
                body = resolve(gold, text)["body"]
            except GoldError:
                continue
            ranked.append((_body(body, source.get("body") or [], Measure(text, html=html)), -i))
        if ranked:
            text, source = left.pop(-max(ranked)[1])
            score.add(score_source(gold, source, text, html=html))
        else:
            text = page.path.read_bytes().decode("utf-8", "replace")
            score.add(score_source(gold, {}, text, html=html))
    for text, source in left:
        nothing: dict[str, Any] = {"contacts": [], "statements": []}
        score.add(score_source(nothing, source, text))
    score.pages = 1
    for list_ in (score.misses, score.over_claimed):
        list_[:] = [f"{page.lang}/{page.path.name}: {words}" for words in list_]
    return score


def score_folders(folders: list[Path], lang: str | None = None, *, models: bool = False) -> dict[str, Score]:
    """The scores of all pages with gold: one a language, and ``all``. ``models``: with those installed."""
    scores: dict[str, Score] = {}
    for page in pages(folders):
        if lang is not None and page.lang != lang:
            continue
        try:
            found = read(page.path, models=load(page.lang) if models else None)
        except DetenteError as error:
            found = []
            print(f"{page.path}: {error}", file=sys.stderr)
        one = score_page(page, found)
        for name in (page.lang, "all"):
            scores.setdefault(name, Score()).add(one)
    return scores


def table(scores: dict[str, Score]) -> str:
    """The F1 of each field (its size), a column a language; precision and recall of all beside."""
    names = sorted(scores, key=lambda name: (name == "all", name))
    lines = [f"{'':22}" + "".join(f"{name:>14}" for name in names) + f"{'P':>8}{'R':>6}"]
    for name in FIELDS:
        cells = [scores[lang].tallies.get(name) for lang in names]
        row = "".join(f"{c.f1:>8.2f} ({c.size:>3})" if c else f"{'':14}" for c in cells)
        last = cells[-1] if cells else None
        lines.append(f"{name:22}{row}" + (f"{last.precision:>8.2f}{last.recall:>6.2f}" if last else ""))
    over = "".join(f"{len(scores[name].over_claimed):>14}" for name in names)
    return "\n".join((*lines, f"{'over-claimed dates':22}{over}"))


def as_json(scores: dict[str, Score]) -> dict[str, Any]:
    """The same as values: language, field, then precision, recall, F1 and size."""
    return {
        lang: {
            "pages": score.pages,
            "over_claimed": score.over_claimed,
            "fields": {
                name: {
                    "precision": round(tally.precision, 4),
                    "recall": round(tally.recall, 4),
                    "f1": round(tally.f1, 4),
                    "size": tally.size,
                }
                for name, tally in sorted(score.tallies.items())
            },
        }
        for lang, score in scores.items()
    }


def floors(folders: list[Path]) -> str:
    """``floors.toml``: the F1 of each folder, language and field, rounded down to a twentieth."""
    lines = [_HEAD]
    for folder in folders:
        scores = score_folders([folder])
        for lang in sorted(set(scores) - {"all"}):
            lines.append(f"[{folder.name}.{lang}]")
            f1 = {name: scores[lang].tallies[name].f1 for name in FIELDS if name in scores[lang].tallies}
            lines += [f'"{name}" = {int(value * 20 + 1e-9) / 20:.2f}' for name, value in f1.items()]
    return "\n".join(lines)


def main() -> int:
    """0: scored; 1: no page with gold."""
    parser = argparse.ArgumentParser(prog="make press-score", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR", help=f"default: {DEFAULT.name}")
    parser.add_argument("--json", action="store_true", help="values instead of a table")
    parser.add_argument("--floors", action="store_true", help="floors.toml, of the open and the held pages")
    parser.add_argument("--models", action="store_true", help="with the models that are installed")
    parser.add_argument("--lang", help="only the pages of one language")
    parser.add_argument("--misses", action="store_true", help="what was missed, wrong or over-claimed")
    options = parser.parse_args()
    if options.floors:
        print(floors([DEFAULT, HELD]))
        return 0
    scores = score_folders(options.folders or [DEFAULT], options.lang, models=options.models)
    if not scores:
        print("no page with gold", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_json(scores), ensure_ascii=False, indent=1))
        return 0
    if options.misses:
        print("\n".join(sorted(scores["all"].misses)))
    print(table(scores))
    print("\n".join(scores["all"].over_claimed), end="\n" if scores["all"].over_claimed else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
