# SPDX-License-Identifier: Apache-2.0
"""A peer from another trade: two Matrix servers (Synapse) that federate over loopback.

From sending a message of 1 KiB at one to its being in the sync of a user of the other. Synapse comes from the
package index into an environment of its own, kept in the system's folder for temporary files. It does far
more than a line does.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import hmac
import http.client
import ipaddress
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from figures import Sheet, quantile
from parties import free_port

NAME = "Matrix/Synapse, sent at one server to visible at the other"
SECRET = "measurement"
_VENV = Path(tempfile.gettempdir()) / "detente-bench-synapse"
_START = 60.0

# `federation_ip_range_blacklist` is the name that counts; the one with `blocklist` is ignored in silence.
_CONFIG = """
server_name: "localhost:{federation}"
public_baseurl: "http://127.0.0.1:{client}/"
pid_file: {home}/pid
listeners:
  - port: {federation}
    tls: true
    type: http
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [federation], compress: false}}]
  - port: {client}
    tls: false
    type: http
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [client], compress: false}}]
tls_certificate_path: {place}/tls.pem
tls_private_key_path: {place}/tls.key
federation_custom_ca_list: ["{place}/tls.pem"]
federation_ip_range_blacklist: []
ip_range_blacklist: []
trusted_key_servers: []
suppress_key_server_warning: true
report_stats: false
registration_shared_secret: "{secret}"
macaroon_secret_key: "{secret}"
form_secret: "{secret}"
signing_key_path: {home}/signing.key
media_store_path: {home}/media
log_config: {home}/log.yaml
presence: {{enabled: false}}
database: {{name: sqlite3, args: {{database: {home}/server.db}}}}
rc_message: &free {{per_second: 1000000, burst_count: 1000000}}
rc_registration: *free
rc_joins: {{local: *free, remote: *free}}
rc_joins_per_room: *free
rc_federation: {{window_size: 1000, sleep_limit: 10000000, reject_limit: 10000000, concurrent: 100}}
"""
_LOG = """
version: 1
handlers: {{file: {{class: logging.FileHandler, filename: {home}/log}}}}
root: {{level: WARNING, handlers: [file]}}
"""


def measure(sheet: Sheet, place: Path, quick: bool) -> None:
    """Single messages, the next when the one before is seen; a note where Synapse cannot be had."""
    reason = _install()
    if reason:
        sheet.put(NAME, skipped=reason)
        return
    where = place / "synapse"
    where.mkdir()
    _certificate(where)
    servers = [_Server(where, name) for name in ("one", "other")]
    try:
        for server in servers:
            server.wait()
        taken = _messages(servers[0], servers[1], 30 if quick else 200)
    except (OSError, RuntimeError, Empty) as error:
        sheet.put(NAME, skipped=f"it did not work here: {error!r}")
        return
    finally:
        for server in servers:
            server.stop()
    done = subprocess.run(
        [
            _VENV / "bin/python",
            "-c",
            "from importlib.metadata import version as v; print(v('matrix-synapse'))",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    sheet.spread(NAME, taken, p90_us=round(quantile(taken, 0.9) * 1e6, 1), version=done.stdout.strip())


def _install() -> str:
    """Why there is no Synapse; empty if there is."""
    python = _VENV / "bin/python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(_VENV)], check=True, capture_output=True)
        if subprocess.run(
            [python, "-c", "import synapse.app.homeserver"], capture_output=True, check=False
        ).returncode:
            install = [python, "-m", "pip", "install", "-q", "matrix-synapse"]
            subprocess.run(install, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        return f"Synapse could not be installed from the package index: {error}"
    return ""


def _certificate(place: Path) -> None:
    """A certificate for localhost that both servers use and rely on."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding, no = serialization.Encoding.PEM, serialization.NoEncryption()
    (place / "tls.pem").write_bytes(certificate.public_bytes(encoding))
    (place / "tls.key").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no))


