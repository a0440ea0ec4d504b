"""What we write is byte for byte what a real store gives back, or patches would never converge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=7, min_value=-180, max_value=180)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=offsets) | st.dates(
    date(1900, 1, 1)
)


def returned(literal: str) -> str:
    """The literal after a real store has taken it in."""
    store = ox.Store()
    store.load(f"<http://e/s> <http://e/p> {literal} .\n".encode(), format=ox.RdfFormat.N_TRIPLES)
    dumped = store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
    assert dumped is not None
    return dumped.decode().removeprefix("<http://e/s> <http://e/p> ").removesuffix(" .\n")


@given(texts, st.sampled_from([None, "fr", "FR", "fr-FR", "oc"]))
def test_strings_come_back_as_written(text, language):
    literal = canonical.string(text, language)

    assert returned(literal) == literal


@given(decimals)
def test_decimals_come_back_as_written(value):
    literal = canonical.decimal(value)

    assert returned(literal) == literal


@given(moments)
def test_moments_come_back_as_written(value):
    literal = canonical.moment(value)

    assert returned(literal) == literal


@pytest.mark.parametrize(
    "literal", [canonical.boolean(True), canonical.boolean(False), canonical.integer(-7)]
)
def test_other_literals_come_back_as_written(literal):
    assert returned(literal) == literal


@pytest.mark.parametrize(
    ("value", "written"),
    [("48.850000", "48.85"), ("1.0", "1"), ("-0.0", "0"), ("100", "100"), ("1E+2", "100")],
)
def test_decimals_lose_their_trailing_zeros(value, written):
    assert canonical.decimal(Decimal(value)) == f'"{written}"^^<http://www.w3.org/2001/XMLSchema#decimal>'


def test_a_time_without_offset_is_refused():
    with pytest.raises(ValueError, match="no offset"):
        canonical.moment(datetime(2026, 1, 1))  # that is the point


def test_utc_is_written_z():
    assert canonical.moment(datetime(2026, 1, 1, 12, tzinfo=UTC)).startswith('"2026-01-01T12:00:00Z"')


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_triples_become_quads_whatever_the_texts_hold(pairs):
    lines = [f"<http://e/s> <http://e/p> {canonical.string(a + ' .' + b)} ." for a, b in pairs]
    triples = canonical.lines(lines)

    quads = list(ox.parse(canonical.in_graph(triples, "http://e/g"), format=ox.RdfFormat.N_QUADS))

    assert len(quads) == len(set(lines))
    assert {quad.graph_name.value for quad in quads} <= {"http://e/g"}
