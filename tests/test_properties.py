"""What holds of any listing, any order and any sequence of nights: the ledger and what is published from it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import source
from sqlalchemy import select

from harvester import iri
from harvester.errors import GuardHeld, SourceChanged, SourceUnavailable
from harvester.harvest import Asked, Report, guards
from harvester.harvest.plan import plan
from harvester.harvest.reading import Sums
from harvester.harvest.run import Harvest
from harvester.layout import Layout
from harvester.ledger import Ledger, Outlook
from harvester.ledger.difference import difference
from harvester.ledger.packing import unpack
from harvester.ledger.tables import changes, records
from harvester.model import Answer, Federation, Gone, Kept, Listing, Outcome, Record, Rejected
from harvester.publish import Publication
from harvester.triplestore import TripleStore

BASE = Federation().base
START = datetime(2026, 11, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
GRACE = timedelta(days=7)
LONG = settings.default.max_examples > 1000
FEW, FEWER = (settings(max_examples=300 if LONG else few) for few in (20, 8))

REFS = [f"r{number}" for number in range(12)]
NAMES = [
    "Jardin",
    "Atelier vélo",
    "Fête",
    "",
    "x",
    "Épicerie « d’à côté »",
    "12,5 m²",
    "Jardin\u0007",
    "<b>Gras</b>",
]
one = st.builds(
    lambda ref, name, text: {"id": ref, "nom": name, "texte": text},
    st.sampled_from(REFS),
    st.sampled_from(NAMES),
    st.sampled_from(["Un texte.", "Un autre texte.", ""]),
)
told = st.one_of(
    one,
    one,
    one,
    st.builds(lambda ref: {"id": ref, "as": "gone"}, st.sampled_from(REFS)),
    st.builds(lambda ref: {"id": ref, "as": "kept"}, st.sampled_from(REFS)),
    st.builds(lambda ref: {"id": ref, "as": "rejected"}, st.sampled_from(REFS)),
)
listings = st.lists(told, max_size=12, unique_by=lambda line: line["id"])


class Small:
    """A source whose listing is what it is told, in a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.ledger = Ledger.open(self.layout.ledger, base=BASE)
        self.body = b"[]"
        self.failing = False
        declared = source(
            "table",
            "https://t.example/liste.json",
            map={"ref": "id", "name": "nom", "description": "texte"},
            delay=timedelta(0),
            grace=GRACE,
        )
        ours = plan(declared)
        connector = replace(
            ours.connector, listing=Listing.FULL, columns=False, answers=self._answers, records=_records
        )
        self.plan = replace(ours, connector=connector)

    def night(self, lines: Sequence[Mapping[str, Any]] | None, at: datetime = START, **expect: Any) -> Report:
        """One run on this listing, at a time of the clock; without one, the source does not answer."""
        self.failing = lines is None
        self.body = json.dumps(lines).encode()
        wished = replace(self.plan.source.expect, **{"min_records": 0, "max_shrink": 1.0, **expect})
        tonight = replace(self.plan, source=replace(self.plan.source, expect=wished))
        return Harvest(tonight, Federation(), self.layout, self.ledger, Asked(), now=lambda: at).run()

    def published(self) -> dict[str, bytes]:
        """The published triples of each record, by its IRI, which is the first thing they name."""
        return {triples.split(b">")[0].decode(): triples for triples in self.ledger.published("test")[1]}

    def state(self, ref: str) -> Any:
        """What the ledger says of a record."""
        return self.ledger.record("test", ref)

    def rows(self) -> list[tuple[Any, ...]]:
        """The table of records, less numbers that tell of an order."""
        columns = [column for column in records.c if column.name not in ("change", "run")]
        with self.ledger.reading() as connection:
            return [tuple(row) for row in connection.execute(select(*columns).order_by(records.c.ref))]

    def written(self) -> list[Any]:
        """Every change, in its order."""
        with self.ledger.reading() as connection:
            return list(connection.execute(select(changes).order_by(changes.c.id)))

    def _answers(self, declared: Any, _client: Any, raw: Any) -> Iterator[Answer]:
        if self.failing:
            raise SourceUnavailable("test: answered 503")
        with raw.writer() as writer:
            writer.write(self.body)
        digest, size = writer.digest, writer.size
        yield Answer(declared.url, 200, digest, "application/json", "utf-8", None, None, START, size)