class _Server:
    """One homeserver in a process of its own."""

    def __init__(self, place: Path, name: str) -> None:
        home = place / name
        home.mkdir()
        self.client, self.federation = free_port(), free_port()
        self._home = home
        text = _CONFIG.format(
            federation=self.federation, client=self.client, home=home, place=place, secret=SECRET
        )
        (home / "server.yaml").write_text(text)
        (home / "log.yaml").write_text(_LOG.format(home=home))
        call = [_VENV / "bin/python", "-m", "synapse.app.homeserver", "-c", str(home / "server.yaml")]
        subprocess.run([*call, "--generate-keys"], cwd=home, check=True, capture_output=True)
        with (home / "out").open("wb") as out:
            self._process = subprocess.Popen(call, cwd=home, stdout=out, stderr=out)

    def wait(self) -> None:
        """Until it answers. Raises RuntimeError."""
        until = time.monotonic() + _START
        while time.monotonic() < until and self._process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                _Client(self.client).ask("GET", "/_matrix/client/versions")
                return
            time.sleep(0.2)
        raise RuntimeError(f"a server did not start: {(self._home / 'out').read_text()[-500:]}")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def register(self, name: str) -> _Client:
        """A user with a connection of its own."""
        client = _Client(self.client)
        nonce = client.ask("GET", "/_synapse/admin/v1/register")["nonce"]
        said = "\0".join((nonce, name, SECRET, "notadmin")).encode()
        mac = hmac.new(SECRET.encode(), said, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": SECRET, "admin": False, "mac": mac}
        client.token = client.ask("POST", "/_synapse/admin/v1/register", body)["access_token"]
        return client


class _Client:
    """One connection kept alive."""

    def __init__(self, port: int, token: str = "") -> None:
        self._port, self.token = port, token
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def twin(self) -> _Client:
        """The same user by another connection."""
        return _Client(self._port, self.token)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call. Raises RuntimeError."""
        head = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        raw = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, raw, head)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content)


def _messages(one: _Server, other: _Server, count: int) -> list[float]:
    """Seconds from the call that sends to the sync that shows, message by message."""
    sender, reader = one.register("sender"), other.register("reader")
    made = sender.ask("POST", "/_matrix/client/v3/createRoom", {"preset": "public_chat"})
    room = urllib.parse.quote(made["room_id"])
    reader.ask("POST", f"/_matrix/client/v3/join/{room}?server_name=localhost%3A{one.federation}", {})
    seen: SimpleQueue[tuple[float, int]] = SimpleQueue()
    ready, ending = threading.Event(), threading.Event()
    thread = threading.Thread(target=_sync, args=(reader.twin(), made["room_id"], seen, ready, ending))
    thread.start()
    ready.wait(_START)
    taken = []
    try:
        for number in range(count + 10):
            began = time.perf_counter()
            path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{number}"
            sender.ask("PUT", path, {"msgtype": "m.text", "body": "x" * 1000, "n": number})
            while (found := seen.get(timeout=_START))[1] != number:
                pass
            taken.append(found[0] - began)
            time.sleep(0.01)  # the other's long poll is set up again
    finally:
        ending.set()
        thread.join()
    return taken[10:]


def _sync(
    client: _Client,
    room: str,
    seen: SimpleQueue[tuple[float, int]],
    ready: threading.Event,
    ending: threading.Event,
) -> None:
    since = client.ask("GET", "/_matrix/client/v3/sync?timeout=0")["next_batch"]
    ready.set()
    while not ending.is_set():
        answer = client.ask("GET", f"/_matrix/client/v3/sync?timeout=1000&since={since}")
        now, since = time.perf_counter(), answer["next_batch"]
        joined = answer.get("rooms", {}).get("join", {}).get(room, {})
        for event in joined.get("timeline", {}).get("events", ()):
            if event["type"] == "m.room.message":
                seen.put((now, event["content"]["n"]))
