"""Run as a program: bad inputs, one after the other, to everything that reads what a partner or a person wrote.

`python tests/fuzzed.py FIRST COUNT [--every N] [--folder DIR]`: inputs FIRST, FIRST + N… of the endless series in
which each number names one input of one target. What is raised that should not be is told as a line of JSON; an
input that takes 5 s of the processor, or a gigabyte more than the parsers themselves, ends the process, and
`DIR/FIRST.at` says which it was: start again after it.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pyoxigraph as ox
from looks import Looks
from mutations import CHARSETS, MEDIA_TYPES, VALUES, WORDS, mutated, shaken
from shelf import NOW, RECORDINGS, Shelf, recorded

from harvester import connectors, rdf, territory
from harvester.cleaning import CLEANERS
from harvester.config import load
from harvester.connectors._recognition import Seen
from harvester.errors import ConfigError, QueryError, RecordError, SourceError
from harvester.fetch.decoding import BadEncoding, CutShort, decoded
from harvester.fetch.retry import pause_s
from harvester.fetch.robots import Robots
from harvester.harvest import plan, plans
from harvester.harvest.diary import _line
from harvester.harvest.judging import Judge
from harvester.ledger.packing import unpack
from harvester.model import Record, Rejected, Source
from harvester.profile import writer
from harvester.shapes import Checker
from harvester.triplestore import lexer
from harvester.triplestore.soundness import checked

HANG_S = 5.0
ROOM = 1 << 30
SEVERAL = 0.05
"""How often the records of a listing go on to the shapes, which is dear."""

Target = Callable[[Random], None]


# What a source sends


@cache
def _recording(name: str) -> tuple[Source, Shelf, Sequence[bytes]]:
    source, shelf = recorded(name)
    return source, shelf, list(shelf.bodies.values())


@cache
def _judge(name: str) -> Judge:
    source = _recording(name)[0]
    ours = plan(source)
    return Judge(
        ours.mapper(), writer(source, "http://localhost:8000/", territory.load()), Checker(), recipe=""
    )


def records(name: str, dice: Random) -> None:
    """Bad answers of a partner, through its connector, the mapping, the cleaners, the profile and the shapes."""
    source, shelf, others = _recording(name)
    bodies, labels = dict(shelf.bodies), dict(shelf.labels)
    for url in dice.sample(list(bodies), min(len(bodies), dice.choice((1, 1, 2)))):
        bodies[url] = mutated(bodies[url], others, dice)
        if dice.random() < 0.1:
            said = {"charset": dice.choice(CHARSETS), "media_type": dice.choice(MEDIA_TYPES)}
            headers = {"link": _text(dice), "x-total-count": _text(dice), "x-wp-totalpages": _text(dice)}
            labels[url] = {**labels[url], **said, "headers": headers}
    connector, bad = connectors.load(name), Shelf(bodies, labels)
    listed = []
    try:
        kept = list(connector.answers(source, bad, bad))
        listed += connector.records(source, kept, bad)
        if connector.stated_licence:
            connector.stated_licence(kept, bad)
    except SourceError:
        return
    finally:
        _judged(name, listed, dice)


def _judged(name: str, listed: Sequence[Any], dice: Random) -> None:
    judge, batch = _judge(name), []
    for one in listed[:20]:
        _line(one)
        if isinstance(one, Record | Rejected) and one.ref is not None:
            batch.append((one, judge.hash(one)))
    if dice.random() < SEVERAL:
        for one in judge.verdict(batch).judged:
            if one.triples:
                _well_formed(unpack(one.triples.data))
    else:
        for one, _ in batch:
            if isinstance(one, Record):
                _written(judge, one)


def _written(judge: Judge, record: Record) -> None:
    try:
        item, findings = judge.mapper.item(record)
    except RecordError:
        return
    _well_formed(judge.writer.triples(item, findings))


def _well_formed(triples: bytes) -> None:
    """Every IRI, literal and language tag is what RDF says."""
    list(ox.parse(triples, format=ox.RdfFormat.N_TRIPLES))


def recognised(name: str, dice: Random) -> None:
    """A bad answer at an address that nobody declared."""
    _, shelf, others = _recording(name)
    addresses = list(shelf.bodies)
    url = dice.choice(addresses)
    bodies = {one: mutated(shelf.bodies[one], others, dice).decode("utf-8", "replace") for one in addresses}
    body = mutated(shelf.bodies[url], others, dice)
    seen = Seen(url.partition("#")[0], body, dice.choice(MEDIA_TYPES), dice.choice(CHARSETS))
    connectors.load(name).recognised(seen, Looks(bodies))


@cache
def _documents() -> Sequence[tuple[bytes, str]]:
    kinds = {".ttl": "text/turtle", ".rdf": "application/rdf+xml", ".jsonld": "application/ld+json"}
    files = [path for path in sorted(RECORDINGS.rglob("*")) if path.suffix in kinds]
    found = [(path.read_bytes(), kinds[path.suffix]) for path in files if path.stat().st_size < 20_000]
    lines = b'<http://a.example/1> <http://a.example/p> "x"@fr <http://a.example/g> .\n_:b <http://a.example/p> _:c .\n'
    return [
        *found,
        (lines, "application/n-quads"),
        (lines, "application/trig"),
        (lines, "application/n-triples"),
    ]


def documents(dice: Random) -> None:
    """A bad document of RDF."""
    seed, kind = dice.choice(_documents())
    bad = mutated(seed, [body for body, _ in _documents()], dice)
    asked = kind if dice.random() < 0.9 else dice.choice(MEDIA_TYPES)
    with contextlib.suppress(SourceError):
        list(rdf.things(bad, asked, base="https://a.example/d"))


def cleaners(dice: Random) -> None:
    """A bad value to each cleaner."""
    value = _value(dice)
    for clean in CLEANERS.values():
        with contextlib.suppress(ValueError):
            clean(value)


def mapping(dice: Random) -> None:
    """A record of any shape, through the mapping and the profile of a connector."""
    name = dice.choice(connectors.names())
    judge = _judge(name)
    heads = sorted(judge.mapper.known)
    value = {head: _value(dice) for head in dice.sample(heads, min(len(heads), dice.randrange(1, 12)))}
    record = Record(_text(dice) or "r", value)
    judge.hash(record)
    _line(record)
    _written(judge, record)


def robots(dice: Random) -> None:
    """A bad robots.txt."""
    seed = b"User-agent: *\nDisallow: /a*b$\nAllow: /\nCrawl-delay: 2\nSitemap: https://a.example/s.xml\n"
    text = mutated(seed, [seed], dice).decode("utf-8", "replace")
    rules = Robots(lambda _url: text)
    asked = httpx.URL("https://a.example/" + "a" * dice.choice((1, 300)))
    rules.allows(asked)
    rules.delay_s(asked)


def headers(dice: Random) -> None:
    """Bad headers and bad compression."""
    pause_s(_text(dice), NOW)
    seed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03KLJ\x06\x00\xc2A$5\x03\x00\x00\x00"
    try:
        chunks = iter([mutated(seed, [seed], dice), dice.choice(WORDS)])
        for _ in decoded(chunks, dice.choice(("gzip", "deflate", "identity", "br", _text(dice)))):
            pass
    except (BadEncoding, CutShort):
        pass


# What a person writes


@cache
def _tables() -> Sequence[bytes]:
    files = [*sorted(RECORDINGS.glob("*/source.toml")), Path("sources.toml"), Path("demo/sources.toml")]
    return [path.read_bytes() for path in files]


def configuration(folder: Path, dice: Random) -> None:
    """A bad sources.toml."""
    path = folder / "sources.toml"
    path.write_bytes(mutated(dice.choice(_tables()), _tables(), dice))
    with contextlib.suppress(ConfigError):
        plans(load(path))


QUESTION = b"""PREFIX a: <http://a.example/> # a comment
SELECT ?s (COUNT(*) AS ?n) WHERE { GRAPH <http://g> { ?s a:p "it's \\"x\\""@fr ; a:q '''long''' } FILTER(?n > 1e3) }
"""


def question(dice: Random) -> None:
    """A bad query."""
    text = mutated(QUESTION, [QUESTION], dice).decode("utf-8", "surrogateescape")
    lexer.form(text)
    lexer.is_volatile(text)
    with contextlib.suppress(QueryError):
        checked(text)


def _value(dice: Random) -> Any:
    if dice.random() < 0.3:
        return _text(dice)
    seed = json.dumps(
        {"a": "Fête", "b": ["2026-12-05T14:00", "48.85,2.35"], "c": {"lat": "48,1", "name": "x"}}
    )
    told = shaken(seed.encode(), dice) or b"null"
    return dice.choice([*VALUES, json.loads(told.decode("utf-8", "surrogatepass"))])


def _text(dice: Random) -> str:
    parts = [dice.choice(WORDS).decode("utf-8", "replace") for _ in range(dice.choice((1, 1, 2, 4)))]
    return dice.choice((" ", "", ",", "\n")).join(parts)


# The series


def targets(folder: Path) -> Mapping[str, Target]:
    """Everything that is fuzzed, by its name."""
    found: dict[str, Target] = {}
    for name in connectors.names():
        found[f"records of {name}"] = partial(records, name)
        found[f"recognised by {name}"] = partial(recognised, name)
    beside = (documents, cleaners, mapping, robots, headers, question)
    return {
        **found,
        **{target.__name__: target for target in beside},
        "configuration": partial(configuration, folder),
    }


def told(number: int, found: Sequence[tuple[str, Target]]) -> Mapping[str, Any] | None:
    """What is wrong with input `number`; None when nothing is."""
    name, target = found[number % len(found)]
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    try:
        target(Random(number))
    except Exception as error:  # noqa: BLE001  # what is raised that should not be is what is looked for
        return {"input": number, "target": name, "error": repr(error)[:300], "where": list(_where(error))}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def _where(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        yield f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"


def main() -> None:
    """Fuzz a part of the series."""
    asked = argparse.ArgumentParser(description="Bad inputs for everything that reads.")
    asked.add_argument("first", type=int)
    asked.add_argument("count", type=int)
    asked.add_argument("--every", type=int, default=1)
    asked.add_argument("--folder", type=Path, default=None)
    said = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = said.folder or Path(scratch)
        found = list(targets(Path(scratch)).items())
        for name in connectors.names():
            _judge(name)
        _limit()
        with (folder / f"{said.first}.at").open("wb", buffering=0) as at:
            for number in range(said.first, said.first + said.count * said.every, said.every):
                at.seek(0)
                at.write(f"{number:12}".encode())
                if (wrong := told(number, found)) is not None:
                    _say(wrong)
    _say({"done": said.count})


def _say(told: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _limit() -> None:
    """Five seconds of the processor an input, and a gigabyte more than is taken now."""
    faulthandler.register(signal.SIGPROF, file=sys.stderr, all_threads=True, chain=True)
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))


if __name__ == "__main__":
    main()
