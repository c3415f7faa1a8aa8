# SPDX-License-Identifier: Apache-2.0
"""A reading room: a directory of sources, what was found in them, and what people decided; no party, no keys.

::

    DIR/sources/<sha256>       each input, byte for byte as it came
    DIR/additions.jsonl        who added which, when, from where; only ever appended to
    DIR/decisions.jsonl        who decided what about which finding; only ever appended to
    DIR/gazetteer.toml         the reader's own names, if any
    DIR/derived/               findings and index: may be dropped, is made anew

Several programs may work in one room: files are written whole, lines are appended in one write.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from detente import __version__
from detente.errors import MalformedError, RefusedError, UsageError
from detente.node.files import PRIVATE_FILE, make_dir, read_file, write_private
from detente.press.decisions import LISTS, Decision, check_fields, decide, from_dict, taught
from detente.press.versions import Known, Mark, Relation, mark
from detente.press.views import View

#: Characters of a page's id that are enough, where only one page begins with them.
SHORTEST_PREFIX = 6
T = TypeVar("T")
_PAGE = re.compile(r"[0-9a-f]{64}(?:-\d{1,6})?")


@dataclass(frozen=True)
class Addition:
    """Somebody put an input in: its hash, name, address, dates as given; ``at`` RFC 3339 UTC, by whom."""

    sha256: str
    name: str
    at: str
    by: str
    url: str | None = None
    published: str | None = None
    captured: str | None = None
    lang: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As it is written down."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Row:
    """One page in the list: ``counts`` of findings by list, ``relation`` to an earlier page."""

    page: str
    sha256: str
    number: int
    name: str
    title: str | None
    url: str | None
    lang: str | None
    published: str | None
    added: str
    by: str
    counts: Mapping[str, int]
    relation: Relation | None
    mark: Mark


@dataclass(frozen=True)
class Shown:
    """A page to be looked at: what a person reads of it, its SOURCE with states, how it came."""

    row: Row
    view: View
    source: dict[str, Any]
    additions: tuple[Addition, ...]
    #: What the program reads, no decision applied.
    proposed: dict[str, Any]


class Room:
    """The room at ``path``. Everything but ``derived/`` is only ever added to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._additions: dict[str, list[Addition]] = {}
        self._rows: dict[str, Row] = {}
        self._known = Known()
        self._read: dict[str, str] = {}
        self._decisions: dict[str, list[Decision]] = {}
        self._read_to: dict[str, int] = {}
        #: Lines that cannot be read, by file: what a crash left half written, or damage.
        self.damaged: dict[str, int] = {}

    @classmethod
    def open(cls, path: str | Path, *, make: bool = False) -> Room:
        """The room at ``path``; with ``make`` an empty one where there is none.

        Raises UsageError where there is none, RefusedError where the directory cannot be made.
        """
        room = cls(Path(path))
        if not room.path.is_dir() and not make:
            raise UsageError(f"no reading room at {path}; make one with: detente press open {path}")
        if room.path.exists() and not room.path.is_dir():
            raise UsageError(f"cannot make {path}: a file of that name is there")
        for part in ("sources", "derived/findings"):
            make_dir(room.path / part)
        room.refresh()
        return room

    # What is there

    def refresh(self) -> None:
        """Take in what other programs added since."""
        for addition in self._lines("additions", lambda value: Addition(**value)):
            self._additions.setdefault(addition.sha256, []).append(addition)
        for decision in self._lines("decisions", from_dict):
            self._decisions.setdefault(decision.page, []).append(decision)
        for stamp, row in self._lines("derived/index", lambda value: (value["stamp"], _row(value))):
            if row.sha256 in self._additions:
                self._rows[row.page] = row
                self._read[row.sha256] = stamp
                self._known.add(row.mark)

    def rows(self) -> list[Row]:
        """The pages, the latest added first."""
        return sorted(self._rows.values(), key=lambda row: (row.added, row.page), reverse=True)

    def row(self, page: str) -> Row:
        """The page whose id is or begins with ``page``. UsageError if none or several do."""
        if page in self._rows:
            return self._rows[page]
        found = [one for one in self._rows if len(page) >= SHORTEST_PREFIX and one.startswith(page)]
        if len(found) != 1:
            raise UsageError(f"{'no page' if not found else 'several pages'} {page!r} in {self.path}")
        return self._rows[found[0]]

    def decisions(self, page: str) -> list[Decision]:
        """The decisions on a page's findings, in order."""
        return list(self._decisions.get(page, []))

    def unread(self) -> list[str]:
        """Inputs whose findings are not derived: new rules, new names, or ``derived/`` was dropped."""
        stamp = self.stamp()
        return [digest for digest in self._additions if self._read.get(digest) != stamp]

    def show(self, page: str) -> Shown:
        """A page with its findings and what was decided. UsageError, MalformedError."""
        row = self.row(page)
        view, proposed = self._derived(row)
        return Shown(
            row,
            view,
            decide(proposed, row.page, self.decisions(row.page)),
            tuple(self._additions[row.sha256]),
            proposed,
        )

    def raw(self, digest: str) -> bytes:
        """An input's bytes, checked against its hash. MalformedError if they differ from what came."""
        raw = read_file(self.path / "sources" / digest, "the source")
        if hashlib.sha256(raw).hexdigest() != digest:
            raise MalformedError(
                f"{self.path}/sources/{digest} is not what was put in: its hash differs; put it in again"
            )
        return raw

    def names(self) -> Mapping[str, Any]:
        """The reader's own gazetteer as a table; empty where there is none. MalformedError."""
        path = self.path / "gazetteer.toml"
        if not path.exists():
            return {}
        try:
            return tomllib.loads(read_file(path, "the gazetteer").decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise MalformedError(f"{path} cannot be read: {error}") from None

    def stamp(self) -> str:
        """What findings depend on beside the page: the program's version and the reader's own names."""
        path = self.path / "gazetteer.toml"
        own = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "none"
        return f"{__version__}/{own}"

    def addition(self, digest: str) -> Addition:
        """How an input is to be read: as it first came, with what only a later addition knows."""
        known = self._additions[digest]
        names = ("url", "published", "captured", "lang")
        later: dict[str, Any] = {
            name: next((value for one in known if (value := getattr(one, name))), None) for name in names
        }
        return replace(known[0], **later)

    # What is put in

    def holds(self, digest: str) -> bool:
        """Whether an input is there and was read by the present rules and names."""
        return digest in self._additions and self._read.get(digest) == self.stamp()

    def take(self, raw: bytes, addition: Addition, pages: Iterable[tuple[View, dict[str, Any]]]) -> list[Row]:
        """Keep an input with what was read in it, ``(view, SOURCE)`` a page: its rows.

        The same bytes again, from elsewhere or by somebody else, are an addition more, not a page more.
        RefusedError where it cannot be written.
        """
        digest = addition.sha256
        if digest not in self._additions:
            write_private(self.path / "sources" / digest, raw)
        if not any(replace(one, at=addition.at) == addition for one in self._additions.get(digest, ())):
            self._append("additions", addition.as_dict())
        return self.derive(digest, pages)

    def derive(self, digest: str, pages: Iterable[tuple[View, dict[str, Any]]]) -> list[Row]:
        """Keep what was read in an input that is there."""
        first = self._additions[digest][0]
        rows = []
        for number, (view, source) in enumerate(pages):
            page = f"{digest}-{number}" if number else digest
            one = mark(page, view, source)
            row = Row(
                page,
                digest,
                number,
                first.name,
                source.get("title") or _headline(view, source),
                source.get("url") or first.url,
                source.get("lang"),
                (source.get("published") or {}).get("edtf"),
                first.at,
                first.by,
                {name: len(source[name]) for name in LISTS if source.get(name)},
                self._known.relate(one),
                one,
            )
            kept = {"view": view.text, "segments": view.segments, "source": source}
            write_private(self._findings(page), json.dumps(kept, ensure_ascii=False).encode("utf-8"))
            self._append("derived/index", {**_as_dict(row), "stamp": self.stamp()})
            rows.append(row)
        return rows

    def decide(
        self,
        page: str,
        name: str,
        span: tuple[int, int],
        verdict: str,
        *,
        by: str,
        at: str,
        fields: Mapping[str, str | None] | None = None,
        note: str = "",
    ) -> Decision:
        """Keep a decision on the finding of the list ``name`` at ``span``. UsageError if there is none."""
        shown = self.show(page)
        found = next((one for one in shown.proposed.get(name, []) if tuple(one["span"]) == span), None)
        if found is None:
            found = next((one for one in shown.source.get(name, []) if tuple(one["span"]) == span), None)
        if found is None:
            raise UsageError(f"no finding of {name} at {span[0]}-{span[1]} on {page[:12]}")
        proposed = {key: value for key, value in found.items() if key not in ("decided", "now_read")}
        changes = dict(fields or {})
        if verdict == "corrected":
            check_fields(name, proposed, changes)
            if not changes:
                raise UsageError("a correction says what it corrects")
        decision = Decision(at, by, shown.row.page, name, span, verdict, changes, proposed, note)
        self._append("decisions", decision.as_dict())
        self._learn(decision)
        return decision

    def attach(
        self, other: Room, read: Callable[[bytes, Addition], list[tuple[View, dict[str, Any]]]]
    ) -> int:
        """Take in another room's sources, additions and decisions: how many sources were new here."""
        fresh = 0
        for digest, additions in other._additions.items():
            here = set(self._additions.get(digest, []))
            fresh += not here
            for one in additions:
                if one not in here:
                    raw = other.raw(digest)
                    self.take(raw, one, read(raw, one))
        for page, decisions in other._decisions.items():
            for decision in decisions:
                if decision not in self._decisions.get(page, []):
                    self._append("decisions", decision.as_dict())
        return fresh

    # Inside

    def _learn(self, decision: Decision) -> None:
        lines = []
        for lesson in taught(decision):
            keys = {key: value for key, value in lesson.items() if key != "table" and value}
            fields = "\n".join(
                f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()
            )
            source = json.dumps(f"correction by {decision.by}, {decision.at}, page {decision.page[:12]}")
            lines.append(f"\n[[{lesson['table']}]]\n{fields}\nsource = {source}\n")
        if lines:
            path = self.path / "gazetteer.toml"
            before = read_file(path, "the gazetteer") if path.exists() else b""
            write_private(path, before + "".join(lines).encode("utf-8"))

    def _findings(self, page: str) -> Path:
        if not _PAGE.fullmatch(page):
            raise UsageError(f"{page!r} is no page")
        return self.path / "derived" / "findings" / f"{page}.json"

    def _derived(self, row: Row) -> tuple[View, dict[str, Any]]:
        raw = read_file(self._findings(row.page), "the findings")
        try:
            kept = json.loads(raw)
            segments = tuple((one[0], one[1], one[2], one[3]) for one in kept["segments"])
            return View(kept["view"], segments), kept["source"]
        except (ValueError, KeyError, TypeError, IndexError):
            raise MalformedError(
                f"{self._findings(row.page)} is damaged; delete {self.path}/derived, it is made anew"
            ) from None

    def _lines(self, name: str, made: Callable[[Any], T]) -> Iterator[T]:
        """What a file's lines say that were not read yet; ``damaged`` counts those that cannot be."""
        path = self.path / f"{name}.jsonl"
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read_to.get(name, 0))
            for line in file:
                if not line.endswith(b"\n"):
                    break  # somebody is writing it, or was when the power went
                self._read_to[name] = self._read_to.get(name, 0) + len(line)
                try:
                    yield made(json.loads(line))
                except (ValueError, KeyError, TypeError, MalformedError):
                    self.damaged[name] = self.damaged.get(name, 0) + bool(line.strip())

    def _append(self, name: str, value: Mapping[str, Any]) -> None:
        """Add a line, whole and synced, and take in what the file has. RefusedError if it cannot be."""
        path = self.path / f"{name}.jsonl"
        line = json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n"
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, PRIVATE_FILE)
            try:
                line = b"\n" + line if _torn(handle) else line
                if os.write(handle, line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise RefusedError(f"cannot write {path}: {error.strerror}; nothing was kept") from None
        self.refresh()


def _torn(handle: int) -> bool:
    """Whether the file's last line has no end: a crash while it was written."""
    size = os.fstat(handle).st_size
    return bool(size) and os.pread(handle, 1, size - 1) != b"\n"


def _headline(view: View, source: Mapping[str, Any]) -> str | None:
    """The first line of the body, for the list."""
    for span in source["body"]:
        start, end = view.span(*span)
        for line in view.text[start:end].splitlines():
            if line.strip():
                return " ".join(line.split())[:120]
    return None


def _as_dict(row: Row) -> dict[str, Any]:
    lines = sorted(row.mark.lines)
    relation = [row.relation.kind, row.relation.of] if row.relation else None
    return {
        **row.__dict__,
        "counts": dict(row.counts),
        "relation": relation,
        "mark": {**row.mark.__dict__, "lines": lines},
    }


def _row(value: Mapping[str, Any]) -> Row:
    fields = {key: item for key, item in value.items() if key != "stamp"}
    fields["relation"] = Relation(*value["relation"]) if value["relation"] else None
    fields["mark"] = Mark(**{**value["mark"], "lines": frozenset(value["mark"]["lines"])})
    return Row(**fields)
