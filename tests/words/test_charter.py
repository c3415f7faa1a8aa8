# SPDX-License-Identifier: Apache-2.0
"""Charters: template, defaults, reading, amending."""

from __future__ import annotations

from typing import Any

import pytest

from detente.errors import MalformedError, UsageError
from detente.words import charter
from detente.words.kinds import KINDS, check_body

UA = {"fingerprint": "a" * 64, "id": "UA", "name": "Ministry"}
BY = {"fingerprint": "b" * 64, "id": "BY", "name": "Ministry"}


def test_the_template_reads_back_to_the_defaults() -> None:
    body = charter.from_toml(charter.template())
    assert "members" not in body
    assert body | {"members": [UA, BY]} == charter.charter_body([UA, BY])
    assert charter.from_toml("") == body


def test_the_defaults() -> None:
    read = charter.parse({"members": [UA]})
    assert set(read.floor) == {k.name for k in KINDS.values() if k.floor_default}
    assert read.ack_due == {"routine": 86_400, "priority": 7_200, "immediate": 900, "flash": 120}
    assert read.answer_due == {"explanation.request": 172_800}
    assert read.quotas is not None
    assert read.quotas.entries_per_day >= 1_000_000
    assert (read.test_every, read.readout_notice, read.emergency_release) == (3_600, 1_800, True)
    assert len(read.phrases) >= 30


def test_a_complete_body_passes_its_own_kind() -> None:
    body = charter.charter_body([charter.Member(**UA), BY], regimes=["vienna-2011"], about=None)
    check_body("charter", body)
    assert charter.parse(body).regimes == ["vienna-2011"]
    assert charter.parse(body).members[0].id == "UA"
    assert "about" not in body


def test_part_of_a_table_keeps_the_rest_of_it() -> None:
    body = charter.from_toml("[ack_due]\nflash = 60\n[quotas]\nflash_per_hour = 5")
    assert body["ack_due"] == {"routine": 86_400, "priority": 7_200, "immediate": 900, "flash": 60}
    assert body["quotas"]["flash_per_hour"] == 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("purpos = 'x'", "purpos"),
        ("floor = ['mesage']", "mesage"),
        ("[answer_due]\nmesage = 5", "mesage"),
        ("[ack_due]\nflash = 'soon'", "ack_due"),
        ("[ack_due]\nfast = 5", "fast"),
        ("test_every = 0", "test_every"),
        ("languages = 'en'", "languages"),
        ("languages = ['en", "TOML"),
        ("test_every = 2020-01-01", "test_every"),
        ("[[phrases]]\ncode = '1'\ntext = {en = 'a'}\n[[phrases]]\ncode = '1'\ntext = {en = 'b'}", "twice"),
        ("[[members]]\nid = 'ua'\nfingerprint = 'x'", "members"),
    ],
)
def test_a_mistake_is_told_with_its_field(text: str, names: str) -> None:
    with pytest.raises(UsageError, match=names):
        charter.from_toml(text)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"members": []},
        {"members": [UA, UA]},
        {"members": [UA, BY | {"id": "UA"}]},
        {"members": [UA], "floor": 5},
        {"members": [UA], "quotas": {"bytes_per_day": 0}},
        {"members": [UA] * 65},
    ],
)
def test_a_peer_s_charter_that_does_not_hold(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="charter"):
        charter.parse(body)


def test_a_peer_s_charter_may_know_more_than_we_do() -> None:
    read = charter.parse({"members": [UA], "floor": ["test", "weather"], "x": 1, "publication": None})
    assert read.floor == ["test", "weather"]
    assert {"weather", "test", "ack", "assent"} <= charter.open_kinds(read)
    assert "message" not in charter.open_kinds(read)


def test_an_amendment_is_a_merge_patch() -> None:
    body = charter.charter_body([UA, BY], publication="names only")
    after = charter.amend(
        body, {"test_every": 600, "ack_due": {"flash": 60}, "publication": None, "members": [UA]}
    )
    assert (after["test_every"], after["ack_due"]["flash"], after["ack_due"]["priority"]) == (600, 60, 7_200)
    assert "publication" not in after
    assert after["members"] == [UA]
    assert body["test_every"] == 3_600
    with pytest.raises(MalformedError, match="members"):
        charter.amend(body, {"members": None})


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": [1]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": "foo"}, "bar", "bar"),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ],
)
def test_merge_patch_does_what_rfc_7396_shows(target: Any, patch: Any, result: Any) -> None:
    assert charter.merge_patch(target, patch) == result
