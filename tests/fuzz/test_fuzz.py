# SPDX-License-Identifier: Apache-2.0
"""Every decoder of outside bytes has a target; the corpus is replayed, and changed a little, at every run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.fuzz import run
from tests.fuzz.places import CORPUS, MAX_SEED, MAX_SEEDS, REPO, name_of
from tests.fuzz.targets import ROOMS, TARGETS

NAMES = sorted(TARGETS)
# Python calls that an input may cost: for each byte, and to begin with. The dearest now are a whole page of
# the press and a bundle that is verified. Whatever reads its input anew for every part of it is far above.
CALLS_A_BYTE, CALLS = 400, 120_000
# Of these a large part is making what they are given: three members, signed notes, a second comparison.
COSTLY = {"entry", "line_parts"}


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_is_replayed(name: str) -> None:
    inputs = run.corpus_of(name)
    assert inputs
    for data in inputs:
        TARGETS[name].fuzz(data)


@pytest.mark.parametrize("name", NAMES)
def test_a_corpus_is_small_and_named_after_its_content(name: str) -> None:
    files = list((CORPUS / name).iterdir())
    assert len([path for path in files if not path.name.startswith("found-")]) <= MAX_SEEDS
    for path in files:
        raw = path.read_bytes()
        assert len(raw) <= MAX_SEED
        assert path.name.removeprefix("found-") == name_of(raw)


def test_no_corpus_is_without_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == TARGETS.keys()


def calls_of(name: str, data: bytes) -> int:
    """How many Python functions one input calls: the same on every machine."""
    count = 0

    def tally(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    fuzz = TARGETS[name].fuzz
    fuzz(data)  # what is worked out once is not the input's cost
    sys.setprofile(tally)
    try:
        fuzz(data)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", [name for name in NAMES if name not in COSTLY])
def test_no_input_costs_more_than_its_length_allows(name: str) -> None:
    for data in run.corpus_of(name):
        assert calls_of(name, data) <= CALLS + CALLS_A_BYTE * len(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_changed_inputs_let_out_declared_errors_only(name: str) -> None:
    runs, broke = run.search(TARGETS[name].fuzz, run.corpus_of(name), 0, examples=8 if name in COSTLY else 40)
    assert broke is None, f"kept as {run.keep_found(name, broke or b'')}"
    assert runs


@pytest.mark.slow
def test_what_breaks_a_target_is_found_and_kept(tmp_path: Path) -> None:
    def fragile(data: bytes) -> None:
        if b"detente.log/" in data and len(data) % 2:
            raise KeyError("planted")

    runs, broke = run.search(fragile, [b"a note of detente.log", b"x" * 8], 60)
    assert broke is not None and runs > 0
    with pytest.raises(KeyError):
        fragile(broke)
    kept = run.keep_found("fragile", broke, tmp_path)
    assert kept.read_bytes() == broke and kept.name.startswith("found-")


@pytest.mark.slow
def test_a_run_tells_what_it_did(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.main(["--seconds", "1", "--only", "frames"]) == 0
    assert re.search(r"frames +[\d,]+ inputs .* ok", capsys.readouterr().out)
    assert run.main(["--only", "nothing"]) == 2


# What reads bytes from outside, and the targets that go through it. A parser that is new belongs here.
DECODERS = {
    "seal/canonical.py": {"canonical"},
    "seal/statement.py": {"leaf", "entry"},
    "seal/credential.py": {"credential"},
    "seal/packet.py": {"packet", "parts", "line_parts"},
    "seal/keys.py": {"key"},
    "seal/vkey.py": {"vkey"},
    "seal/vault.py": {"vault"},
    "seal/epoch.py": {"grant"},
    "seal/callcode.py": {"callcode"},
    "seal/commit.py": {"commitment"},
    "log/note.py": {"note", "signed_text"},
    "log/checkpoint.py": {"checkpoint_fields", "signed_text"},
    "log/receipt.py": {"note", "signed_text"},
    "log/tiles.py": {"tiles"},
    "log/proof.py": {"proof"},
    "log/merkle.py": {"merkle"},
    "words/charter.py": {"charter", "charter_toml"},
    "words/kinds.py": {"body"},
    "words/phrases.py": {"phrase"},
    "words/render.py": {"body"},
    "line/accept.py": {"line_parts", "entry"},
    "line/signed.py": {"draft"},
    "record/bundle_zip.py": {"zip"},
    "record/verify.py": {"bundle", "files"},
    "record/timeline.py": {"views"},
    "record/entry.py": {"time"},
    "press/importer.py": {"page"},
    "press/compare.py": {"compare", "readout"},
    "press/formats.py": {"format"},
    "press/markup.py": {"markup", "format"},
    "press/json_text.py": {"export", "format"},
    "press/mhtml.py": {"mhtml", "format"},
    "node/path_http.py": {"request"},
    "node/path_auth.py": {"request", "signature_fields", "nonce"},
    "node/path_frames.py": {"frames"},
    "node/backup.py": {"backup"},
    "node/home.py": {"party_file"},
    "node/records.py": {"kept_leaf"},
    "web/writing.py": {"form"},
    "web/text.py": {"shown", "content"},
    "web/guard.py": {"console_headers"},
    "web/listener.py": {"console_headers"},
    "cli/stream.py": {"stream_line"},
}


def test_every_decoder_has_its_targets() -> None:
    source = REPO / "src" / "detente"
    for file, names in DECODERS.items():
        assert (source / file).is_file()
        assert names <= TARGETS.keys()
    assert set().union(*DECODERS.values()) == TARGETS.keys()
    assert len(ROOMS) == 9


PARSES = re.compile(
    r"tomllib\.loads|json\.loads|zipfile\.ZipFile\(|tarfile\.open\(|msgspec\.convert\(|fromisoformat\("
)
# These read what this program itself wrote or ships; what stands in them is checked where it came in.
OWN_FILES = {
    "cli/schemas.py", "node/casefile.py", "node/control.py", "node/demo_plan.py", "node/exports.py",
    "node/importing.py", "node/instance.py", "node/reads.py", "node/room.py", "node/store.py",
    "node/tables.py", "node/vaults.py",
    "press/data/__init__.py", "press/lexicon.py",
}  # fmt: skip


def test_a_file_that_parses_is_named_here() -> None:
    source = REPO / "src" / "detente"
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source).as_posix()
        if PARSES.search(path.read_text(encoding="utf-8")):
            assert name in DECODERS or name in OWN_FILES, f"{name} parses something: give it a target"
