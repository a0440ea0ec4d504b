"""Room: how long checking records by the shapes takes, against the time of parsing the same bytes.

In: a number of records. Out: a table: milliseconds of CPU for a batch of 1000, parsed by pyoxigraph and
checked, and the ratio beside the figure promised; exit code 1 when it is missed. Both run in this process, in
turns, so that whatever slows one slows the other. Records are mapped and written as a harvest does it.

    python benchmarks/shapes.py [5000] [--json] [--each]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pyoxigraph as ox

sys.path.append(
    str(Path(__file__).resolve().parents[1])
)  # run as a script, only `benchmarks/` itself is known

from benchmarks import elements
from harvester import territory
from harvester.harvest import plan
from harvester.model import IRI, Record, Source
from harvester.profile import writer
from harvester.shapes import Checker, Engine, pyshacl_engine, shacl_engine, shapes_turtle

Batch = Sequence[tuple[IRI, bytes]]

_BATCH = 1000
_ROUNDS = 7
_SLOW_SAMPLE = 100
_WANTED = (b"dc/terms/source> ", b"dc/terms/description> ", b"pair#hasTopic> ")
_CATEGORIES = {"from": "categoriesFull[].id", "align": "presdecheznous"}
_SH = "http://www.w3.org/ns/shacl#"
_PROPERTY = ox.NamedNode(_SH + "property")


def records(count: int, seed: int) -> Iterator[tuple[IRI, bytes]]:
    """Records of a synthetic map, as the harvest gives them to the shapes."""
    source = Source(
        id="carte",
        title="Carte de synthèse",
        connector="gogocarto",
        urls=("https://carte.example.org",),
        licence="ODbL-1.0",
        language="fr",
        map={"theme": _CATEGORIES, "type": _CATEGORIES},
    )
    mapper = plan(source).mapper()
    writing = writer(source, "http://localhost:8000/", territory.load())
    drawn = elements.load(seed)
    for number in range(count):
        element = drawn.element(number)
        page = f"https://carte.example.org/map#/fiche/-/{element['id']}"
        record = Record(element["id"], {**element, "_page": page})
        item, findings = mapper.item(record)
        yield writing.iri(record.ref), writing.triples(item, findings)


def measured(count: int, seed: int) -> dict[str, Any]:
    """The times of all batches, medians over the rounds; those of poor records and of pyshacl for scale."""
    kept = list(records(count, seed))
    whole = _measured(kept)
    limit = _limit()
    return {
        "records": count,
        **whole,
        "limit": limit,
        "verdict": "holds" if whole["ratio"] <= limit else "missed",
        "poor": _measured([(iri, _poor(triples)) for iri, triples in kept]),
        "pyshacl_ms": _pyshacl(kept[:_SLOW_SAMPLE]),
    }


def _measured(kept: Batch) -> dict[str, Any]:
    batches = [kept[at : at + _BATCH] for at in range(0, len(kept), _BATCH)]
    data = [b"".join(triples for _, triples in batch) for batch in batches]
    checker = Checker(shacl_engine())
    rounds = [_round(batches, data, checker) for _ in range(_ROUNDS)]
    parsed, checked = (median(times) for times in zip(*rounds, strict=True))
    ratios = [check / parse for parse, check in rounds]
    return {
        "triples": sum(one.count(b"\n") for one in data),
        "bytes": sum(map(len, data)),
        "findings": sum(len(found) for batch in batches for found in checker.findings(batch).values()),
        "parse_ms": 1000 * parsed,
        "check_ms": 1000 * checked,
        "ratios": ratios,
        "ratio": median(ratios),
    }


def _poor(triples: bytes) -> bytes:
    """A record without page, description and theme: three findings."""
    return b"".join(
        line for line in triples.splitlines(keepends=True) if not any(one in line for one in _WANTED)
    )


def _limit() -> float:
    promised = tomllib.loads((Path(__file__).parent / "figures.toml").read_text(encoding="utf-8"))
    return float(promised["shapes"]["limit"])


def _round(batches: Sequence[Batch], data: Sequence[bytes], checker: Checker) -> tuple[float, float]:
    """CPU seconds of parsing and of checking every batch, in turns."""
    parsed = checked = 0.0
    for batch, ntriples in zip(batches, data, strict=True):
        parsed += _cpu_s(partial(_parse, ntriples))
        checked += _cpu_s(partial(checker.findings, batch))
    return parsed, checked


def _cpu_s(step: Callable[[], object]) -> float:
    begun = time.process_time()
    step()
    return time.process_time() - begun


def _parse(ntriples: bytes) -> None:
    for _ in ox.parse(input=ntriples, format=ox.RdfFormat.N_TRIPLES):
        pass


def _pyshacl(sample: Batch) -> float:
    """Milliseconds for each 1000 records by the slow engine, for scale, from a small sample."""
    slow = Checker(pyshacl_engine())
    return 1000 * _cpu_s(partial(slow.findings, sample)) * _BATCH / len(sample)


def each(count: int, seed: int) -> Iterator[tuple[float, str]]:
    """(ms for each 1000 records, name) of every property shape compiled alone, the dearest first.

    What is left when no property is looked at (reading the bytes, targets, rules about the node itself)
    comes under the name "(everything else)".
    """
    data = b"".join(triples for _, triples in records(count, seed))
    triples = [quad.triple for quad in ox.parse(input=shapes_turtle(), format=ox.RdfFormat.TURTLE)]
    rest = [one for one in triples if one.predicate != _PROPERTY]
    calls = [one for one in triples if one.predicate == _PROPERTY]
    alone = {
        shape: [one for one in calls if one.object == shape]
        for shape in dict.fromkeys(c.object for c in calls)
    }
    bare, scale = _engine(rest), 1000 * _BATCH / count
    yield scale * median(_cpu_s(partial(bare, data)) for _ in range(_ROUNDS)), "(everything else)"
    costs = [(_over(bare, _engine([*rest, *called]), data), shape.value) for shape, called in alone.items()]
    for seconds, shape in sorted(costs, reverse=True):
        yield scale * seconds, re.split("[#/]", shape)[-1]


def _engine(triples: Sequence[ox.Triple]) -> Engine:
    turtle = ox.serialize(triples, format=ox.RdfFormat.TURTLE)
    assert turtle is not None
    return shacl_engine(turtle.decode())


def _over(bare: Engine, more: Engine, data: bytes) -> float:
    """The CPU seconds that one engine takes more than another, the quickest of turns each."""
    turns = [(_cpu_s(partial(bare, data)), _cpu_s(partial(more, data))) for _ in range(_ROUNDS)]
    return min(after for _, after in turns) - min(before for before, _ in turns)


def table(found: dict[str, Any]) -> Iterator[str]:
    """The lines of the report, for a terminal of 110 columns."""
    batches = found["records"] / _BATCH
    yield (
        f"{found['records']:,} records, {found['triples']:,} triples, {found['bytes'] / 1e6:.1f} MB, "
        f"{found['findings']:,} findings; CPU, median of {_ROUNDS} rounds in turns"
    )
    yield ""
    yield f"{'':<28}{'ms / 1000 records':>20}{'µs / triple':>14}{'ratio':>8}{'limit':>8}  verdict"
    for name, times, key in (
        ("parsed by pyoxigraph", found, "parse_ms"),
        ("checked by shacl", found, "check_ms"),
        ("the same, 3 findings each", found["poor"], "check_ms"),
    ):
        told = f"{times['ratio']:>8.2f}" if key == "check_ms" else ""
        told += f"{found['limit']:>8.2f}  {found['verdict']}" if told and times is found else ""
        yield f"{name:<28}{times[key] / batches:>20.1f}{1000 * times[key] / times['triples']:>14.2f}{told}"
    scale = found["pyshacl_ms"] / (found["check_ms"] / batches)
    slow = f"checked by pyshacl, of {_SLOW_SAMPLE}"
    yield f"{slow:<28}{found['pyshacl_ms']:>20.1f}{'':>14}  {scale:.0f} × shacl"


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description="Checking by the shapes against parsing the same bytes.")
    parser.add_argument("records", type=int, nargs="?", default=5000)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--each", action="store_true", help="what each property shape costs instead")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.records < 1:
        parser.error(f"records is '{asked.records}'; give 1 or more")
    if asked.each:
        for cost, name in each(asked.records, asked.seed):
            print(f"{cost:>9.2f}  {name}")
        return
    found = measured(asked.records, asked.seed)
    print(json.dumps(found, indent=2) if asked.json else "\n".join(table(found)))
    sys.exit(found["verdict"] == "missed")


if __name__ == "__main__":
    main()
