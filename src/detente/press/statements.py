# SPDX-License-Identifier: Apache-2.0
"""Statements: who said what of which type, directly or by report, and who reports it."""

from __future__ import annotations

import re
from typing import Any

from detente.press.contacts import Contact
from detente.press.measures import is_measure
from detente.press.pieces import Piece, other_side
from detente.press.reading import Reading, finding, inside
from detente.press.sentences import sentences
from detente.press.source import Span, trim

_COURTESY = re.compile(
    r"(?:благодар\w+|спасибо|признател\w+|поздравля\w+|приветству\w+ (?:вас|всех)|рад\w? (?:встреч"
    r"|видеть|приветств))"
)
_CONTACT_TOLD = re.compile(
    r"(?:\w+ ){0,3}(?:бесед|разговор|встреч|переговор|звонок|контакт"
    r"|визит)\w* (?:\w+ ){0,3}(?:состоял|прошл|прошел|был|проведен|проводил|проходил|пройд"
    r"|состоит)\w*"
)
_TALKED_ONLY = re.compile(
    r"(?:мы|стороны|министры)?\s?(?:также )?(?:обсудил|обменял\w+ мнениями|поговорил|затронул|рассмотрел)\w*"
)

#: Words that calm about one's own intentions or conduct.
_CALM = re.compile(
    r"оборонительн\w+ (?:характер|направленност)|нос\w+ (?:исключительно |сугубо )?оборонительн"
    r"|сугубо оборонительн|исключительно оборонительн"
    r"|(?:угроз|риск|провокаци|агресси|нападени|вторжени|враждебн)\w*[^.]{0,140}?(?:исключен"
    r"|невозможн|не исход|не существу|не будет|отсутству|не представля|не нес\w+|нет(?!\w)"
    r"|не планиру)"
    r"|отсутств\w+ (?:\w+ ){0,2}(?:риск|угроз|намерени|план)|(?:нет|не существует|не имеет\w*"
    r"|не было|нету) (?:\w+ ){0,3}(?:угроз|намерени|план\w* (?:напад|втор|агресс))"
    r"|не (?:угрожа|представля\w+ (?:\w+ ){0,2}(?:угроз|опасн)|нес\w+ (?:\w+ )?угроз"
    r"|направлен\w* против|собира\w+|намерен\w*|планиру\w+|готов\w+ся (?:к войне|нападать))"
    r"|(?:не явля\w+|никогда не был\w*) (?:инициатор|источник|угроз|агрессор)\w*|мирн\w+ намерени"
    r"|не (?:нападет|нападем|допустим (?:войн|напад))"
)
_DEMAND = re.compile(
    r"(?<!\w)(?:требуем|требую|призываем|призываю|настаиваем|настаиваю)(?!\w)|(?:должн[аоы]?"
    r"|обязан[аоы]?|необходимо|следует|пора) (?:\w+ )?(?:немедленно |незамедлительно )?"
    r"(?:прекратить|отвести|вывести|отказаться|остановить|освободить|предоставить|вернуть"
    r"|соблюдать|объяснить|разъяснить)"
)
_COMMIT = re.compile(
    r"(?<!\w)(?:обязуемся|обязуюсь|обещаем|обещаю|гарантируем|гарантирую|обязуется"
    r"|намерен[аы]? (?:пригласить|предоставить|сообщ|уведом|вывести|отвести|прекратить|продолжить"
    r"|провести))"
    r"|(?:вернутся|будут выведены|будут отведены|пригласим|предоставим|уведомим|сообщим|выведем"
    r"|отведем|прекратим|будем (?:соблюдать|уведомлять|сообщать|информировать|приглашать"
    r"|поддерживать|выполнять))(?!\w)"
)
_DENIAL = re.compile(
    r"никак\w+ [^.]{0,60}не (?:было|вел|проводил|имел)\w*|не соответству\w+ действительности"
    r"|(?:это|является) (?:\w+ )?(?:лож|фейк|вымыс|неправд|дезинформаци)\w*|опроверга\w+"
    r"|никогда не (?:было|вел|проводил|нарушал|наносил|атаковал|пересекал)\w*"
    r"|не (?:нарушал|наносил|атаковал|пересекал|запускал|причастн|обстрелива|вторгал|сбивал"
    r"|размещал)\w*|(?<!\w)неправда(?!\w)"
)


def find_statements(r: Reading, pieces: list[Piece], contacts: list[Contact]) -> list[dict[str, Any]]:
    """``statements[]`` in the order of the page. Organisations' calls are appeals, not statements."""
    spans = [(span, piece) for piece in pieces for span in _spans(r, piece, pieces)]
    found = [_statement(r, span, piece, pieces, contacts) for span, piece in spans]
    kept = [one for one in found if one is not None]
    return sorted(kept, key=lambda one: (one["span"][0], -one["span"][1]))


def _spans(r: Reading, piece: Piece, pieces: list[Piece]) -> list[Span]:
    """A piece's own words, sentence by sentence; what an inner piece holds is that piece's."""
    inner = [
        one for one in inside(pieces, piece.start, piece.end) if one is not piece and _deeper(one, piece)
    ]
    if piece.mode == "indirect":
        return [] if inner else [(piece.start, piece.end)]
    found = []
    for low, high in sentences(r.text, piece.start, piece.end):
        if not any(low <= one.start < high for one in inner):
            found.append(trim(r.text, low, high))
    return found


