# SPDX-License-Identifier: Apache-2.0
"""HOME that may be left out, and channels and entries by short names."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from detente.cli import common
from detente.cli.times import Time
from detente.errors import RefusedError, UsageError

ONE, TWO = "ab" * 16, "abcdef" + "12" * 13


@click.command(cls=common.HomeCommand)
@common.home_argument
@common.channel_argument
@click.argument("kind", required=False)
@click.option("--re", "re_", multiple=True)
def say(**values: Any) -> dict[str, Any]:
    """A command with the shape of the real one."""
    return values


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "party.json").write_text("{}")
    monkeypatch.setenv("DETENTE_HOME", str(tmp_path))
    return str(tmp_path)


def _parse(*arguments: str) -> dict[str, Any]:
    return say.make_context("say", list(arguments)).params


def test_home_may_be_left_out(home: str) -> None:
    assert _parse("123456", "message") == {"home": home, "channel": "123456", "kind": "message", "re_": ()}
    assert _parse("123456", "--re", "UA-1", "message")["home"] == home


def test_a_home_that_is_given_is_taken(home: str) -> None:
    other = Path(home) / "other"
    other.mkdir()
    (other / "party.json").write_text("{}")
    assert _parse(str(other), "123456", "message")["home"] == str(other)


def test_a_full_call_is_left_alone_so_that_a_misspelt_home_is_named(home: str) -> None:
    assert _parse("misspelt", "123456", "message")["home"] == "misspelt"


def test_without_the_variable_home_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DETENTE_HOME", raising=False)
    with pytest.raises(click.MissingParameter):
        _parse()


def test_a_channel_is_found_by_six_digits_or_more() -> None:
    assert common.find_channel([ONE, TWO], ONE.upper(), "by") == ONE
    assert common.find_channel([ONE, TWO], "abcdef", "by") == TWO
    for text in ("abcde", "not hex"):
        with pytest.raises(UsageError, match="no channel id"):
            common.find_channel([ONE, TWO], text, "by")
    with pytest.raises(RefusedError, match="no channel ffffff in by"):
        common.find_channel([ONE, TWO], "ffffff", "by")
    with pytest.raises(RefusedError, match="names 2 of them"):
        common.find_channel([ONE, ONE[:30] + "00"], "ababab", "by")


def _entries(*names: tuple[str, str]) -> list[Any]:
    return [SimpleNamespace(id=identifier, ref=ref) for identifier, ref in names]


def test_an_entry_is_found_by_id_prefix_or_ref() -> None:
    entries = _entries(("aa" * 32, "UA-57"), ("ab" * 32, "UA-5"), ("ab" * 31 + "cd", "BY-5"))
    assert common.find_entry(entries, "ua-57", "x").ref == "UA-57"
    assert common.find_entry(entries, "aaaaaa", "x").ref == "UA-57"
    assert common.find_entry(entries, "ab" * 32, "x").ref == "UA-5"
    with pytest.raises(RefusedError, match="names 2 of them"):
        common.find_entry(entries, "ababab", "x")
    for text in ("UA-5x", "aaaaa", "ffffff"):
        with pytest.raises(RefusedError, match="no entry"):
            common.find_entry(entries, text, "x")


def test_an_entry_placed_twice_is_still_one() -> None:
    assert (
        common.find_entry(_entries(("aa" * 32, "UA-5"), ("aa" * 32, "UA-9")), "aaaaaa", "x").id == "aa" * 32
    )


def test_times_are_rfc_3339() -> None:
    kind = Time()
    assert kind.convert("2022-02-14T09:30:00Z", None, None) == 1_644_831_000_000
    assert kind.convert("2022-02-14T11:30:00+02:00", None, None) == 1_644_831_000_000
    for text in ("2022-02-14T09:30:00", "14.02.2022", "", "2022-13-01"):
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)
