"""Room: a synthetic GoGoCarto partner on loopback, in a process of its own.

In: a number of records, a seed, and which listing to show next. Out: `/api/elements.json`, whole, with
ETag and 304, gzip and keep-alive when told so. Writes every listing before it is asked for one, so that
its own work is never measured; ends when its parent closes its standard input.

    python benchmarks/partner.py 1000 --folder FOLDER
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import shutil
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import orjson

sys.path.append(
    str(Path(__file__).resolve().parents[1])
)  # run as a script, only `benchmarks/` itself is known

from benchmarks import elements

HOST = "127.0.0.1"
PATH = "/api/elements.json"
LISTINGS = ("first", "shuffled", "changed")
_ENVELOPE = b'{"licence":"https://opendatacommons.org/licenses/odbl/summary/","ontology":"gogofull","data":['


@dataclass(frozen=True, slots=True)
class Shown:
    """What the partner shows: a listing of `LISTINGS`, with or without validators and compression."""

    listing: str
    validators: bool = True
    gzip: bool = False


class Partner(ThreadingHTTPServer):
    """Answers with one listing at a time; POST / with a `Shown` as JSON changes it."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shown = Shown("first")
        self.etags = {listing: _etag(folder / f"{listing}.json") for listing in LISTINGS}
        super().__init__((HOST, 0), _Conversation)


class _Conversation(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Partner

    def do_GET(self) -> None:
        shown = self.server.shown
        if self.path != PATH:
            self._headers(404, 0)
        elif shown.validators and self.headers.get("If-None-Match") == self.server.etags[shown.listing]:
            self._headers(304)
        else:
            self._send(shown)

    def do_POST(self) -> None:
        asked = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.shown = Shown(**asked)
        self._headers(204)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named by http.server
        """Says nothing."""

    def _send(self, shown: Shown) -> None:
        packed = shown.gzip and "gzip" in self.headers.get("Accept-Encoding", "")
        file = self.server.folder / f"{shown.listing}.json{'.gz' if packed else ''}"
        self._headers(200, file.stat().st_size, "gzip" if packed else None)
        with file.open("rb") as body:
            shutil.copyfileobj(body, self.wfile, 1 << 18)

    def _headers(self, status: int, size: int | None = None, encoding: str | None = None) -> None:
        self.send_response(status)
        told = {"Content-Type": "application/json", "Content-Length": size} if size is not None else {}
        if self.server.shown.validators and status in (200, 304):
            told["ETag"] = self.server.etags[self.server.shown.listing]
        for name, value in (told | {"Content-Encoding": encoding}).items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()


def write_listings(folder: Path, records: int, seed: int, *, packed: bool) -> None:
    """Every listing as a file of `folder`, compressed beside when `packed`."""
    drawn = elements.load(seed)
    order = list(range(records))
    _write(folder / "first.json", (drawn.element(number) for number in order))
    revised = (drawn.element(n, revised=n % elements.CHANGED_EVERY == 0) for n in order)
    _write(folder / "changed.json", revised)
    Random(seed).shuffle(order)
    _write(folder / "shuffled.json", (drawn.element(number) for number in order), spaced=True)
    for listing in LISTINGS if packed else ():
        plain = folder / f"{listing}.json"
        with plain.open("rb") as body, gzip.open(f"{plain}.gz", "wb", compresslevel=5) as file:
            shutil.copyfileobj(body, file, 1 << 18)


def _write(path: Path, listing: Iterable[object], *, spaced: bool = False) -> None:
    option, comma = (orjson.OPT_INDENT_2, b" ,\n") if spaced else (0, b",")
    with path.open("wb") as file:
        file.write(_ENVELOPE)
        for index, element in enumerate(listing):
            file.write((comma if index else b"") + orjson.dumps(element, option=option))
        file.write(b"]}")


def _etag(path: Path) -> str:
    with path.open("rb") as file:
        return f'"{hashlib.file_digest(file, "md5").hexdigest()}"'


def main() -> None:
    """Write the listings, say where they are and how large, serve until standard input ends."""
    parser = argparse.ArgumentParser(description="A synthetic GoGoCarto partner on loopback.")
    parser.add_argument("records", type=int)
    parser.add_argument("--folder", type=Path, required=True, help="where the listings are written")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gzip", action="store_true", help="compress the listings as well")
    asked = parser.parse_args()
    write_listings(asked.folder, asked.records, asked.seed, packed=asked.gzip)
    with Partner(asked.folder) as partner:
        threading.Thread(target=partner.serve_forever, args=(0.02,), name="partner").start()
        sizes = {listing: (asked.folder / f"{listing}.json").stat().st_size for listing in LISTINGS}
        told = {"url": f"http://{HOST}:{partner.server_port}", "sizes": sizes, **asdict(partner.shown)}
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        partner.shutdown()


if __name__ == "__main__":
    main()