def _deeper(one: Piece, piece: Piece) -> bool:
    return (one.start, one.end) != (piece.start, piece.end) or (
        one.mode == "indirect" and piece.mode == "direct"
    )


def _statement(
    r: Reading, span: Span, piece: Piece, pieces: list[Piece], contacts: list[Contact]
) -> dict[str, Any] | None:
    words = r.folded[span[0] : span[1]]
    speaker, office, side, continued = _speaker(r, span, piece, pieces)
    if piece.mode == "direct" and (
        _COURTESY.match(words) or (is_measure(r, span) and not _CALM.search(words))
    ):
        return None
    told = _CONTACT_TOLD.match(words) and not _DENIAL.search(words)
    if told or (_TALKED_ONLY.match(words) and piece.mode == "direct"):
        return None
    if _is_appeal(r, piece):
        return None
    if piece.mode == "indirect" and is_measure(r, span) and piece.sort == "say":
        return None
    kind, rule, sure = type_of(r, span, piece.sort, side)
    if (
        kind == "description"
        and piece.mode == "indirect"
        and any(span[0] <= one.at < span[1] for one in contacts)
    ):
        return None
    outer = next(
        (one for one in pieces if one.start <= span[0] and span[1] <= one.end and one is not piece), None
    )
    if (
        side is None
        and outer
        and outer.voice.side == piece.addressee
        and contacts
        and len(contacts[0].sides) == 2
    ):
        side = next((one for one in contacts[0].sides if one != piece.addressee), None)
        rule += "+other-party"
    reporter = outer.voice.side if outer and outer.voice.side != side else None
    return finding(
        f"{piece.rule}+{rule}" + ("+goes-on" if continued else ""),
        min(piece.confidence, sure) - (0.2 if continued else 0),
        speaker=speaker,
        office=office,
        side=side,
        addressee=piece.addressee or _addressee(r, span, side, contacts),
        type=kind,
        mode=piece.mode,
        outlet=piece.outlet,
        reported_by=reporter,
        span=list(span),
    )


def _speaker(
    r: Reading, span: Span, piece: Piece, pieces: list[Piece]
) -> tuple[str | None, str | None, str | None, bool]:
    """A ministry's quoted message that has begun to tell its minister's words goes on with them."""
    voice = piece.voice
    if piece.mode == "direct" and (voice.publisher or voice.speaker is None):
        told = [
            one
            for one in inside(pieces, piece.start, span[0])
            if one is not piece
            and one.mode == "indirect"
            and one.voice.office
            and one.voice.side == voice.side
        ]
        if told and "\n" not in r.text[told[-1].end : span[0]]:
            last = told[-1].voice
            return last.speaker, last.office, last.side, True
    return voice.speaker, voice.office, voice.side, False


def _is_appeal(r: Reading, piece: Piece) -> bool:
    """An organisation or a state calling on another: told in ``appeals``."""
    return (
        piece.sort == "demand"
        and piece.mode == "indirect"
        and piece.voice.office is None
        and piece.addressee is not None
    )


def type_of(r: Reading, span: Span, sort: str, side: str | None) -> tuple[str, str, float]:
    """(type, rule, confidence) from the reporting verb, else from the words themselves."""
    by_verb = {"assure": "assurance", "demand": "demand", "commit": "commitment", "deny": "denial"}
    if sort in by_verb:
        return by_verb[sort], f"{sort}-verb", 0.9
    words = r.folded[span[0] : span[1]]
    if _DENIAL.search(words):
        return "denial", "denial-words", 0.75
    if _DEMAND.search(words):
        return "demand", "demand-words", 0.75
    if _COMMIT.search(words):
        return "commitment", "commitment-words", 0.7
    if _CALM.search(words) and _about_self(r, span, side):
        return "assurance", "calming-words", 0.8
    return "description", "no-other-type", 0.7


def _about_self(r: Reading, span: Span, side: str | None) -> bool:
    """Calming words are an assurance only about one's own side: it is named first, or no side is."""
    named = [one for one in inside(r.sides, *span) if one.sort != "people"]
    if not named or side is None:
        return True
    if named[0].side == side:
        return True
    from_own = re.search(
        r"(?:со стороны|с территории|от|у) (?:\w+ )?$", r.folded[span[0] : _own(r, span, side)]
    )
    if from_own:
        return True
    left = r.folded[max(span[0], named[0].start - 20) : named[0].start]
    return bool(re.search(r"(?:для|против|по отношению к|на|в отношении|к) (?:\w+ )?$", left)) or bool(
        re.search(r"(?<!\w)(?:мы|нас|нам|наш\w*)(?!\w)", r.folded[span[0] : span[1]])
    )


def _own(r: Reading, span: Span, side: str) -> int:
    return next((one.start for one in inside(r.sides, *span) if one.side == side), span[0])


def _addressee(r: Reading, span: Span, side: str | None, contacts: list[Contact]) -> str | None:
    """The one other side that the words name, where it is a side of the contact."""
    other = other_side(r, *span, side)
    known = {one for contact in contacts for one in contact.sides}
    return other if other in known and side in known else None
