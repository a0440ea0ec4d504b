"""The index: it follows the ledger, a reader goes on where it was, and what left is told to who held it."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import canonical, iri, vocab
from harvester.index import Asked, Box, Cursor, Index, entry, part, words
from harvester.index.keys import keys, kinds
from harvester.index.tables import current
from harvester.layout import Layout
from harvester.ledger import Judged, Ledger, Listed, pack
from harvester.ledger.redaction import Redaction, redact, redactions
from harvester.ledger.versions import versions
from harvester.model import Outcome, Source, State
from harvester.profile import description, full

BASE = "http://localhost:8000/"
NIGHT = datetime(2026, 11, 20, 2, tzinfo=UTC)
ALPHA = Source("alpha", "Alpha", "table", ("https://alpha.example",), "ODbL-1.0")
BETA = replace(ALPHA, id="beta", title="Beta")
FOOD, ENERGY = (("theme/alimentation",),), (("theme/energie-climat",),)


def judged(ref, theme="alimentation", *, source="alpha", lat=None, lon=None):
    subject = iri.record(BASE, source, ref)
    lines = [
        f"<{subject}> <{full('rdf:type')}> <{full('archipel:Initiative')}> .",
        f"<{subject}> <{full('pair:hasTopic')}> <{iri.concept('themes', theme)}> .",
    ]
    for term, value in (("wgs:lat", lat), ("wgs:long", lon)):
        if value is not None:
            lines.append(f"<{subject}#lieu> <{full(term)}> {canonical.decimal(Decimal(str(value)))} .")
    triples = canonical.lines(lines)
    return Judged(ref, triples, State.PUBLISHED, pack(triples))


class House:
    """A ledger and its index; a night commits, what it holds is published at once."""

    def __init__(self, folder):
        self.layout = Layout(folder)
        self.ledger = Ledger.open(self.layout.ledger, base=BASE)
        self.index = Index(self.layout.index, self.ledger, BASE)
        self.nights = 0

    def night(self, *records, source=ALPHA, publish=True):
        at = NIGHT + timedelta(days=self.nights)
        self.nights += 1
        self.ledger.describe(source.id, description(source), at)
        run = {
            "source": source.id,
            "started_at": at,
            "ended_at": at,
            "recipe": "r",
            "answers": [],
            "counts": {},
        }
        with self.ledger.draft(source.id) as draft:
            draft.see([one.ref for one in records])
            draft.stage(list(records))
            draft.commit(
                {**run, "findings": {}}, settle=lambda _tally: (Outcome.DONE, "done"),
                mark=lambda _ref, triples, _name: triples, grace=timedelta(0), listing=Listed.COMPLETE,
            )  # fmt: skip
        if publish:
            self.publish()

    def publish(self, *sources):
        told = sources or sorted(self.ledger.sources())
        self.index.bring_up(told, upto=self.ledger.position(), redactions=redactions(self.ledger))

    def refs(self, words=(), **asked):
        return self.walk(Asked(words, **asked))[0]

    def walk(self, asked, cursor=None, limit=2):
        """Every entry part by part: (refs that are there, {ref: reason} of those that left, where to follow)."""
        here, gone = [], {}
        while True:
            found = part(self.layout.index, asked, cursor, limit)
            here += [one.ref for one in found.entries if one.reason is None]
            gone |= {one.ref: one.reason for one in found.entries if one.reason}
            if found.next is None:
                return here, gone, found.follow
            cursor = found.next


@pytest.fixture
def house(tmp_path):
    found = House(tmp_path)
    yield found
    found.ledger.close()


def test_nothing_is_found_before_anything_is_published(house):
    assert part(house.layout.index, Asked(), None, 10) is None
    assert entry(house.layout.index, "alpha", "a") is None
    assert words(house.layout.index, "kind/") == set()


def test_a_record_is_found_by_each_of_its_keys(house):
    house.night(judged("a", lat=43.6, lon=3.8), judged("b", "energie-climat", lat=48.8, lon=2.3), judged("c"))
    assert ["a", "b", "c"] == house.refs()
    assert ["a", "c"] == house.refs(FOOD)
    assert ["a", "b", "c"] == house.refs((FOOD[0] + ENERGY[0],))
    assert [] == house.refs(FOOD + ENERGY)
    assert ["a"] == house.refs(box=Box(3, 43, 4, 44))
    assert ["b"] == house.refs(ENERGY, box=Box(-5, 41, 10, 52))
    assert ["a", "b", "c"] == house.refs((("kind/initiative",),))
    assert {"alimentation", "energie-climat"} == words(house.layout.index, "theme/")


def test_sources_are_chosen_and_left_out(house):
    house.night(judged("a"))
    house.night(judged("b", source="beta"), source=BETA)
    assert ["a"] == house.refs(sources=("alpha",))
    assert ["b"] == house.refs(not_sources=("alpha",))
    assert [] == house.refs(sources=("alpha",), not_sources=("alpha",))


def test_a_box_may_cross_the_antimeridian(house):
    house.night(
        judged("fidji", lat=-17, lon=179.5),
        judged("wallis", lat=-13, lon=-176.2),
        judged("paris", lat=48, lon=2),
    )
    assert ["fidji", "wallis"] == house.refs(box=Box(179, -20, -176, -10))


def test_the_edges_of_a_box_are_exact_though_the_tree_keeps_less(house):
    house.night(judged("a", lat=43.610001, lon=3.870001))
    assert ["a"] == house.refs(box=Box(3.870001, 43.610001, 3.870001, 43.610001))
    assert [] == house.refs(box=Box(3.870002, 43.61, 4, 44))


def test_a_listing_stays_whole_while_records_come_change_and_leave(house):
    house.night(*map(judged, "abcdef"))
    first = part(house.layout.index, Asked(), None, 2)
    house.night(*map(judged, "acdefg"), judged("z"))  # b left, g and z came
    house.night(judged("c", "energie-climat"), *map(judged, "adefgz"))
    rest, gone, follow = house.walk(Asked(), first.next)
    assert ["a", "b"] == [one.ref for one in first.entries]
    assert (["c", "d", "e", "f"], {}) == (rest, gone)
    changed, left, _ = house.walk(Asked(), follow)
    assert {"b": "removed"} == left
    assert {"c", "g", "z"} == set(changed)


def test_who_follows_a_choice_is_told_what_left_it(house):
    house.night(judged("a"), judged("b", "energie-climat"))
    here, _, follow = house.walk(Asked(FOOD))
    assert ["a"] == here
    house.night(judged("a", "energie-climat"), judged("b"), judged("c", "energie-climat"))
    here, gone, follow = house.walk(Asked(FOOD), follow)
    assert (["b"], {"a": "unmatched"}) == (here, gone)  # of c nobody asked, and nobody can hold it
    assert ([], {}) == house.walk(Asked(FOOD), follow)[:2]


def test_a_record_that_comes_back_is_told_again_under_its_place(house):
    house.night(judged("a"), judged("b"))
    _, _, follow = house.walk(Asked())
    for _ in range(2):  # missing, then withdrawn
        house.night(judged("b"))
    _, gone, follow = house.walk(Asked(), follow)
    assert {"a": "removed"} == gone
    house.night(judged("a"), judged("b"))
    assert (["a"], {}) == house.walk(Asked(), follow)[:2]
    assert ["a", "b"] == house.refs()


def test_a_time_begins_to_follow(house):
    house.night(judged("a"))
    house.night(judged("a"), judged("b"))
    assert ["b"] == house.walk(Asked(), NIGHT + timedelta(hours=1))[0]
    assert [] == house.walk(Asked(), NIGHT + timedelta(days=9))[0]
    assert ["a", "b"] == house.walk(Asked(), NIGHT - timedelta(days=9))[0]


def test_what_the_checkpoint_does_not_show_is_not_shown(house):
    house.night(judged("a"))
    position = house.ledger.position()
    house.night(judged("a", "energie-climat"), judged("b"), publish=False)
    house.index.bring_up(["alpha"], upto=position, redactions=0)
    assert (["a"], []) == (house.refs(FOOD), house.refs(ENERGY))
    house.publish()
    assert (["b"], ["a"]) == (house.refs(FOOD), house.refs(ENERGY))


def test_a_source_that_is_not_published_any_more_leaves_with_its_records(house):
    house.night(judged("a"))
    _, _, follow = house.walk(Asked())
    house.night(judged("a", "energie-climat"), publish=False)
    house.ledger.describe("beta", description(BETA), NIGHT)
    house.publish("beta")
    assert [] == house.refs()
    assert {"a": "unlicensed"} == house.walk(Asked(), follow)[1]
    house.publish("alpha", "beta")
    assert ["a"] == house.refs(ENERGY)


def test_an_index_made_before_the_ledger_forgot_is_made_anew(house):
    house.night(judged("a"), judged("b"))
    _, _, follow = house.walk(Asked())
    before = current(house.layout.index)
    redact(
        house.ledger, [Redaction("alpha", "a", whole=True)], ["alpha"], tells=lambda _said: False, now=NIGHT
    )
    assert not house.index.stands(redactions(house.ledger))
    assert versions(house.ledger, [1]) == {}  # also of an index that is not made anew yet
    house.publish()
    assert not before.exists()
    assert (["b"], {"a": "withdrawn"}) == (house.refs(), house.walk(Asked(), follow)[1])


def test_a_cursor_ahead_of_a_restored_ledger_is_refused(house):
    house.night(judged("a"))
    with pytest.raises(LookupError, match="cursor of change 99, published up to 1"):
        part(house.layout.index, Asked(), Cursor(99, following=True), 10)


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be looked at" * 99])
def test_a_damaged_index_is_made_anew(house, content):
    house.night(judged("a"))
    current(house.layout.index).write_bytes(content)
    house.publish()
    assert ["a"] == house.refs()


def test_an_index_ahead_of_the_ledger_is_made_anew(house):
    house.night(judged("a"))
    with closing(sqlite3.connect(current(house.layout.index))) as database:
        database.execute("UPDATE meta SET value = '99' WHERE key = 'position'")
        database.commit()
    house.publish()
    assert part(house.layout.index, Asked(), None, 1).position == house.ledger.position()


def test_nothing_new_writes_nothing(house):
    house.night(judged("a"))
    before = current(house.layout.index).stat()
    house.publish()
    assert before.st_mtime_ns == current(house.layout.index).stat().st_mtime_ns


def test_no_text_of_a_record_is_in_the_index(house):
    house.night(judged("a"))
    content = b"".join(path.read_bytes() for path in house.layout.index.iterdir())
    assert b"theme/alimentation" in content
    assert b"<http" not in content


NIGHTS = st.lists(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["alimentation", "energie-climat"]), min_size=1),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=12)
@given(NIGHTS, st.booleans())
def test_whoever_follows_holds_what_is_published(tmp_path_factory, nights, anew):
    house = House(tmp_path_factory.mktemp("house"))
    held, follow = set(), None
    for night in nights:
        house.night(*(judged(ref, theme) for ref, theme in night.items()))
        if anew:
            current(house.layout.index).unlink()
            house.publish()
        here, gone, follow = house.walk(Asked(FOOD), follow)
        held = (held | set(here)) - set(gone)
        published = {ref: house.ledger.triples("alpha", ref) or b"" for ref in "abcdefgh"}
        assert held == {ref for ref, triples in published.items() if b"themes/alimentation" in triples}
    house.ledger.close()


def test_kinds_are_those_whose_classes_are_all_there():
    classes = frozenset(full(one) for one in ("archipel:Initiative", "pair:Organization", "org:Organization"))
    assert ("organisation", "initiative") == kinds(classes)
    assert () == kinds(frozenset())


def test_fragments_and_territories_of_others_are_no_keys():
    subject = iri.record(BASE, "alpha", "a")
    lines = [
        f"<{subject}#besoin-1> <{full('rdf:type')}> <{full('pair:Project')}> .",
        f"<{subject}> <{full('dcterms:spatial')}> <https://www.wikidata.org/entity/Q90> .",
        f"<{subject}> <{full('dcterms:spatial')}> <{iri.territory('commune', '34172')}> .",
        f"<{subject}#salle-1> <{full('wgs:lat')}> {canonical.decimal(Decimal(1))} .",
    ]
    found = keys(canonical.lines(lines), BASE)
    assert (("territory/commune/34172",), None, None) == (found.words, found.lat, found.lon)


def test_what_a_record_points_at_is_a_key_and_its_own_fragments_are_not():
    subject, other = (iri.record(BASE, "alpha", ref) for ref in ("a", "b/c d"))
    lines = [
        f"<{subject}> <{full('pair:partnerOf')}> <{other}> .",
        f"<{subject}#adhesion-1> <{full('pair:membershipActor')}> <{other}#x> .",
        f"<{subject}#adhesion-1> <{full('pair:membershipOrganization')}> <{subject}> .",
        f"<{subject}> <{full('pair:hasLocation')}> <{subject}#lieu> .",
        f"<{subject}> <{full('dcterms:isPartOf')}> <{iri.source(BASE, 'alpha')}> .",
    ]
    assert ("to/alpha/b/c%20d",) == keys(canonical.lines(lines), BASE).words


def test_every_theme_can_be_a_word():
    themes = {one.iri for one in vocab.scheme("themes").values()}
    assert {f"theme/{one.rpartition('/')[2]}" for one in themes} == {
        word
        for one in themes
        for word in keys(judged("a", one.rpartition("/")[2]).judged, BASE).words
        if "theme" in word
    }
