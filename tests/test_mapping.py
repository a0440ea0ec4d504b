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


# Kinds, references and dependents

NEEDS = {"each": "besoins[]", "map": {"name": "titre", "support": "nature"}}


def test_a_record_may_be_of_another_kind_than_its_source():
    mapping = {
        "kind": {"from": "type", "cases": {"events": "event"}},
        "start": "quand",
        "legal_form": "forme",
    }
    event, findings = item(mapping, {"type": "events", "quand": "2026-05-01"})
    other, _ = item(mapping, {"type": "project", "quand": "2026-05-01"})

    assert (event.kind, event.values["start"].isoformat(), findings) == ("event", "2026-05-01", [])
    assert other.kind == "project"


def test_a_record_of_a_kind_that_is_none_of_ours_is_refused_without_its_name():
    with pytest.raises(RecordError, match="no kind 'person'") as refused:
        item({"kind": "type"}, {"type": "person", "name": "Camille EXEMPLE"})

    assert "Camille" not in str(refused.value)


def test_fields_of_another_kind_are_not_kept_and_counted():
    mapping = {
        "name": "name",
        "kind": {"const": "need"},
        "start": "quand",
        "support": {"const": ["financement"]},
    }
    mapper, _ = compile_mapping(source(), mapping)
    need, _ = mapper.item(Record("r", {"name": "Nom", "quand": "2026-05-01"}))

    assert need.values.keys() == {"name", "support"}
    assert mapper.coverage.unmapped == {"start": 1}


def test_each_makes_one_dependent_for_each_value():
    found, findings = item(
        {"needs": NEEDS},
        {"besoins": [{"titre": "Un local", "nature": "local"}, {"titre": "Des bras"}]},
    )

    assert [need.kind for need in found.values["needs"]] == ["need", "need"]
    assert [need.values["name"] for need in found.values["needs"]] == ["Un local", "Des bras"]
    assert found.values["needs"][0].values["support"] == ("https://w3id.org/archipel/vocab/besoins/local",)
    assert findings == []


def test_an_incomplete_dependent_is_left_out_and_reported_and_an_empty_one_is_not_there():
    mapping = {"videos": {"each": "v[]", "map": {"name": "titre", "embed": "lien"}}}
    found, findings = item(mapping, {"v": [{"titre": "Sans adresse"}, {}]})

    assert "videos" not in found.values
    assert [(one.severity, one.code, one.field, one.value) for one in findings] == [
        ("Warning", "dependent-incomplete", "videos", "embed or content")
    ]


def test_a_dependent_may_be_made_of_fields_of_the_record():
    mapping = {"venue": {"each": "@", "map": {"name": "salle", "city": "ville", "lat": "y", "lon": "x"}}}
    found, _ = item(mapping, {"salle": "La grange", "ville": "Aniane", "y": 43.68, "x": 3.58}, kind="event")
    bare, _ = item(mapping, {}, kind="event")

    assert found.values["venue"].values == {
        "name": "La grange",
        "lat": Decimal("43.68"),
        "lon": Decimal("3.58"),
        "city": "Aniane",
    }
    assert "venue" not in bare.values


def test_dependents_of_dependents_and_cut_texts_are_mapped():
    mapping = {
        "grants": {
            "each": "aides[]",
            "map": {"requested": "montant", "funder": {"each": "de", "map": {"name": "@"}}},
        },
        "partners": {"each": {"from": "avec", "split": ","}, "map": {"name": "@"}},
    }
    found, _ = item(mapping, {"aides": [{"montant": "78 000", "de": "ADEME"}], "avec": "Kawaa, Decidim"})
    (grant,) = found.values["grants"]

    assert (grant.values["requested"], grant.values["funder"].values["name"]) == (Decimal(78000), "ADEME")
    assert [one.values["name"] for one in found.values["partners"]] == ["Kawaa", "Decidim"]


def test_the_columns_of_a_table_make_dependents_too():
    mapping = {"needs": {"each": "@", "map": {"name": "Besoin (en clair)"}}}
    found, _ = item(mapping, {"Besoin (en clair)": "Un local"}, columns=True)

    assert found.values["needs"][0].values == {"name": "Un local"}