def _records(_source: Any, answers: Sequence[Answer], raw: Any) -> Iterator[Any]:
    for line in json.loads(raw.read(answers[0])):
        match line.get("as"):
            case "gone":
                yield Gone(line["id"])
            case "kept":
                yield Kept(line["id"], "its page answered 500")
            case "rejected":
                yield Rejected(line["id"], "cannot be read")
            case _:
                yield Record(line["id"], line)


@pytest.fixture(scope="module")
def small(tmp_path_factory, furnished):
    """Stores, each empty and furnished with the vocabulary."""
    base = tmp_path_factory.mktemp("stores")

    def made() -> Small:
        found = Small(_fresh(base))
        shutil.copytree(furnished, found.layout.oxigraph)
        return found

    return made


def _fresh(base: Path) -> Path:
    folder = base / str(sum(1 for _ in base.iterdir()))
    folder.mkdir()
    return folder


def dump(found: Small) -> bytes:
    publication = Publication(found.layout, Federation(), found.ledger)
    publication.refresh()
    try:
        return publication.dump()
    finally:
        publication.close()


def weight(folder: Path) -> dict[str, int]:
    """The records of runs that are kept, and their bytes."""
    return {path.name: path.stat().st_size for path in folder.rglob("*.zst")}


# The same again


@FEWER
@given(listings, st.lists(listings, max_size=2))
def test_the_same_input_twice_changes_nothing(small, last, before):
    found = small()
    for number, lines in enumerate([*before, last]):
        found.night(lines, START + number * DAY)
    at = START + len(before) * DAY
    position, rows, published, noted = (
        found.ledger.position(),
        found.rows(),
        found.published(),
        weight(found.layout.runs),
    )
    stated = _records_of(dump(found))

    again = found.night(last, at)

    assert again.outcome is Outcome.UNCHANGED or "could not be read" in again.message
    assert again.counts["changes"] == 0
    assert (found.ledger.position(), found.published()) == (position, published)
    assert [row[:-1] for row in found.rows()] == [row[:-1] for row in rows]
    assert _records_of(dump(found)) == stated
    kept = weight(found.layout.runs)
    assert kept == noted or "could not be read" in again.message
    found.ledger.close()


def _records_of(quads: bytes) -> list[bytes]:
    graph = f"<{iri.source_graph(BASE, 'test')}> .".encode()
    return [line for line in quads.splitlines() if line.endswith(graph)]


# Any order


@FEW
@given(listings.flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))), listings)
def test_any_order_of_the_same_records_gives_the_same_ledger(small, ordered, before):
    ends = []
    for lines in ordered:
        found = small()
        found.night(before, START)
        found.night(lines, START + DAY)
        ends.append((found.rows(), found.published(), [(row.ref, row.operation) for row in found.written()]))
        found.ledger.close()

    assert ends[0] == ends[1]


# The feed


@FEW
@given(st.lists(st.one_of(listings, st.none()), min_size=1, max_size=6), st.integers(1, 5))
def test_changes_told_again_from_zero_give_what_is_published(small, nights, step):
    found = small()
    for number, lines in enumerate(nights):
        found.night(lines, START + number * timedelta(days=3))

    graph: dict[str, bytes] = {}
    for row in found.written():
        if row.operation == "withdraw":
            assert row.triples is None
            del graph[row.ref]
        else:
            assert (row.operation == "create") == (row.ref not in graph)
            graph[row.ref] = unpack(row.triples)
    assert sorted(graph.values()) == sorted(found.published().values())

    net: dict[str, bytes] = {}
    position = 0
    while True:
        position, part = found.ledger.net_changes("test", position, limit=step)
        if not part:
            break
        for change in part:
            assert change.old == net.get(change.ref)
            if change.new is None:
                net.pop(change.ref, None)
            else:
                net[change.ref] = change.new
    assert net == graph
    found.ledger.close()


@FEW
@given(st.lists(listings, min_size=1, max_size=5), st.integers(1, 20))
def test_patches_of_the_difference_lead_to_what_is_published(small, nights, step):
    found = small()
    owner, graph = iri.source(BASE, "test"), iri.source_graph(BASE, "test")
    store = TripleStore(found.layout.root / "patched", positions=iri.graph(BASE, "position"))
    held = 0
    for number, lines in enumerate(nights):
        found.night(lines, START + number * timedelta(days=3))
        while True:
            position, net = found.ledger.net_changes("test", held, limit=step)
            if position == held:
                break
            delete, insert = difference(net)
            store.patch(owner, graph, position, (b"".join(delete), b"".join(insert)))
            held = position

        wanted = {line for triples in found.published().values() for line in triples.splitlines()}
        assert set(store.triples(graph).splitlines()) == wanted
        assert (store.position(owner) or 0) == found.ledger.position("test")
    store.close()
    found.ledger.close()


