# SPDX-License-Identifier: Apache-2.0
"""How English pages tell of contacts, statements, relations and exercises: many ways of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.press.helpers import find, shown

A = "Polish Defence Minister Marek Wolski"
B = "Czech Defence Minister Petr Novotny"
HEAD = "Polish Defence Minister Jan Nowak met Czech Defence Minister Petr Dvorak in Prague on 3 May 2023.\n\n"
NOWAK, DVORAK = ("Jan Nowak", "PL"), ("Petr Dvorak", "CZ")
POLES, CZECHS = (None, "PL"), (None, "CZ")

#: A text with the two ministers in it: kind, status, date and initiator of the one contact.
CONTACTS = [
    ("{A} and {B} spoke by phone on 3 May 2023.", ("phone_call", "held", "2023-05-03", None)),
    ("{A} spoke on the phone with {B} on 3 May 2023.", ("phone_call", "held", "2023-05-03", None)),
    ("{A} telephoned {B} on 3 May.", ("phone_call", "held", "XXXX-05-03", "PL")),
    ("{A} rang {B} on 3 May.", ("phone_call", "held", "XXXX-05-03", "PL")),
    ("{A} had a phone conversation with {B}.", ("phone_call", "held", None, None)),
    (
        "A telephone conversation between {A} and {B} took place on 3 May.",
        ("phone_call", "held", "XXXX-05-03", None),
    ),
    (
        "In a phone call on 3 May, {A} and {B} discussed the border.",
        ("phone_call", "held", "XXXX-05-03", None),
    ),
    ("{A} received a call from {B} on 3 May.", ("phone_call", "held", "XXXX-05-03", "CZ")),
    ("{A} took a call from {B}.", ("phone_call", "held", None, "CZ")),
    ("On 3 May a call was held between {A} and {B}.", ("phone_call", "held", "XXXX-05-03", None)),
    ("{A} held telephone talks with {B}.", ("phone_call", "held", None, None)),
    (
        "At the request of the Czech side, {A} spoke by telephone with {B}.",
        ("phone_call", "held", None, "CZ"),
    ),
    ("{B} initiated the call with {A}.", ("phone_call", "held", None, "CZ")),
    ("The call between {A} and {B} was initiated by Prague.", ("phone_call", "held", None, "CZ")),
    ("{A} and {B} will speak by phone on 3 May 2023.", ("phone_call", "planned", "2023-05-03", None)),
    ("A call between {A} and {B} is planned for 3 May 2023.", ("phone_call", "planned", "2023-05-03", None)),
    (
        "{A} tried to call {B} on 3 May, but there was no answer.",
        ("phone_call", "attempted", "XXXX-05-03", "PL"),
    ),
    ("{A} attempted to contact {B} by phone.", ("phone_call", "attempted", None, "PL")),
    ("{B} refused to take a call from {A}.", ("phone_call", "attempted", None, "PL")),
    ("{B} did not pick up the phone when {A} called on 3 May.", ("phone_call", "attempted", None, "PL")),
    ("{A} denied that he had spoken by phone with {B}.", ("phone_call", "denied", None, None)),
    ("{A} did not speak with {B} by phone, the Polish ministry said.", ("phone_call", "denied", None, None)),
    ("There was no phone call between {A} and {B}, Warsaw said.", ("phone_call", "denied", None, None)),
    ("Reports of a phone call between {A} and {B} are false.", ("phone_call", "denied", None, None)),
    ("{A} and {B} held a video conference on 3 May.", ("video_call", "held", "XXXX-05-03", None)),
    ("{A} spoke via video link with {B}.", ("video_call", "held", None, None)),
    ("{A} met virtually with {B}.", ("video_call", "held", None, None)),
    ("A videoconference between {A} and {B} was held.", ("video_call", "held", None, None)),
    ("{A} held a virtual meeting with {B}.", ("video_call", "held", None, None)),
    ("{A} met with {B} in Prague.", ("meeting", "held", None, None)),
    ("{A} and {B} met for talks in Prague.", ("meeting", "held", None, None)),
    ("A meeting of {A} and {B} took place in Prague on 3 May.", ("meeting", "held", "XXXX-05-03", None)),
    (
        "{A} held a bilateral meeting with {B} on the sidelines of a summit in Prague.",
        ("meeting", "held", None, None),
    ),
    ("{A} received {B} in Warsaw.", ("meeting", "held", None, None)),
    ("{A} hosted {B} in Warsaw on 3 May.", ("meeting", "held", "XXXX-05-03", None)),
    ("{A} welcomed {B} to Warsaw.", ("meeting", "held", None, None)),
    ("{A} held talks with {B} in Prague.", ("meeting", "held", None, None)),
    ("{A} and {B} held consultations.", ("meeting", "held", None, None)),
    ("{A} sat down with {B} in Prague.", ("meeting", "held", None, None)),
    ("{A} is to meet {B} on 3 May 2023.", ("meeting", "planned", "2023-05-03", None)),
    ("{A} is due to meet {B} in Prague next week.", ("meeting", "planned", None, None)),
    ("{A} plans to meet {B} in June.", ("meeting", "planned", "XXXX-06", None)),
    (
        "{A} arrived in Prague on 3 May on an official visit and was received by {B}.",
        ("visit", "held", "XXXX-05-03", None),
    ),
    (
        "{A} paid an official visit to Prague on 3 May, at the invitation of {B}.",
        ("visit", "held", "XXXX-05-03", "CZ"),
    ),
    ("{A} will visit the Czech Republic on 3 May 2023.", ("visit", "planned", "2023-05-03", None)),
    ("{A} travelled to Prague for talks with {B}.", ("visit", "held", None, None)),
    ("{A} is on a two-day visit to the Czech Republic.", ("visit", "held", None, None)),
    ("{A} used the hotline to contact {B} on 3 May.", ("hotline", "held", "XXXX-05-03", "PL")),
    (
        "Polish and Czech duty officers spoke over the hotline on 3 May.",
        ("hotline", "held", "XXXX-05-03", None),
    ),
    ("The hotline between Warsaw and Prague was used on 3 May.", ("hotline", "held", "XXXX-05-03", None)),
    (
        "The Czech side did not answer the hotline when Poland called on 3 May.",
        ("hotline", "attempted", None, "PL"),
    ),
    ("{A} sent a letter to {B} on 3 May.", ("message", "held", "XXXX-05-03", "PL")),
    ("{A} wrote to {B} on 3 May.", ("message", "held", "XXXX-05-03", "PL")),
    ("Warsaw handed Prague a note of protest on 3 May.", ("message", "held", "XXXX-05-03", "PL")),
    ("In a letter to {B}, {A} asked for details.", ("message", "held", None, None)),
    ("{B} received a letter from {A}.", ("message", "held", None, "PL")),
    ("{A} exchanged letters with {B}.", ("message", "held", None, None)),
    ("{A} and {B} spoke by phone after the collision on 3 May.", ("phone_call", "held", None, None)),
    (
        "{A} and {B} spoke by phone as both countries prepare for the drills of 5 June 2023.",
        ("phone_call", "held", None, None),
    ),
    ("{A} and {B}, who took office on 1 March 2022, met in Prague.", ("meeting", "held", None, None)),
    ("{A} and {B} met in Prague ahead of the summit on 5 June.", ("meeting", "held", None, None)),
    (
        "{A} met {B} in Prague to sign the treaty that will enter into force on 5 June 2024.",
        ("meeting", "held", None, None),
    ),
    ("On 3 May {A} met {B} to discuss the incident of 12 April.", ("meeting", "held", "XXXX-05-03", None)),
    ("{A} met {B} to discuss the incident of 12 April.", ("meeting", "held", None, None)),
]

NO_CONTACTS = [
    "{A} called on Prague to talk to {B}.",
    "{A} said he was ready to meet {B}.",
    "{A} proposed a meeting with {B}.",
    "{A} told reporters that {B} was wrong.",
    "Poland met the Czech Republic in a friendly match on 3 May.",
    "{A} spoke with reporters about the Czech Republic.",
    "The last meeting between {A} and {B} was in May 2017.",
    "{A} met Polish troops near the Czech border.",
    "{A} urged {B} to come to the negotiating table.",
    "{A} and {B} have not spoken since 2019.",
    "The hotline between Poland and the Czech Republic was installed on 3 May.",
    "Poland and the Czech Republic agreed to open a hotline between their general staffs.",
]


def contacts(text: str) -> list[tuple[Any, ...]]:
    found = [one for one in find(text, lang="en")["contacts"] if one["kind"] != "statement"]
    return [
        (one["kind"], one["status"], one["date"] and one["date"]["edtf"], one["initiator"]) for one in found
    ]


@pytest.mark.parametrize(("text", "expected"), CONTACTS)
def test_a_contact_is_known_however_it_is_told(text: str, expected: tuple[Any, ...]) -> None:
    assert contacts(text.format(A=A, B=B)) == [expected]


@pytest.mark.parametrize("text", NO_CONTACTS)
def test_what_is_no_contact(text: str) -> None:
    assert contacts(text.format(A=A, B=B)) == []


#: A sentence below HEAD: speaker (None for any institution) with side, type, mode and words ("" for any).
SAID = [
    (
        "Nowak said that Poland has no intention of closing the road.",
        [(NOWAK, "assurance", "indirect", "Poland has no intention of closing the road")],
    ),
    (
        "Nowak said in a statement on Friday that the road is closed.",
        [(NOWAK, "description", "indirect", "the road is closed")],
    ),
    (
        "“The road is closed,” Nowak said in a statement on Friday.",
        [(NOWAK, "description", "direct", "The road is closed")],
    ),
    (
        "“The road is closed,” the Polish minister said.",
        [(POLES, "description", "direct", "The road is closed")],
    ),
    ("“The road is closed,” he said.", [(NOWAK, "description", "direct", "The road is closed")]),
    ("“The road,” said Dvorak, “is closed for good.”", [(DVORAK, "description", "direct", "")]),
    (
        "Dvorak: “The road is closed for good.”",
        [(DVORAK, "description", "direct", "The road is closed for good")],
    ),
    (
        "“The road is closed for good,” Dvorak was quoted as saying by the ministry.",
        [(DVORAK, "description", "direct", "The road is closed for good")],
    ),
    (
        "The ministry quoted Dvorak as saying: “The road is closed for good.”",
        [(DVORAK, "description", "direct", "The road is closed for good")],
    ),
    (
        "Asked about the road, Dvorak replied that it is closed for good.",
        [(DVORAK, "description", "indirect", "it is closed for good")],
    ),
    (
        "Dvorak assured his Polish counterpart that the exercise would not threaten Poland.",
        [(DVORAK, "assurance", "indirect", "the exercise would not threaten Poland")],
    ),
    (
        "Dvorak gave assurances that the exercise is defensive.",
        [(DVORAK, "assurance", "indirect", "the exercise is defensive")],
    ),
    (
        "Dvorak pledged that the exercise would end by Friday.",
        [(DVORAK, "commitment", "indirect", "the exercise would end by Friday")],
    ),
    (
        "Dvorak promised to withdraw the tanks by Friday.",
        [(DVORAK, "commitment", "indirect", "to withdraw the tanks by Friday")],
    ),
    (
        "Dvorak vowed to keep the line open day and night.",
        [(DVORAK, "commitment", "indirect", "to keep the line open day and night")],
    ),
    (
        "Nowak demanded that the Czech side explain the flight.",
        [(NOWAK, "demand", "indirect", "the Czech side explain the flight")],
    ),
    ("Nowak called on Prague to explain the flight of its aircraft.", [(NOWAK, "demand", "indirect", "")]),
    ("Nowak urged his Czech counterpart to explain the flight.", [(NOWAK, "demand", "indirect", "")]),
    (
        "“Explain the flight at once,” Nowak demanded.",
        [(NOWAK, "demand", "direct", "Explain the flight at once")],
    ),
    (
        "Nowak denied that Polish aircraft had crossed the border.",
        [(NOWAK, "denial", "indirect", "Polish aircraft had crossed the border")],
    ),
    (
        "Nowak rejected the claim that Polish aircraft had crossed the border.",
        [(NOWAK, "denial", "indirect", "")],
    ),
    (
        "“Our aircraft did not cross the border,” Nowak said.",
        [(NOWAK, "denial", "direct", "Our aircraft did not cross the border")],
    ),
    (
        "Poland's defence ministry said its aircraft had not crossed the border.",
        [(POLES, "denial", "indirect", "its aircraft had not crossed the border")],
    ),
    (
        "The Polish Ministry of National Defence stated that the road is closed.",
        [(POLES, "description", "indirect", "the road is closed")],
    ),
    (
        "According to the Czech ministry, the road is closed for good.",
        [(CZECHS, "description", "indirect", "the road is closed for good")],
    ),
    (
        "The road is closed for good, according to the Czech defence ministry.",
        [(CZECHS, "description", "indirect", "The road is closed for good")],
    ),
    (
        "As the Czech ministry put it, the road is closed for good.",
        [(CZECHS, "description", "indirect", "the road is closed for good")],
    ),
    (
        "Prague maintains that the road is closed for good.",
        [(CZECHS, "description", "indirect", "the road is closed for good")],
    ),
    (
        "Warsaw, for its part, insists that the road be opened.",
        [(POLES, "demand", "indirect", "the road be opened")],
    ),
    (
        "The Czech side stressed that its exercise is defensive in nature.",
        [(CZECHS, "assurance", "indirect", "its exercise is defensive in nature")],
    ),
    (
        "The Polish delegation noted that the road is closed.",
        [(POLES, "description", "indirect", "the road is closed")],
    ),
    (
        "Adam Lis, spokesman for the Polish defence ministry, told Reuters that the road is closed.",
        [(("Adam Lis", "PL"), "description", "indirect", "the road is closed")],
    ),
    (
        "Speaking to reporters after the meeting, Dvorak said the road is closed.",
        [(DVORAK, "description", "indirect", "the road is closed")],
    ),
    (
        "“Poland will invite Czech observers to the exercise,” Nowak announced.",
        [(NOWAK, "commitment", "direct", "Poland will invite Czech observers to the exercise")],
    ),
    (
        "Nowak added that Dvorak had told him the tanks would leave by Friday.",
        [(DVORAK, "", "indirect", "the tanks would leave by Friday")],
    ),
    (
        "“Minister Dvorak assured me that the tanks would leave by Friday,” Nowak said.",
        [(DVORAK, "assurance", "indirect", "the tanks would leave by Friday")],
    ),
    (
        "Nowak said that Dvorak had promised to withdraw the tanks.",
        [(DVORAK, "commitment", "indirect", "to withdraw the tanks")],
    ),
    (
        "“We do not seek a confrontation,” said Dvorak. “Our neighbours have nothing to fear.”",
        [
            (DVORAK, "assurance", "direct", "We do not seek a confrontation"),
            (DVORAK, "assurance", "direct", "Our neighbours have nothing to fear"),
        ],
    ),
    (
        "He also warned that the road would be closed again.",
        [(NOWAK, "description", "indirect", "the road would be closed again")],
    ),
    (
        "Dvorak warned against closing the road to heavy traffic.",
        [(DVORAK, "", "indirect", "against closing the road to heavy traffic")],
    ),
    (
        "Dvorak accused Poland of closing the road to heavy traffic.",
        [(DVORAK, "description", "indirect", "of closing the road to heavy traffic")],
    ),
    (
        "In a post on X, Dvorak wrote: “The road is open to all.”",
        [(DVORAK, "description", "direct", "The road is open to all")],
    ),
    (
        "“The exercise poses no threat to anyone,” reads the statement of the Czech ministry.",
        [(CZECHS, "assurance", "direct", "The exercise poses no threat to anyone")],
    ),
    (
        "The Czech ministry's statement said that the exercise poses no threat.",
        [(CZECHS, "assurance", "indirect", "the exercise poses no threat")],
    ),
    (
        "The statement by the Czech ministry said the exercise poses no threat.",
        [(CZECHS, "assurance", "indirect", "the exercise poses no threat")],
    ),
    (
        "The Czech readout said the exercise poses no threat.",
        [(CZECHS, "assurance", "indirect", "the exercise poses no threat")],
    ),
    (
        "In its readout, Prague said that the exercise poses no threat.",
        [(CZECHS, "assurance", "indirect", "the exercise poses no threat")],
    ),
    (
        "The Kremlin said the road was closed for good.",
        [((None, "RU"), "description", "indirect", "the road was closed for good")],
    ),
    (
        "“The road stays closed,” a Czech official said on condition of anonymity.",
        [(CZECHS, "description", "direct", "The road stays closed")],
    ),
    (
        "Polish officials said the road was closed for good.",
        [(POLES, "description", "indirect", "the road was closed for good")],
    ),
    (
        "It was Nowak who said that the road was closed.",
        [(NOWAK, "description", "indirect", "the road was closed")],
    ),
    (
        "Nowak expressed concern over the build-up of troops near the border.",
        [(NOWAK, "description", "indirect", "")],
    ),
    (
        "Nowak reiterated Poland's commitment to peaceful relations with the Czech Republic.",
        [(NOWAK, "", "indirect", "")],
    ),
    (
        "The minister said he had not ordered the flight.",
        [(NOWAK, "", "indirect", "he had not ordered the flight")],
    ),
]

NOTHING_SAID = [
    "Both ministers said that the road is closed.",
    "The agency reported that the road is closed.",
    "Nowak thanked Dvorak for his hospitality.",
    "“Thank you for coming,” Nowak said.",
    "Nowak confirmed the call.",
]


def statements(sentence: str) -> list[dict[str, Any]]:
    text = HEAD + sentence
    found = [one for one in find(text, lang="en")["statements"] if one["span"][0] >= len(HEAD)]
    return [{**one, "words": shown(text, one["span"])} for one in found]


@pytest.mark.parametrize(("sentence", "expected"), SAID)
def test_who_says_what(sentence: str, expected: list[tuple[tuple[str | None, str], str, str, str]]) -> None:
    found = statements(sentence)
    assert len(found) == len(expected)
    for one, ((speaker, side), kind, mode, words) in zip(found, expected, strict=True):
        assert one["side"] == side
        assert one["mode"] == mode
        assert speaker in (None, one["speaker"])
        assert kind in ("", one["type"])
        assert words in ("", one["words"].rstrip("."))


@pytest.mark.parametrize("sentence", NOTHING_SAID)
def test_what_is_no_statement(sentence: str) -> None:
    assert statements(sentence) == []


#: More than one sentence, after CALL or without it: kind, status and date of each contact.
CALL = f"{A} spoke by phone with {B} on 3 May 2023. "
STORIES = [
    (
        "{CALL}The two ministers will talk again on 7 June 2023.",
        [("phone_call", "held", "2023-05-03"), ("phone_call", "planned", "2023-06-07")],
    ),
    (
        "{CALL}Wolski is due to travel to Prague on 7 June 2023.",
        [("phone_call", "held", "2023-05-03"), ("visit", "planned", "2023-06-07")],
    ),
    (
        "{CALL}The next meeting is scheduled for 7 June 2023 in Prague.",
        [("phone_call", "held", "2023-05-03"), ("meeting", "planned", "2023-06-07")],
    ),
    ("{CALL}No further meeting has been scheduled.", [("phone_call", "held", "2023-05-03")]),
    (
        "{CALL}They are expected to meet in person in June.",
        [("phone_call", "held", "2023-05-03"), ("meeting", "planned", "XXXX-06")],
    ),
    (
        "{CALL}Novotny accepted an invitation to visit Warsaw in June.",
        [("phone_call", "held", "2023-05-03"), ("visit", "planned", "XXXX-06")],
    ),
    ("{CALL}It was their second conversation this year.", [("phone_call", "held", "2023-05-03")]),
    ("{CALL}The conversation lasted half an hour.", [("phone_call", "held", "2023-05-03")]),
    ("{A} arrived in Prague on 3 May 2023 for two days.", [("visit", "held", "2023-05-03")]),
    ("{A} spent two days in Prague as a guest of {B}.", [("visit", "held", None)]),
    ("{A} led a delegation to Prague on 3 May 2023.", [("visit", "held", "2023-05-03")]),
    ("{A} tried in vain to get through to {B} on 3 May 2023.", [("phone_call", "attempted", "2023-05-03")]),
    (
        "{A} dialled the number of {B} twice on 3 May 2023. Nobody picked up.",
        [("phone_call", "attempted", "2023-05-03")],
    ),
    (
        "Warsaw's attempts to reach Prague by phone on 3 May 2023 were unsuccessful.",
        [("phone_call", "attempted", "2023-05-03")],
    ),
    ("The report that {A} had called {B} is fiction, Prague said.", [("phone_call", "denied", None)]),
    ("{A} took part in a virtual session with {B} on 3 May 2023.", [("video_call", "held", "2023-05-03")]),
    ("A letter signed by {A} reached {B} on 3 May 2023.", [("message", "held", "2023-05-03")]),
    (
        "Poland summoned the Czech ambassador on 3 May 2023 and handed him a note of protest.",
        [("meeting", "held", "2023-05-03")],
    ),
    (
        "{A} will meet his Czech counterpart on 3-4 May 2023.",
        [("meeting", "planned", "2023-05-03/2023-05-04")],
    ),
    (
        "The phone of the Polish duty officer rang on 3 May 2023; the Czech duty officer was calling.",
        [("phone_call", "held", "2023-05-03")],
    ),
    ("{A} met {B} in Prague. It took place on 3 May 2023.", [("meeting", "held", "2023-05-03")]),
    ("{A} met {B} in Prague. The meeting took place on 3 May 2023.", [("meeting", "held", "2023-05-03")]),
    ("{A} met {B} in Prague. The 3 May 2023 meeting lasted an hour.", [("meeting", "held", "2023-05-03")]),
]


@pytest.mark.parametrize(("text", "expected"), STORIES)
def test_a_contact_and_the_next_one(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert [one[:3] for one in contacts(text.format(A=A, B=B, CALL=CALL))] == expected


#: Sentences whose full date is not the contact's.
NOT_ITS_DATE = [
    "{A} and {B} spoke by phone for the first time since the treaty of 4 May 2019 lapsed.",
    "{A} met {B}, who was appointed on 4 May 2019, in Prague.",
    "{A} met {B} in Prague. Their previous meeting was held on 4 May 2019.",
    "{A} met {B} in Prague. They had last met on 4 May 2019 in Brno.",
    "{A} and {B} discussed by phone the exercise that starts on 4 May 2019.",
    "{A} told {B} by phone that the exercise would begin on 4 May 2019.",
    "{A} and {B} agreed by phone to open the bridge on 4 May 2019.",
    "{A} spoke by phone with {B} about the shooting on 4 May 2019.",
    "{A} spoke by phone with {B}, the ministry said in a statement published on 4 May 2019.",
    "{A} met {B} in Prague, where a memorial to the victims of 4 May 2019 stands.",
    "The agreement of 4 May 2019 was discussed when {A} met {B} in Prague.",
    "{A} called {B} two days after the drone crash on 4 May 2019.",
    "{A} met {B} in Prague; the text signed on 4 May 2019 remains in force.",
    "{A} met {B} in Prague, a year to the day after the 4 May 2019 accident.",
    "{A} invited {B} to the parade on 4 May 2019 during a phone call.",
    "{A} spoke with {B} by phone and congratulated him on the victory of 4 May 2019.",
]


@pytest.mark.parametrize("text", NOT_ITS_DATE)
def test_a_date_of_something_else_is_not_the_contacts(text: str) -> None:
    [(_, _, date, _)] = contacts(text.format(A=A, B=B))
    assert date is None


#: Quoted words of the Polish minister and their type.
TYPES = [
    ("Our aircraft have never entered Czech airspace", "denial"),
    ("No Polish drone crossed the border", "denial"),
    ("We did not jam anything", "denial"),
    ("We have not received any request", "description"),
    ("The Czech side must withdraw its tanks", "demand"),
    ("Prague should explain the incident", "demand"),
    ("We want Prague to open the line", "demand"),
    ("We expect the Czech Republic to give notice", "demand"),
    ("Withdraw the tanks from the bridge", "demand"),
    ("We'll publish the calendar on Friday", "commitment"),
    ("We will send two observers", "commitment"),
    ("Poland will hand over the data", "commitment"),
    ("I will answer every call", "commitment"),
    ("The exercise poses no threat to anyone", "assurance"),
    ("We do not intend to cross the river", "assurance"),
    ("Poland does not seek a quarrel", "assurance"),
    ("Our soldiers will not cross the river", "assurance"),
    ("These drills are not directed against Prague", "assurance"),
    ("Nobody has anything to fear from Poland", "assurance"),
    ("The talks were useful and frank", "description"),
    ("The bridge was closed on Sunday morning", "description"),
    ("Czech tanks stand at the bridge", "description"),
    ("The incident should be investigated by both sides", "description"),
    ("Poland has no plans to close the bridge", "assurance"),
    ("The troops return to barracks on Friday", "description"),
    ("Our troops will return to barracks on Friday", "commitment"),
    ("It was not our missile", "denial"),
    ("These claims are untrue", "denial"),
    ("Poland had nothing to do with the incident", "denial"),
    ("We were not involved in this", "denial"),
]


@pytest.mark.parametrize(("words", "expected"), TYPES)
def test_the_type_of_what_is_said(words: str, expected: str) -> None:
    assert [one["type"] for one in statements(f"“{words},” Nowak said.")] == [expected]


@pytest.mark.parametrize(
    ("text", "parties", "state", "since"),
    [
        ("Poland severed military ties with Belarus in August 2020.", ["BY", "PL"], "ended", "2020-08"),
        (
            "Polish-Belarusian military contacts have been suspended since 2021.",
            ["BY", "PL"],
            "suspended",
            "2021",
        ),
        ("Contacts between Poland and Belarus are now minimal.", ["BY", "PL"], "minimal_contacts", None),
        ("Military contacts between Warsaw and Minsk ended in 2020.", ["BY", "PL"], "ended", "2020"),
        ("Contacts between Greece and Turkey resumed in June 2023.", ["GR", "TR"], "normal", "2023-06"),
        ("Latvia reduced the level of diplomatic relations with Belarus.", ["BY", "LV"], "reduced", None),
    ],
)
def test_relations(text: str, parties: list[str], state: str, since: str | None) -> None:
    [one] = find(text, lang="en")["relations"]
    assert (one["parties"], one["state"], one["since"]) == (parties, state, since)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The exercise Northern Shore began on Monday.", "Northern Shore"),
        ("The drills, codenamed Amber Wall, began on Monday.", "Amber Wall"),
        ("The Northern Shore exercise began on Monday.", "Northern Shore"),
        ("Troops arrived for Zapad-2021 drills.", "Zapad-2021"),
        ("During exercise Trident Wave 18 a lorry overturned.", "Trident Wave 18"),
        ("The drills ‘Amber Wall’ began on Monday.", "Amber Wall"),
    ],
)
def test_an_exercise_needs_no_quotation_marks(text: str, name: str) -> None:
    assert [one["name"] for one in find(text, lang="en")["exercises"]] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Drills in the Black Sea began on Monday.",
        "The Northern Fleet exercise began on Monday.",
        "The exercise in Norway began on Monday.",
        "Polish Army drills began in May.",
    ],
)
def test_capitals_alone_name_no_exercise(text: str) -> None:
    assert find(text, lang="en")["exercises"] == []


def test_a_dateline_is_neither_a_speaker_nor_said() -> None:
    text = "PRAGUE, March 3 — The bridge stays closed, Polish Defence Minister Jan Nowak said on Friday."
    [one] = find(text, lang="en")["statements"]
    assert (one["side"], shown(text, one["span"])) == ("PL", "The bridge stays closed")


def test_a_verb_behind_and_has_the_subject_of_the_one_before() -> None:
    text = (
        "Polish Defence Minister Jan Nowak spoke by phone with his Czech counterpart Petr Dvorak "
        "and urged Prague to open the bridge, the Polish ministry said."
    )
    [one] = find(text, lang="en")["statements"]
    assert (one["speaker"], one["type"], one["addressee"]) == ("Jan Nowak", "demand", "CZ")