def test_when_keeps_dependents_from_records_it_does_not_fit():
    mapping = {"needs": {**NEEDS, "when": {"path": "public", "in": ["oui"]}}}
    value = {"besoins": [{"titre": "Un local"}]}

    assert "needs" in item(mapping, {**value, "public": "oui"})[0].values
    assert "needs" not in item(mapping, {**value, "public": "non"})[0].values


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ("besoins", "expected { each = PATH, map"),
        ({"each": "besoins[]"}, "expected { each = PATH, map"),
        ({"each": "besoins[]", "map": {"nom": "titre"}}, "nom: no item field 'nom'"),
        ({"each": "a[?b]", "map": {"name": "titre"}}, "path 'a[?b]'"),
        ({"each": "a", "map": {"start": "x"}}, "no item field 'start' for kind 'need'"),
    ],
)
def test_a_faulty_entry_of_dependents_is_a_problem_in_words(entry, wrong):
    mapper, problems = compile_mapping(source(), {"name": "name", "needs": entry})

    assert [name for name, _ in problems] == ["needs"]
    assert wrong in problems[0][1]
    assert mapper.item(Record("r", {"name": "Nom"}))[0].values == {"name": "Nom"}


def test_what_dependents_read_is_not_reported_as_unmapped():
    mapper, _ = compile_mapping(
        source(kind="event"),
        {"name": "name", "needs": NEEDS, "venue": {"each": "@", "map": {"name": "salle"}}},
    )
    mapper.item(Record("r", {"name": "Nom", "besoins": [], "salle": "x", "autre": 1}))

    assert mapper.coverage.unmapped == {"autre": 1}


def test_references_are_refs_of_the_source_or_iris():
    found, _ = item({"partner_of": "avec"}, {"avec": ["ab 1", "https://autre.org/x", "", "ab 1"]})

    assert [one.name for one in found.values["partner_of"]] == ["ab 1", "https://autre.org/x"]
    assert [one.absolute for one in found.values["partner_of"]] == [False, True]


def test_a_criterion_is_known_by_its_word_or_by_framework_and_word():
    mapping = {
        "assessments": {"each": "notes[]", "map": {"criterion": "critere", "rating": "note"}},
    }
    notes = [{"critere": "forces", "note": "2,5"}, {"critere": "criteres-entretiens/faiblesses", "note": 1}]
    found, findings = item(mapping, {"notes": notes})

    assert [one.values["criterion"].rpartition("/")[2] for one in found.values["assessments"]] == [
        "forces",
        "faiblesses",
    ]
    assert findings == []


def test_a_concept_written_as_its_iri_is_known():
    sdg, theme = "http://metadata.un.org/sdg/12", "https://w3id.org/archipel/vocab/themes/habitat"
    found, _ = item({"sdg": "odd", "theme": "theme"}, {"odd": [sdg, "13"], "theme": theme})

    assert found.values["sdg"] == (sdg, "http://metadata.un.org/sdg/13")
    assert found.values["theme"] == (theme,)


def test_areas_are_named_by_level_and_code_and_never_by_a_colliding_code():
    found, _ = item({"covers": "zones"}, {"zones": ["34172", "region/76", "departement/2a"]})
    _, findings = item({"covers": "zones"}, {"zones": "76"})

    assert found.values["covers"] == ("commune/34172", "region/76", "departement/2A")
    assert [(one.code, one.field) for one in findings] == [("clean", "covers")]


def test_one_refused_value_takes_no_other_with_it():
    found, findings = item(
        {"image": "photos"}, {"photos": ["https://e.org/1.jpg", "ftp://e.org/2", "https://e.org/3"]}
    )

    assert found.values["image"] == ("https://e.org/1.jpg", "https://e.org/3")
    assert [(one.code, one.field) for one in findings] == [("clean", "image")]


def test_contacts_are_scrubbed_from_words_and_streets_too():
    found, findings = item(
        {"keywords": "mots", "street": "rue"},
        {"mots": ["jardin", "appeler le 06 12 34 56 78"], "rue": "12 rue Haute, marie@example.org"},
    )

    assert found.values["keywords"] == ("jardin", "appeler le […]")
    assert found.values["street"] == "12 rue Haute, […]"
    assert [(one.code, one.field) for one in findings] == [
        ("contact-scrubbed", "street"),
        ("contact-scrubbed", "keywords"),
    ]


def test_our_own_concepts_are_known_beside_an_alignment():
    ours = "https://w3id.org/archipel/vocab/themes/habitat"
    found, _ = item({"theme": {"from": "t", "align": "colibris"}}, {"t": [ours, "Culture"]})

    assert [iri.rpartition("/")[2] for iri in found.values["theme"]] == ["habitat", "culture-lien"]


def test_half_a_surrogate_pair_in_a_ref_of_something_else_is_a_finding():
    found, findings = item({"part_of": "dans"}, {"dans": "d\ud800"})

    assert "part_of" not in found.values
    assert [one.field for one in findings] == ["part_of"]
