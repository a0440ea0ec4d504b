"""A correction mends a field while its source still says what was seen, and is shown as ours."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner
from withdrawn import few_territories

from harvester.cli import app
from harvester.config import load
from harvester.harvest import run_source
from harvester.harvest.asking import Asked
from harvester.harvest.corrections import mender, problems
from harvester.mapping.typed import Tagged
from harvester.model import Correction, Item, Outcome, Source
from harvester.publish import publication
from harvester.schedule import Clock

LISTING = "/jardins/liste.json"
TABLE = """
[source.jardins]
title = "Jardins"
connector = "table"
licence = "etalab-2.0"
allow_private = true
delay = "0s"
attempts = 1
url = "{url}"
map = {{ ref = "id", name = "nom", description = "texte", postcode = "code", city = "ville", theme = "sujet" }}
"""
HEAD = "ref,field,value seen,value,who,when,why\n"
TOWN = "j1,city,Anianne,Aniane,Ada,2026-11-22,faute de frappe\n"
SHOWN = "city: Anianne → Aniane (Ada, 2026-11-22: faute de frappe)"
CITY = "schema:address/schema:addressLocality"


def serve(partners, town: str = "Anianne", count: int = 10) -> None:
    records = [
        {"id": f"j{n}", "nom": f"Jardin {n}", "texte": f"Numéro {n}.", "code": "34150", "ville": town}
        for n in range(count)
    ]
    partners.serve(LISTING, json.dumps(records).encode(), "application/json")


@pytest.fixture
def garden(federation, partners):
    federation.declare(TABLE.format(url=partners.url + LISTING))
    serve(partners)
    return federation


def correct(garden, *lines: str, head: str = HEAD, source: str = "jardins") -> None:
    folder = garden.config.parent / "corrections"
    folder.mkdir(exist_ok=True)
    (folder / f"{source}.csv").write_text(head + "".join(lines), encoding="utf-8")


def told(garden, term: str, ref: str = "j1") -> list[tuple[str | None, ...]]:
    garden.publish()
    return garden.ask(f"SELECT ?v {{ <http://localhost:8000/id/jardins/{ref}> {term} ?v }}")


def test_corrected_field_is_published_and_shown_as_ours(garden):
    correct(garden, TOWN)

    report = garden.run("jardins")

    assert (report.outcome, report.message) == (Outcome.DONE, "10 created")
    assert told(garden, CITY) == [("Aniane",)]
    assert told(garden, "archipel:correction") == [(SHOWN,)]
    assert told(garden, "dcterms:spatial") == [("https://w3id.org/archipel/territoire/commune/34010",)]
    assert told(garden, "archipel:correction", "j2") == []
    assert garden.run("jardins").outcome == Outcome.UNCHANGED


def test_new_correction_changes_its_record_although_the_partner_could_say_304(garden):
    garden.run("jardins")
    correct(garden, TOWN)

    report = garden.run("jardins")

    assert report.message == "1 updated"
    assert told(garden, CITY) == [("Aniane",)]


def test_correction_is_obsolete_once_the_source_says_something_else(garden, partners):
    correct(garden, TOWN)
    garden.run("jardins")
    serve(partners, town="Gignac")

    report = garden.run("jardins")

    assert told(garden, CITY) == [("Gignac",)]
    assert told(garden, "archipel:correction") == []
    found = garden.ledger().run(report.run).findings["findings"]
    assert found["Info correction-obsolete"] == 1
    finding = next(one for one in garden.ledger().record("jardins", "j1").findings if one["field"] == "city")
    assert (finding["severity"], finding["value"]) == ("Info", "corrections/jardins.csv:2")


def test_correction_of_a_record_that_is_gone_is_told(garden):
    correct(garden, TOWN, "j77,city,Anianne,Aniane,Ada,2026-11-22,faute de frappe\n")

    report = garden.run("jardins")

    assert report.outcome == Outcome.DONE
    assert "corrections/jardins.csv:3: record 'j77' is no longer in the listing" in report.issues[0]
    assert garden.ledger().run(report.run).findings["findings"]["Info correction-obsolete"] == 1


def test_correction_is_part_of_the_recipe_of_its_source_only(garden, partners):
    other = TABLE.format(url=partners.url + LISTING).replace("source.jardins", "source.carte")
    garden.declare(TABLE.format(url=partners.url + LISTING) + other)
    recipes = {}
    for lines in ([], [TOWN]):
        correct(garden, *lines)
        for source in ("jardins", "carte"):
            run = garden.run(source).run
            recipes.setdefault(source, set()).add(garden.ledger().run(run).recipe)

    assert {source: len(kept) for source, kept in recipes.items()} == {"jardins": 2, "carte": 1}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("j1,city,a\n", "has 3 cells, 7 expected"),
        ("j1,town,a,b,Ada,2026-11-22,faute\n", "no item field 'town'"),
        ("j1,city,a,b,,2026-11-22,faute\n", "'who' is empty"),
        ("j1,city,a,b,Ada,hier,faute\n", "'when' is 'hier'; expected a date"),
        ("j1,city,a,a,Ada,2026-11-22,faute\n", "'value seen' and 'value' are both 'a'"),
        ("j1,postcode,34150,341,Ada,2026-11-22,faute\n", "value '341' is none of 'postcode'"),
        ("j1,theme,,jardinage,Ada,2026-11-22,faute\n", "value 'jardinage' is none of 'theme'"),
        ("j1,venue,a,b,Ada,2026-11-22,faute\n", "'venue' cannot be corrected here"),
        ("j1,name,Jardin 1,,Ada,2026-11-22,faute\n", "a record needs a name"),
        (TOWN, "'city' of record 'j1' is corrected on line 2 already"),
        ('j1,description,"x\n', "not CSV"),
    ],
)
def test_faulty_line_is_a_problem_with_its_number_and_stops_nothing(garden, line, complaint):
    correct(garden, TOWN, line)
    words = ["--config", str(garden.config), "--store", str(garden.layout.root)]

    checked = CliRunner().invoke(app, ["check", *words])
    ran = CliRunner().invoke(app, ["run", *words])

    assert checked.exit_code == 2
    assert f"corrections/jardins.csv:3: {complaint}" in checked.output
    assert ran.exit_code == 0, ran.output
    assert told(garden, CITY) == [("Aniane",)]


def test_file_without_the_columns_or_without_a_source_is_a_problem(garden):
    correct(garden, TOWN, head="ref,champ\n")
    correct(garden, TOWN, source="jardin")

    texts = [str(problem) for problem in load(garden.config).problems]

    assert texts[0].startswith("corrections/jardin.csv: no source 'jardin'; did you mean 'jardins'?")
    assert texts[1].startswith("corrections/jardins.csv:1: its columns are ref, champ; expected ref, field,")


def test_file_of_a_french_spreadsheet_is_read(garden):
    correct(garden, TOWN.replace(",", ";"), head="\ufeff" + HEAD.replace(",", ";"))

    garden.run("jardins")

    assert told(garden, CITY) == [("Aniane",)]


def test_server_that_runs_takes_up_a_new_correction(garden):
    with ThreadPoolExecutor(1) as pool:
        reports: list = []
        ticking = Clock(garden.config, garden.layout, garden.ledger(), pool, reports.append)
        ticking.start()
        ticking.stop()
        correct(garden, TOWN.replace("city", "town"))

        ticking.reread()

    assert [str(problem).partition(";")[0] for problem in ticking.problems()] == [
        "corrections/jardins.csv:2: no item field 'town'"
    ]


def test_withdrawn_field_is_not_brought_back_by_a_correction(garden, monkeypatch):
    monkeypatch.setattr(publication, "territory_triples", few_territories)
    correct(garden, "j1,street,,12 rue du Four,Ada,2026-11-22,vue sur place\n")
    words = ["--config", str(garden.config), "--store", str(garden.layout.root)]
    garden.run("jardins")
    assert told(garden, "schema:address/schema:streetAddress") == [("12 rue du Four",)]
    more = TABLE.format(url="http://127.0.0.1:9/").replace(
        'theme = "sujet"', 'theme = "sujet", street = "rue"'
    )
    garden.declare(more)

    asked = ["withdraw", "jardins", "j1", "--field", "street", "--reason", "oui", "--yes", *words]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)

    assert done.exit_code == 0, done.output
    assert "corrections/jardins.csv:2 still tells of it; take the line out" in done.output
    assert told(garden, "schema:address/schema:streetAddress") == []


# What a correction does to an item


POINT = {"lat": Decimal("43.6"), "lon": Decimal("3.5")}


def line(field: str, seen: str, value: str) -> Correction:
    return Correction("corrections/s.csv", 2, "r", field, seen, value, "Ada", date(2026, 11, 22), "vu")


def source(*lines: Correction) -> Source:
    return Source("s", "S", "table", ("https://e.org/",), "unknown", corrections=lines)


def mended(values: dict, *lines: Correction):
    findings: list = []
    item, notes = mender(source(*lines), {}).mended(
        Item("initiative", "r", {"name": "N", **values}), findings
    )
    return {name: held for name, held in item.values.items() if name != "name"}, len(notes), len(findings)


@pytest.mark.parametrize(
    ("values", "lines", "expected"),
    [
        ({"city": "Anianne"}, [("city", "Anianne", "Aniane")], ({"city": "Aniane"}, 1, 0)),
        ({"city": "Gignac"}, [("city", "Anianne", "Aniane")], ({"city": "Gignac"}, 0, 1)),
        ({}, [("city", "", "Aniane")], ({"city": "Aniane"}, 1, 0)),
        ({"city": "Gignac"}, [("city", "", "Aniane")], ({"city": "Gignac"}, 0, 1)),
        ({"homepage": "https://e.org/"}, [("homepage", "https://e.org/", "")], ({}, 1, 0)),
        (POINT, [("lat", "43.6", "43.7")], ({**POINT, "lat": Decimal("43.7")}, 1, 0)),
        (POINT, [("lat", "43.6", "")], ({}, 1, 0)),
        ({}, [("lat", "", "43.6")], ({}, 1, 0)),
        ({}, [("lat", "", "43.6"), ("lon", "", "3.5")], (POINT, 2, 0)),
        ({"keywords": ("a", "b")}, [("keywords", "b", "c")], ({"keywords": ("a", "c")}, 1, 0)),
        ({"keywords": ("a",)}, [("keywords", "", "c;d")], ({"keywords": ("a", "c", "d")}, 1, 0)),
        ({"keywords": ("a", "c")}, [("keywords", "", "c")], ({"keywords": ("a", "c")}, 0, 1)),
        (
            {"slogan": (Tagged("Tere", "oc"), Tagged("Terre", "fr"))},
            [("slogan", "Tere", "Tèrra")],
            ({"slogan": (Tagged("Tèrra", "oc"), Tagged("Terre", "fr"))}, 1, 0),
        ),
        (
            {"city": "Anianne", "postcode": "34151"},
            [("city", "Anianne", "Aniane"), ("postcode", "34151", "34150")],
            ({"city": "Aniane", "postcode": "34150"}, 2, 0),
        ),
    ],
)
def test_item_is_mended_where_it_says_what_was_seen(values, lines, expected):
    assert mended(values, *(line(*one) for one in lines)) == expected


def test_sound_corrections_have_no_problem_and_faulty_ones_are_not_applied():
    faulty = line("postcode", "34150", "n'importe quoi")

    assert problems(source(line("city", "a", "b"))) == []
    assert mended({"postcode": "34150"}, faulty) == ({"postcode": "34150"}, 0, 0)


def test_correction_survives_the_way_to_another_process(garden):
    correct(garden, TOWN)
    configuration = load(garden.config)

    report = run_source(configuration.sources["jardins"], configuration.federation, garden.layout, Asked())

    assert report.outcome == Outcome.DONE
    assert told(garden, "archipel:correction") == [(SHOWN,)]
