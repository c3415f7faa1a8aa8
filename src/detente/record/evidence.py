# SPDX-License-Identifier: Apache-2.0
"""Check a folder of evidence by its own files alone: two heads of one log, or two successions of it.

Whose key it is follows from the card in the folder; that the card is whose it says, only a fingerprint that
was compared by another way can show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from detente.errors import DetenteError, MalformedError, VerificationError
from detente.line.forks import BEHIND, CONFLICT, FORK, RIVALS, SUCCESSIONS
from detente.log.fork import CONSISTENCY, ONE, TWO, ForkProof
from detente.seal import canonical, credential
from detente.seal.credential import Card, LogCert, SuccessionDoc
from detente.seal.vkey import VerifierKey

VKEY, CARD, CERTIFICATE, README = "log.vkey", "card.json", "log.json", "README.txt"
MAX_FILE = 64 * 1024

_WORDS = {
    FORK: f"""Two histories of one log.

{ONE} and {TWO} are two signed notes (C2SP signed-note, tlog-checkpoint) by one log key.
They cannot both be true:
- if both name the same size, they name two roots for it;
- else {CONSISTENCY} leads from another root of the smaller size to the larger note's root.
  Its first line is that root, the rest a consistency proof (RFC 9162, section 2.1.4), one hash
  a line in base64. A log that only grows cannot have had both.
""",
    RIVALS: f"""Two successions of one log.

{SUCCESSIONS[0]} and {SUCCESSIONS[1]} are credentials by one root key. Each says that another new log goes on
for the same old one. Each is {{"doc","sig"}}: Ed25519 over "detente/credential/v1", a line feed,
and the bytes of doc.
""",
    CONFLICT: f"""A head that the leaves which came with it do not yield.

{ONE} is the newest head that was held, {TWO} the one that was shown. The larger one's leaves
are not here, so a third party cannot tell from these files that the two contradict each other.
Ask the author for a consistency proof (RFC 9162, section 2.1.4) from the one to the other:
whoever kept to one history can give it.
""",
    BEHIND: f"""A head of our own log that is larger than what we held.

{TWO} was shown to us by a member: this home was an old state or a copy.
It proves no two histories.
""",
}


@dataclass(frozen=True)
class Verdict:
    """What a folder proves. ``party`` and ``fingerprint`` of whom; ``problem``: why it proves nothing."""

    what: str
    proven: bool
    party: str | None = None
    fingerprint: str | None = None
    log: str | None = None
    sizes: tuple[int, ...] = ()
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON value."""
        return asdict(self) | {"sizes": list(self.sizes)}


def readme(what: str, proven: bool) -> str:
    """What stands in the folder, for its reader."""
    tail = f"""
{VKEY} is the log's verifier key. {CARD} and {CERTIFICATE} are the party's card and the certificate
of that key, both signed by the party's root key, which is in the card. The party's fingerprint is
SHA-256 of the 32 bytes of that key. Compare it with the party by another way: nothing in this
folder can vouch for itself.

To check: detente evidence verify FOLDER, or any C2SP tool (Go: golang.org/x/mod/sumdb/note, tlog).
"""
    return _WORDS.get(what, "Evidence.\n") + (tail if proven else "")


def check(files: Mapping[str, bytes]) -> Verdict:
    """What the files of one folder prove; never raises for what is in them."""
    what = RIVALS if SUCCESSIONS[0] in files else FORK
    try:
        card = _card(files)
        return _rivals(files, card) if what == RIVALS else _fork(files, card)
    except DetenteError as error:
        return Verdict(what, False, problem=str(error))


def _card(files: Mapping[str, bytes]) -> Card:
    if CARD not in files:
        raise MalformedError(f"{CARD} is missing: nothing says whose key it is")
    return credential.parse_card_file(files[CARD])[1]


def _document(files: Mapping[str, bytes], name: str, card: Card) -> credential.Credential:
    if name not in files:
        raise MalformedError(f"{name} is missing")
    item = canonical.decode(files[name], limit=MAX_FILE)
    if not isinstance(item, dict):
        raise MalformedError(f"{name} is no credential")
    return credential.parse(credential.check(item, card.root))


def _fork(files: Mapping[str, bytes], card: Card) -> Verdict:
    cert = _document(files, CERTIFICATE, card)
    if not isinstance(cert, LogCert):
        raise VerificationError(f"{CERTIFICATE} is no certificate of a log")
    given = files.get(VKEY, b"").decode("ascii", "replace").strip()
    if VerifierKey.parse(given) != cert.log:
        raise VerificationError(f"{VKEY} is not the key that the party certified")
    one, two = ForkProof.from_files(files).check(cert.log)
    if one.origin != cert.origin:
        raise VerificationError("the notes are of another log than the certificate")
    return Verdict(FORK, True, card.id, card.party, cert.origin, (one.size, two.size))


def _rivals(files: Mapping[str, bytes], card: Card) -> Verdict:
    one, two = (_document(files, name, card) for name in SUCCESSIONS)
    if not isinstance(one, SuccessionDoc) or not isinstance(two, SuccessionDoc):
        raise VerificationError("two credentials that are no successions")
    if (one.channel, one.old.origin) != (two.channel, two.old.origin):
        raise VerificationError("they are successions of two logs")
    if one.new == two.new:
        raise VerificationError("both name the same new log: they prove nothing")
    return Verdict(RIVALS, True, card.id, card.party, one.old.origin, (one.old.size, two.old.size))