# Grace


steps = st.one_of(
    st.sampled_from([24, 24, 24, 24, 24, 24, 24, 23, 25, 48, 120, 168, -24, -400 * 24, 400 * 24]),
    st.integers(-200, 200),
)
kinds = st.sampled_from(["without", "without", "same", "same", "same", "failed", "held", "with"])
nights_of_any_clock = st.lists(st.tuples(kinds, steps), min_size=1, max_size=16).map(
    lambda nights: [("without", 24), *nights]
)


@FEW
@given(nights_of_any_clock)
def test_grace_never_shortens_whatever_the_nights_and_the_clock(small, nights):
    """It begins at the latest time any night has told of, and ends when the clock has gone on for all of it."""
    found = small()
    whole = [{"id": ref, "nom": f"Jardin {ref}", "texte": "Un texte."} for ref in REFS]
    found.night(whole, START)
    at, latest, since, last, was = START, START, None, whole, "published"
    for kind, hours in nights:
        at += timedelta(hours=hours)
        last = {"with": whole, "without": whole[1:], "held": whole[7:], "failed": None}.get(kind, last)
        report = found.night(last, at, max_shrink=0.1 if kind == "held" else 1.0)
        assert (report.outcome is Outcome.DEFERRED) == (last is None)
        row = found.state("r0")
        latest = max(latest, at)
        if report.outcome.succeeded and last is not None:
            if last is whole:
                since = None
                assert row.state == "published"
            elif since is None and was != "withdrawn":
                since = latest
                assert row.state == "missing"
            elif row.state == "withdrawn" and was != "withdrawn":
                assert at - since >= GRACE
        else:
            assert row.state == was
        was = row.state
        last = last if last is not None else whole[1:] if was != "published" else whole
    found.ledger.close()


@pytest.mark.parametrize("kind", ["same", "without"])
def test_grace_ends_on_the_first_night_after_it(small, kind):
    found = small()
    whole = [{"id": ref, "nom": f"Jardin {ref}", "texte": "Un texte."} for ref in REFS]
    found.night(whole, START)
    for day in range(1, 9):
        night = (
            whole[1:] if kind == "same" else [*whole[1:], {"id": f"n{day}", "nom": "Nouveau", "texte": ""}]
        )
        found.night(night, START + day * DAY)
        assert found.state("r0").state == ("missing" if day < 8 else "withdrawn")
    found.ledger.close()


# The guards


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 100))
def test_a_loss_is_held_just_when_it_is_more_than_5_records_and_more_than_the_share(live, gone, percent):
    wished = replace(SOURCE, expect=replace(SOURCE.expect, max_shrink=percent / 100))

    held = _held(lambda: guards.heed_losses(wished, Outlook(min(gone, live), live, 0)))

    assert held == (min(gone, live) > 5 and min(gone, live) > Fraction(percent, 100) * live)


@pytest.mark.parametrize(("percent", "live"), [(29, 100), (7, 100), (57, 100), (58, 200)])
def test_a_loss_of_just_the_share_is_not_held(percent, live):
    wished = replace(SOURCE, expect=replace(SOURCE.expect, max_shrink=percent / 100))
    gone = percent * live // 100

    assert not _held(lambda: guards.heed_losses(wished, Outlook(gone, live, 0)))
    assert _held(lambda: guards.heed_losses(wished, Outlook(gone + 1, live, 0)))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_size_is_held_or_failed_just_when_it_is_less_than_expected(read, nameless, least):
    wished = replace(SOURCE, expect=replace(SOURCE.expect, min_records=least))
    found = Sums(read=read + nameless, nameless=nameless)

    assert _held(lambda: guards.heed_size(wished, found), failing=read == 0) == (read < least)


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_growth_is_told_just_when_a_source_at_least_doubles_by_a_hundred(live, new):
    assert (guards.growth(Outlook(0, live, new)) is not None) == (live > 0 and new >= live and new >= 100)


SOURCE = source("table", "https://t.example/liste.json")


def _held(guard: Any, *, failing: bool = False) -> bool:
    try:
        guard()
    except GuardHeld:
        assert not failing
        return True
    except SourceChanged:  # an empty listing fails
        assert failing
        return True
    return False
