# SPDX-License-Identifier: Apache-2.0
"""``detente init``, ``card``, ``meet``: make a party, and get to know another."""

from __future__ import annotations

import re
import sys
from urllib.parse import urlsplit

import click

from detente.cli import common
from detente.cli.common import HomeCommand, home_argument, json_option
from detente.errors import MalformedError, RefusedError, UsageError

_PARTY = re.compile(r"[A-Z0-9-]{1,16}")


@click.command()
@click.argument("home", metavar="HOME", envvar=common.HOME_VARIABLE)
@click.option(
    "--party", required=True, metavar="ID", help="Short id: capital letters, digits, dashes, at most 16."
)
@click.option("--name", required=True, metavar="NAME", help="The authority's name.")
@click.option("--endpoint", metavar="URL", help="Where other parties reach its line, https://HOST:PORT.")
@click.option("--lang", default="en", show_default=True, metavar="L", help="Its language.")
@json_option
def init(home: str, party: str, name: str, endpoint: str | None, lang: str, as_json: bool) -> None:
    """Make a party: root key, service keys, first office, store."""
    from detente.cli import secrets
    from detente.cli.times import now_ms
    from detente.node.keystore import FIRST_OFFICE, create_party
    from detente.seal.keys import fingerprint_words

    if not _PARTY.fullmatch(party):
        raise UsageError(f"--party {party!r}: capital letters, digits and dashes, 1 to 16 of them")
    _check_endpoint(endpoint)
    service = secrets.new_service_passphrase()
    made = create_party(
        home,
        party=party,
        name=name,
        endpoint=endpoint,
        lang=lang,
        service_pass=service,
        office_pass=secrets.new_office_passphrase(FIRST_OFFICE),
        root_pass=secrets.new_root_passphrase(service),
        now=now_ms(),
    )
    fingerprint = made.info.fingerprint
    document = {
        "home": str(made.path),
        "party": party,
        "name": name,
        "fingerprint": fingerprint,
        "words": fingerprint_words(fingerprint),
        "endpoint": endpoint,
        "office": FIRST_OFFICE,
        "root_key": str(made.root_file),
    }
    if as_json:
        common.emit(document)
        return
    common.tell(
        f"party        {party}, {name}\nhome         {made.path}\noffice       {FIRST_OFFICE}, signs alone"
    )
    common.tell(shown(fingerprint))
    common.tell(
        "The root key is still here. Take it away from this machine:"
        f" detente keys take-root-offline {home} FILE"
    )


@click.command(cls=HomeCommand)
@home_argument
@json_option
def card(home: str, as_json: bool) -> None:
    """Print the party's public card: one line of JSON, to be given to other parties."""
    common.emit(common.open_home(home).card())


@click.command(cls=HomeCommand)
@home_argument
@click.argument("card_file", metavar="CARD")
@click.option("--yes", is_flag=True, help="The fingerprint was compared.")
@json_option
def meet(home: str, card_file: str, yes: bool, as_json: bool) -> None:
    """Take in another party's card, showing its fingerprint to compare by voice.

    CARD is a file, or - for standard input.
    """
    from detente.seal.credential import parse_card_file
    from detente.seal.keys import fingerprint_words

    party = common.open_home(home)
    try:
        credential, other = parse_card_file(common.read_input(card_file, "the card"))
    except MalformedError as error:
        raise type(error)(f"{card_file} is not a card to rely on: {error}; ask for it again") from None
    if other.party == party.info.fingerprint:
        raise RefusedError(
            f"{card_file} is this party's own card; give it to the other side, and take in theirs"
        )
    if not as_json or not yes:
        click.echo(f"{other.id}, {common.printable(other.name)}\n{shown(other.party)}", err=as_json)
    if not yes and not _compared(other.id):
        raise RefusedError(f"{other.id} was not taken in: its fingerprint was not confirmed")
    common.call(party, "meet", card=credential)
    if as_json:
        words = fingerprint_words(other.party)
        common.emit({"party": other.id, "name": other.name, "fingerprint": other.party, "words": words})


def shown(fingerprint: str) -> str:
    """A fingerprint to be read out: hex in groups of four, and twelve words."""
    from detente.seal.keys import fingerprint_words

    groups = " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))
    return f"fingerprint  {groups}\nin words     {fingerprint_words(fingerprint)}"


def _compared(other: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("compare the fingerprint with the other side by voice, then say --yes")
    question = f"Did {other} read out the same fingerprint, by voice, over another line?"
    return click.confirm(question, default=False, err=True)


def _check_endpoint(endpoint: str | None) -> None:
    if endpoint is None:
        return
    try:
        url = urlsplit(endpoint)
        good = url.scheme in ("https", "http") and url.hostname and (url.port is None or url.port > 0)
    except ValueError:
        good = None
    if not good:
        raise UsageError(f"--endpoint {endpoint!r} is no address; write it as https://HOST:PORT")
