"""Minting: every ref has its IRI, and only one."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import iri

BASE = "http://localhost:8000/"
refs = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(refs)
def test_a_ref_is_found_again_in_its_iri(ref):
    assert iri.record_of(BASE, iri.record(BASE, "s", ref)) == ("s", ref)


@given(refs)
def test_a_minted_iri_is_valid_whatever_the_ref(ref):
    minted = iri.record(BASE, "s", ref)

    assert ox.NamedNode(minted).value == minted


@given(refs, refs)
def test_two_refs_never_share_an_iri(one, other):
    assert (one == other) == (iri.record(BASE, "s", one) == iri.record(BASE, "s", other))


@pytest.mark.parametrize("ref", ["a/../b", "../x", "a//b", "/a", "."])
def test_a_ref_that_a_browser_would_normalise_keeps_no_dot_segment(ref):
    path = iri.record(BASE, "s", ref).removeprefix(BASE + "id/s/")

    assert not {"", ".", ".."} & set(path.split("/"))


@pytest.mark.parametrize(
    "foreign", ["http://elsewhere/id/s/a", BASE + "sources/s", BASE + "id/s", BASE + "id/s/"]
)
def test_a_foreign_iri_is_no_record(foreign):
    assert iri.record_of(BASE, foreign) is None


def test_a_fragment_belongs_to_its_record():
    place = iri.fragment(iri.record(BASE, "s", "a b"), "lieu")

    assert (place, iri.record_of(BASE, place)) == (BASE + "id/s/a%20b#lieu", ("s", "a b"))
