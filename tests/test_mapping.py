"""A mapping is data; compiled, it reads a record and tells what it met and could not use."""

from __future__ import annotations

from decimal import Decimal

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.errors import RecordError
from harvester.mapping import compile_mapping
from harvester.mapping.paths import path
from harvester.model import Only, Record, Source

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab ", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c d"]), inner, max_size=3)
    ),
    max_leaves=12,
)
paths = st.sampled_from(["a", "a.b", "a[0]", "a[-1].b", "a[].b", "a[*].b", 'a."c d"', "a[].b[]", "a[*].b[0]"])


def source(**changed) -> Source:
    return Source(id="s", title="S", connector="c", urls=("https://e.org",), licence="ODbL-1.0", **changed)


def item(mapping, value, *, columns=False, **changed):
    """The item of one record, and the findings; any problem of the mapping fails the test."""
    mapper, problems = compile_mapping(source(**changed), {"name": "name", **mapping}, columns=columns)
    assert problems == []
    return mapper.item(Record("r", {"name": "Nom", **value}))


def field(entry, value, **changed):
    """What a description mapped so becomes."""
    return item({"description": entry}, value, **changed)[0].values.get("description")


@given(paths, values)
def test_paths_find_what_jmespath_finds(text, value):
    assert path(text)(value) == jmespath.search(text, value)


@pytest.mark.parametrize("text", ["a[?b]", "a | b", "length(a)", "{a: b}", "a.*", "a[", "é", "a b"])
def test_a_path_outside_the_subset_is_refused_in_words(text):
    with pytest.raises(ValueError, match="path '"):
        path(text)


@pytest.mark.parametrize(
    ("entry", "value", "found"),
    [
        ("a", {"a": "x"}, "x"),
        (["a", "b"], {"a": " ", "b": "y"}, "y"),
        ({"from": ["a", "b"], "join": "\n\n"}, {"a": "x", "b": "y"}, "x\ny"),
        ({"from": ["a", "b"], "join": ", "}, {"b": "y"}, "y"),
        ({"from": "a", "clean": "html"}, {"a": "<p>x</p>"}, "x"),
        ({"const": "toujours"}, {}, "toujours"),
        ({"from": "a", "when": {"path": "b", "in": ["oui"]}}, {"a": "x", "b": "oui"}, "x"),
        ({"from": "a", "when": {"path": "b", "in": ["oui"]}}, {"a": "x", "b": "non"}, None),
        ("a.b[0].c", {"a": {"b": [{"c": "x"}]}}, "x"),
        ("a", {}, None),
    ],
)
def test_an_entry_reads_as_the_grammar_says(entry, value, found):
    assert field(entry, value) == found


def test_words_are_split_and_kept_verbatim():
    assert item({"keywords": {"from": "k", "split": "/"}}, {"k": "Four à pain / Vélo"})[0].values[
        "keywords"
    ] == (
        "Four à pain",
        "Vélo",
    )


def test_categories_become_themes_and_types_each_in_its_field():
    mapping = {
        "theme": {"from": "c[].id", "align": "presdecheznous"},
        "type": {"from": "c[].id", "align": "presdecheznous"},
    }

    found, _ = item(mapping, {"c": [{"id": 10432}]})

    assert all("/vocab/themes/" in one for one in found.values["theme"])
    assert all("/vocab/types/" in one for one in found.values["type"])


def test_what_nobody_mapped_or_aligned_is_counted():
    mapper, _ = compile_mapping(
        source(), {"name": "name", "theme": {"from": "c", "align": "colibris"}}, ignored=frozenset({"i"})
    )
    mapper.item(Record("r", {"name": "Nom", "x": 1, "i": 2, "c": "Astrologie"}))

    assert dict(mapper.coverage.unmapped) == {"x": 1}
    assert dict(mapper.coverage.unaligned) == {("colibris", "Astrologie"): 1}


def test_the_sources_entries_replace_the_connectors_and_drop_switches_off():
    found, _ = item(
        {"description": "a", "homepage": "h"},
        {"a": "x", "b": "y", "h": "e.org"},
        map={"description": "b"},
        drop=("homepage",),
    )

    assert (found.values["description"], "homepage" in found.values) == ("y", False)


def test_a_record_without_a_name_is_refused():
    with pytest.raises(RecordError, match="no name; give it a title"):
        item({}, {"name": "  "})


def test_a_value_the_cleaner_refuses_is_a_finding_and_the_rest_stays():
    found, findings = item({"homepage": "h", "postcode": "p"}, {"h": "javascript:alert(1)", "p": "34150"})

    assert (found.values["postcode"], [finding.field for finding in findings]) == ("34150", ["homepage"])


def test_contacts_in_prose_are_scrubbed_and_never_repeated():
    found, findings = item(
        {"description": "d"}, {"d": "Écrire à jeanne.martin@example.org ou au 06 12 34 56 78."}
    )

    assert "jeanne" not in found.values["description"]
    assert "12 34" not in found.values["description"]
    assert [(finding.code, finding.value) for finding in findings] == [("contact-scrubbed", None)]


@pytest.mark.parametrize(
    ("lat", "lon", "point"),
    [
        ("43,6", "3.87", (Decimal("43.6"), Decimal("3.87"))),
        ("3.87", "43.6", (Decimal("43.6"), Decimal("3.87"))),
        (0, 0, None),
        ("43.6", "", None),
    ],
)
def test_coordinates_make_one_point_or_none(lat, lon, point):
    found, _ = item({"lat": "lat", "lon": "lon"}, {"lat": lat, "lon": lon})

    assert (found.values.get("lat"), found.values.get("lon")) == (point or (None, None))


def test_lambert_93_becomes_degrees():
    found, _ = item({"lat": "y", "lon": "x"}, {"x": "770000,5", "y": "6280000,5"}, crs="EPSG:2154")

    assert (round(found.values["lat"], 2), round(found.values["lon"], 2)) == (
        Decimal("43.62"),
        Decimal("3.87"),
    )


def test_times_without_offset_are_of_the_sources_zone():
    found, _ = item({"modified": "m"}, {"m": "2024-07-01 10:00:00"}, timezone="Indian/Reunion")

    assert found.values["modified"].isoformat() == "2024-07-01T10:00:00+04:00"


def test_a_column_is_its_whole_name_and_json_in_a_cell_is_reached_by_a_path():
    assert field("N° de rue. (bis)", {"N° de rue. (bis)": "12"}, columns=True) == "12"
    assert field("label.fr", {"label": {"fr": "oui"}}, columns=True) == "oui"


def test_only_tells_which_records_are_ours():
    mapper, _ = compile_mapping(source(only=Only("t", ("Gl", "GLE"))), {"name": "name"})

    assert [mapper.wants(Record("r", {"t": one})) for one in ("Gl", "x", None)] == [True, False, False]
    assert mapper.wants(Record("r", {"t": ["x", "GLE"]}))
