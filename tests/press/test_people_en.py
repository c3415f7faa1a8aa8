# SPDX-License-Identifier: Apache-2.0
"""Names, offices, ranks and sides in English."""

from __future__ import annotations

import pytest

from tests.press.named import named, sides, unnamed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Defence Minister Jan Brzozka called US Secretary of Defense Lloyd Austin.",
            [
                ("Jan Brzozka", "Defence Minister", None, None),
                ("Lloyd Austin", "US Secretary of Defense", None, "US"),
            ],
        ),
        (
            "Kari Haugen, the Norwegian minister of defence, met his Finnish counterpart Antti Salminen.",
            [
                ("Kari Haugen", "Norwegian minister of defence", None, "NO"),
                ("Antti Salminen", None, None, "FI"),
            ],
        ),
        (
            "The Chief of the General Staff of Latvia, Lt. Gen. Peteris Ozols, will travel.",
            [("Peteris Ozols", "Chief of the General Staff of Latvia", "lt. gen.", "LV")],
        ),
        (
            "Poland's defence minister, Jan Brzozka, told Norway's Kari Haugen that he agreed.",
            [
                ("Jan Brzozka", "Poland's defence minister", None, "PL"),
                ("Kari Haugen", None, None, "NO"),
            ],
        ),
        ("It came after Mr Brzozka had left.", [("Brzozka", None, None, None)]),
        (
            "Ukraine's Chief of the General Staff Gen. Petro Hres and Ursula von der Leyen were there.",
            [
                ("Petro Hres", "Ukraine's Chief of the General Staff", "gen.", "UA"),
                ("Ursula von der Leyen", None, None, "EU"),
            ],
        ),
        ("On Monday the Black Sea was calm, and In May too.", []),
    ],
)
def test_persons(text: str, expected: list[tuple[str | None, ...]]) -> None:
    assert named(text, "en") == expected


def test_offices_without_names() -> None:
    text = "The defence ministers of Poland and Lithuania met; the Turkish foreign minister did not."
    assert unnamed(text, "en") == [
        ("defence minister of Poland", "PL"),
        ("defence minister of Lithuania", "LT"),
        ("Turkish foreign minister", "TR"),
    ]


def test_two_adjectives_before_one_office() -> None:
    assert [side for _, side in unnamed("The Polish and Lithuanian foreign ministers agreed.", "en")] == [
        "PL",
        "LT",
    ]


def test_a_surname_alone_is_filled_from_the_page() -> None:
    text = "Polish Defence Minister Jan Brzozka replied. Later Brzozka's office said no more."
    assert named(text, "en") == [("Jan Brzozka", "Polish Defence Minister", None, "PL")] * 2


def test_sides_by_their_capitals() -> None:
    assert sides("He told us that US troops, the UK, Poles, Kyiv and the EU agree.", "en") == [
        ("US", "name"),
        ("GB", "name"),
        ("PL", "people"),
        ("UA", "capital"),
        ("EU", "name"),
    ]


def test_two_spellings_of_one_name() -> None:
    text = "Polish Defence Minister Aleksandr Grigorenko called. Aliaksandr Hryhorenka said no more."
    assert [side for _, _, _, side in named(text, "en")] == ["PL", "PL"]
