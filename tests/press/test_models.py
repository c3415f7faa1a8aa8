# SPDX-License-Identifier: Apache-2.0
"""What the models add, and that nothing needs them."""

from __future__ import annotations

import importlib.util

import pytest

from detente.press import models
from tests.press.named import named, reading

TEXT = "Журналисты спросили об этом Зебастиана Клювера, и тот промолчал."


class _Lists:
    """A stand-in for a name finder: it sees what it is told to."""

    def __init__(self, *spans: tuple[int, int]) -> None:
        self.spans = spans

    def surname(self, form: str, cases: str, female: bool, lang: str) -> str | None:
        return None

    def persons(self, text: str, lang: str) -> list[tuple[int, int]]:
        return list(self.spans)


def test_rules_alone_are_the_default() -> None:
    assert named(TEXT, "ru") == []


def test_a_proposed_person_is_less_sure_and_says_who_proposed_it() -> None:
    at = TEXT.index("Зебастиана")
    finder = _Lists((at, at + len("Зебастиана Клювера")), (0, 10))
    (one,) = reading(TEXT, "ru", models=finder).people
    assert (one.written, one.rule, one.confidence) == ("Зебастиана Клювера", "model-natasha", 0.5)


def test_a_model_does_not_name_again_what_the_rules_have() -> None:
    text = "Министр обороны Польши Ян Бжозка ответил."
    at = text.index("Ян")
    (one,) = reading(text, "ru", models=_Lists((at, at + 9))).people
    assert one.rule == "name-by-rule"


def test_without_the_packages_there_is_nothing_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    models._morphology.cache_clear()
    models._name_finder.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert models.load("ru") is None and models.load("uk") is None
    assert "install detente[press]" in str(models.missing("ru"))
    assert "GPL" in str(models.missing("uk"))
    assert models.missing("en") is None and models.load("en") is None
    monkeypatch.undo()
    models._morphology.cache_clear()
    models._name_finder.cache_clear()


def test_installed_models_read_names_and_nominatives() -> None:
    pytest.importorskip("pymorphy3")
    if models.missing("ru"):
        pytest.skip("natasha is not installed")
    loaded = models.load("ru")
    assert loaded is not None
    assert loaded.surname("ивановым", "i", False, "ru") == "иванов"
    assert loaded.surname("бжозкой", "i", False, "ru") is None
    found = [(one.name, one.rule) for one in reading(TEXT, "ru", models=loaded).people]
    assert [rule for _, rule in found] == ["model-natasha"]
