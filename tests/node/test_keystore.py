# SPDX-License-Identifier: Apache-2.0
"""Keys open with their own passphrase only and never show; the root certifies what receivers accept."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from detente.errors import DetenteError, MalformedError, RefusedError, UsageError
from detente.node import keystore
from detente.node.home import Home
from detente.node.keystore import (
    add_office,
    change_mandate,
    mandates_in_force,
    new_card,
    prepare_logs,
    revoke,
    succession_terms,
    unlock_office,
    unlock_root,
    unlock_service,
)
from detente.node.store import SqliteStore
from detente.node.vaults import PREPARED_LOGS
from detente.seal import credential
from detente.seal.canonical import b64
from detente.seal.credential import parse_card_file
from detente.seal.keys import fingerprint

from .conftest import NOW, OFFICE_PASS, PASS, make_home


def store_of(home: Home) -> SqliteStore:
    return SqliteStore.open(home.store_file, read_only=True)


def test_a_new_party_vouches_for_itself(home: Home) -> None:
    _, card = parse_card_file(home.card_file.read_bytes())
    keys = unlock_service(home, PASS)
    assert (card.id, card.serial, card.endpoints) == ("BY", 1, ("https://127.0.0.1:8801",))
    assert card.party == home.info.fingerprint == fingerprint(unlock_root(home, PASS).public)
    assert (card.keys.node, card.keys.http, card.keys.kem) == (
        keys.node.public,
        keys.http.public,
        keys.kem.public,
    )
    (mandate,) = mandates_in_force(store_of(home))
    assert credential.check(mandate, card.root)["office"] == "duty"
    assert mandate["doc"]["key"] == b64(unlock_office(home, "duty", OFFICE_PASS).public)
    assert mandate["doc"]["signers"] == {"k": 1, "of": ["duty"]}


def test_prepared_logs_are_certified_and_used_in_turn(home: Home) -> None:
    keys = unlock_service(home, PASS)
    root = unlock_root(home, PASS)
    assert len(keys.logs) == PREPARED_LOGS
    used: set[str] = set()
    for _ in range(PREPARED_LOGS):
        log = keys.unused_log(used)
        cert = credential.parse(credential.check(log.certificate, root.public))
        assert isinstance(cert, credential.LogCert)
        assert (cert.log.public, cert.pq.public, cert.receipt.public) == (
            log.log.public,
            log.pq.public,
            log.receipt.public,
        )
        assert keys.log(log.origin) is log
        used.add(log.origin)
    with pytest.raises(RefusedError, match="detente keys prepare"):
        keys.unused_log(used)
    assert prepare_logs(home, root, PASS, 3, NOW) == PREPARED_LOGS + 3
    assert unlock_service(home, PASS).unused_log(used).origin not in used
    with pytest.raises(RefusedError, match="not in this home"):
        keys.log("detente.log/none")


def test_one_passphrase_opens_one_thing(tmp_path: Path) -> None:
    home = keystore.create_party(tmp_path / "ua", "UA", "n", None, "uk", "service", "office", "root", NOW)
    for unlock in (
        lambda: unlock_service(home, "office"),
        lambda: unlock_root(home, "service"),
        lambda: unlock_office(home, "duty", "service"),
    ):
        with pytest.raises(RefusedError, match="wrong passphrase") as caught:
            unlock()
        assert "\n" not in str(caught.value)
    assert unlock_root(home, "root").id != unlock_office(home, "duty", "office").id


def test_missing_damaged_and_foreign_key_files(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there: duty"):
        unlock_office(home, "desk", OFFICE_PASS)
    with pytest.raises(UsageError, match="no office"):
        unlock_office(home, "../root", OFFICE_PASS)
    raw = home.service_file.read_bytes()
    home.service_file.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(MalformedError, match="backup"):
        unlock_service(home, PASS)
    home.service_file.write_bytes(raw.replace(b'"sealed":"', b'"sealed":"AAAA'))
    with pytest.raises(DetenteError):
        unlock_service(home, PASS)
    home.service_file.write_bytes(home.root_file.read_bytes())
    with pytest.raises(MalformedError, match="service keys"):
        unlock_service(home, PASS)
    other = make_home(tmp_path / "other", "UA")
    with pytest.raises(RefusedError, match="another party"):
        unlock_root(other.path, PASS, home.info.fingerprint)


def test_the_root_key_can_be_elsewhere(home: Home, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    home.root_file.rename(usb / "root.json")
    with pytest.raises(UsageError, match="--root FILE"):
        unlock_root(home, PASS)
    assert unlock_root(usb, PASS).id == unlock_root(usb / "root.json", PASS, home.info.fingerprint).id
    unlock_service(home, PASS)


def test_secrets_do_not_show(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    keys = unlock_service(home, PASS)
    seeds = [keys.node.seed, keys.kem.seeds[0], next(iter(keys.logs.values())).log.seed]
    shown = f"{keys!r} {keys} {list(keys.logs.values())!r} {vars(home)} {keys.node!r}"
    files = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    for seed in seeds:
        assert repr(seed) not in shown
        assert seed.hex() not in shown
        assert b64(seed) not in shown
        assert seed not in files
        assert b64(seed).encode() not in files
    assert "PRIVATE" not in shown
    assert PASS not in shown
    assert caplog.text == ""


def test_empty_passphrases_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    for passes in (("", "o", None), ("s", "", None)):
        with pytest.raises(RefusedError, match="empty passphrase"):
            keystore.create_party(tmp_path / "x", "UA", "n", None, "uk", *passes, NOW)
    with pytest.raises(UsageError, match="party id"):
        keystore.create_party(tmp_path / "x", "ua", "n", None, "uk", "s", "o", None, NOW)
    with pytest.raises(UsageError, match="endpoint"):
        keystore.create_party(tmp_path / "x", "UA", "n", "nonsense", "uk", "s", "o", None, NOW)
    assert not (tmp_path / "x").exists()


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RefusedError("no space is left")

    monkeypatch.setattr(keystore, "write_office", broken)
    with pytest.raises(RefusedError, match="no space"):
        make_home(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_offices_come_change_and_go(home: Home) -> None:
    root = unlock_root(home, PASS)
    made = add_office(
        home,
        root,
        "desk",
        office_pass="third",
        now=NOW,
        kinds=["message"],
        precedence="priority",
        k=2,
        of=["desk", "duty"],
    )
    assert made["doc"]["signers"] == {"k": 2, "of": ["desk", "duty"]}
    assert home.offices() == ["desk", "duty"]
    key = unlock_office(home, "desk", "third")
    with pytest.raises(RefusedError, match="here already"):
        add_office(home, root, "desk", office_pass="x", now=NOW)
    changed = change_mandate(home, root, "desk", now=NOW + 1, kinds=["*"], until=NOW + 1000)
    assert (changed["doc"]["serial"], changed["doc"]["key"]) == (2, b64(key.public))
    assert [held["doc"]["serial"] for held in mandates_in_force(store_of(home))] == [2, 1]
    revocation = revoke(home, root, "desk", reason="left", now=NOW + 2)
    assert revocation["doc"]["revokes"] == credential.credential_id(changed["doc"])
    assert [held["doc"]["office"] for held in mandates_in_force(store_of(home))] == ["duty"]
    for call in (change_mandate, lambda *a, **k: revoke(*a, reason="", **k)):
        with pytest.raises(UsageError, match="no office nobody"):
            call(home, root, "nobody", now=NOW)


@pytest.mark.parametrize(
    "fields", [{"k": 3, "of": ["a", "b"]}, {"precedence": "loud"}, {"until": 5}, {"of": ["node!"]}]
)
def test_what_a_mandate_cannot_say(home: Home, fields: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="mandate"):
        add_office(home, unlock_root(home, PASS), "desk", office_pass="x", now=NOW, **fields)
    assert home.offices() == ["duty"]


def test_a_new_card_has_the_next_serial(home: Home) -> None:
    keys = unlock_service(home, PASS)
    made = new_card(home, unlock_root(home, PASS), keys, NOW + 5, endpoint="https://line.example:443")
    _, card = parse_card_file(json.dumps(home.card()).encode())
    assert card.serial == made["doc"]["serial"] == 2
    assert Home.open(home.path).info.endpoint == "https://line.example:443"


def test_serials_after_a_loss_go_above_what_may_have_been(home: Home) -> None:
    store = home.open_store()
    keys = unlock_service(home, PASS)
    home.adopt(store, keys.logs)
    store.close()
    made = new_card(home, unlock_root(home, PASS), keys, NOW, name="n")
    assert made["doc"]["serial"] == NOW // 1000


def test_succession_needs_a_log_and_the_right_root(home: Home, tmp_path: Path) -> None:
    keys = unlock_service(home, PASS)
    with pytest.raises(RefusedError, match="no log of ours"):
        succession_terms(store_of(home), keys, "c" * 32)
    other = make_home(tmp_path / "ua", "UA")
    old = {"origin": next(iter(keys.logs)), "size": 3, "root": b64(b"r" * 32)}
    terms = {"channel": "c" * 32, "old": old, "new": list(keys.logs)[1]}
    root = unlock_root(home, PASS)
    made = keystore.make_succession(home, root, reason="restored", now=NOW, **terms)
    assert isinstance(credential.parse(credential.check(made, root.public)), credential.SuccessionDoc)
    with pytest.raises(RefusedError, match="another party"):
        keystore.make_succession(home, unlock_root(other, PASS), reason="", now=NOW, **terms)


def test_the_certificate_is_one_that_tls_accepts(home: Home) -> None:
    keys = unlock_service(home, PASS)
    certificate = x509.load_pem_x509_certificate(keys.tls_cert_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name) for name in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert "BY" not in certificate.subject.rfc4514_string()
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=keys.tls_cert_pem.decode())
