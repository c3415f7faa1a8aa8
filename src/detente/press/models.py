# SPDX-License-Identifier: Apache-2.0
"""What the extra ``detente[press]`` adds: pymorphy3's nominatives and natasha's names, where they are
installed.

Nothing here is needed. Without the packages ``load`` gives None and the rules read alone; what the
models add has a
rule name of its own (``model-natasha``) and a low confidence. See docs/decisions/0027.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

from detente.press.source import fold

#: Code points of one piece given to the name finder: it reads sentence by sentence anyway.
MAX_PIECE = 20_000
_CASES = {"n": "nomn", "g": "gent", "d": "datv", "a": "accs", "i": "ablt", "p": "loct"}


class Models:
    """The models of one language. Not shared between threads."""

    def __init__(self, morph: Any, ner: Any) -> None:
        """``morph`` is a pymorphy3 analyzer, ``ner`` a slovnet name finder; either may be None."""
        self._morph = morph
        self._ner = ner

    def surname(self, form: str, cases: str, female: bool, lang: str) -> str | None:
        """The nominative of a folded surname's ``form``, if a dictionary has it as a surname in one of
        ``cases``.
        """
        if self._morph is None:
            return None
        wanted = {_CASES[case] for case in cases}
        gender = "femn" if female else "masc"
        for parse in self._morph.parse(form):
            tag = parse.tag
            if "Surn" in tag and parse.is_known and "sing" in tag and tag.case in wanted and gender in tag:
                return fold(parse.inflect({"nomn", "sing", gender}).word) if "Fixd" not in tag else form
        return None

    def persons(self, text: str, lang: str) -> list[tuple[int, int]]:
        """Spans of persons' names that the name finder sees in ``text``."""
        if self._ner is None or len(text) > MAX_PIECE:
            return []
        return [(span.start, span.stop) for span in self._ner(text).spans if span.type == "PER"]


def load(lang: str) -> Models | None:
    """The models for ``lang`` that are installed; None where none are."""
    morph = _morphology(lang) if lang in ("ru", "uk") else None
    ner = _name_finder() if lang == "ru" else None
    return Models(morph, ner) if morph is not None or ner is not None else None


def missing(lang: str) -> str | None:
    """What is not installed for ``lang`` and how to get it; None where all is there, or nothing is made
    for it.
    """
    if lang not in ("ru", "uk"):
        return None
    if lang == "uk":
        if _installed("pymorphy3") and _installed("pymorphy3_dicts_uk"):
            return None
        return (
            "no models for Ukrainian: they need pymorphy3 and pymorphy3-dicts-uk, whose dictionary is GPL "
            "and is not part of detente[press]; the rules read alone"
        )
    lacking = [name for name in ("pymorphy3", "natasha") if not _installed(name)]
    if not lacking:
        return None
    return f"no {' and '.join(lacking)}: install detente[press]; until then the rules read alone"


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@lru_cache(maxsize=4)
def _morphology(lang: str) -> Any:
    if not _installed("pymorphy3") or not _installed(f"pymorphy3_dicts_{lang}"):
        return None
    return importlib.import_module("pymorphy3").MorphAnalyzer(lang=lang)


@lru_cache(maxsize=1)
def _name_finder() -> Any:
    """slovnet's name finder with the weights that natasha carries; natasha itself is not imported (nor
    pymorphy2).
    """
    spec = importlib.util.find_spec("natasha")
    if spec is None or not spec.submodule_search_locations or not _installed("slovnet"):
        return None
    data = Path(spec.submodule_search_locations[0]) / "data"
    words = data / "emb" / "navec_news_v1_1B_250K_300d_100q.tar"
    weights = data / "model" / "slovnet_ner_news_v1.tar"
    if not words.exists() or not weights.exists():
        return None
    navec = importlib.import_module("navec").Navec.load(str(words))
    finder = importlib.import_module("slovnet").NER.load(str(weights))
    finder.navec(navec)
    return finder
