"""The story of a run, told through a real server, a real ledger and a real store."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from harvester.harvest import Asked, From
from harvester.layout import Layout
from harvester.model import Outcome

LISTING = "/jardins/liste.json"


def gardens(count: int, *, name: str = "Jardin {}") -> list[dict[str, object]]:
    """As many records as wished, all in Aniane."""
    return [
        {
            "id": f"j{n}",
            "nom": name.format(n),
            "texte": f"Un jardin partagé, le numéro {n}.",
            "code": "34150",
            "ville": "Aniane",
        }
        for n in range(count)
    ]


def table(url: str, **more: str) -> str:
    """A source as a maintainer writes it."""
    lines = {
        "title": '"Jardins"',
        "connector": '"table"',
        "licence": '"etalab-2.0"',
        "allow_private": "true",
        "delay": '"0s"',
        "attempts": "1",
        "timeout": '"2s"',
        "url": f'"{url}"',
        "map": '{ ref = "id", name = "nom", description = "texte", postcode = "code", city = "ville" }',
        **more,
    }
    return "[source.jardins]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


@pytest.fixture
def garden(federation, partners):
    """A federation with one source of ten gardens, not harvested yet."""
    serve(partners, gardens(10))
    federation.declare(table(partners.url + LISTING))
    return federation


def serve(partners, records: object) -> None:
    partners.serve(LISTING, json.dumps(records).encode(), "application/json")


def records_graph(federation) -> list[bytes]:
    return [line for line in federation.dump().splitlines() if b"/graph/source/jardins>" in line]


def names(federation) -> set[str | None]:
    federation.publish()
    return {row[0] for row in federation.ask("SELECT ?n { ?r a archipel:Initiative ; rdfs:label ?n }")}


def test_first_harvest_publishes_every_record_where_it_is(garden):
    report = garden.run("jardins")

    assert (report.outcome, report.message) == (Outcome.DONE, "10 created")
    assert names(garden) == {f"Jardin {n}" for n in range(10)}
    commune = "https://w3id.org/archipel/territoire/commune/34010"
    assert len(garden.ask(f"SELECT ?r {{ ?r dcterms:spatial <{commune}> }}")) == 10


def test_second_harvest_of_the_same_answers_changes_nothing_anywhere(garden):
    garden.run("jardins")
    ledger = garden.ledger()
    before = (ledger.position(), records_graph(garden))

    report = garden.run("jardins")

    assert (report.outcome, report.counts["changes"]) == (Outcome.UNCHANGED, 0)
    assert (ledger.position(), records_graph(garden)) == before


def test_listing_read_again_in_another_order_is_unchanged(garden, partners):
    garden.run("jardins")
    serve(partners, gardens(10)[::-1])

    assert garden.run("jardins").outcome == Outcome.UNCHANGED


def test_a_mapping_changed_is_applied_although_the_partner_answers_304(garden, partners):
    garden.run("jardins")
    garden.declare(table(partners.url + LISTING, map='{ ref = "id", name = "texte" }'))

    report = garden.run("jardins")

    assert partners.requests[-1].status == 304
    assert (report.outcome, report.message) == (Outcome.DONE, "10 updated")
    assert "Un jardin partagé, le numéro 3." in names(garden)


def test_a_run_that_is_held_leaves_no_validator_behind(garden, partners):
    garden.declare(table(partners.url + LISTING, expect="{ min_records = 11 }"))
    assert garden.run("jardins").outcome == Outcome.HELD
    garden.declare(table(partners.url + LISTING))

    report = garden.run("jardins")

    assert partners.requests[-1].status == 200
    assert report.message == "10 created"


def test_one_record_changed_is_one_change(garden, partners):
    garden.run("jardins")
    changed = gardens(10)
    changed[4]["texte"] = "Un jardin agrandi."
    serve(partners, changed)

    report = garden.run("jardins")

    assert report.message == "1 updated"
    assert garden.ledger().history("jardins", "j4")[-1].operation == "update"


def test_a_record_that_leaves_stays_published_until_grace_ends_even_on_unchanged_nights(garden, partners):
    garden.run("jardins")
    serve(partners, gardens(9))

    first = garden.run("jardins")

    assert (first.outcome, first.counts["missing"]) == (Outcome.DONE, 1)
    assert len(names(garden)) == 10
    marked = garden.ask("SELECT ?n { ?r archipel:missingSince ?since ; rdfs:label ?n }")
    assert marked == [("Jardin 9",)]

    last = garden.run("jardins", grace=timedelta(0))

    assert (last.outcome, last.counts["withdrawn"]) == (Outcome.DONE, 1)
    assert len(names(garden)) == 9


def test_a_record_that_returns_regains_its_place_and_history(garden, partners):
    garden.run("jardins")
    serve(partners, gardens(9))
    garden.run("jardins")
    garden.run("jardins", grace=timedelta(0))
    serve(partners, gardens(10))

    report = garden.run("jardins")

    assert report.message == "1 created"
    operations = [change.operation for change in garden.ledger().history("jardins", "j9")]
    assert operations == ["create", "update", "withdraw", "create"]
    assert len(names(garden)) == 10
    assert garden.ask("SELECT ?r { ?r archipel:missingSince ?since }") == []


def test_a_listing_that_shrinks_too_much_is_held_and_nothing_moves(garden, partners):
    serve(partners, gardens(100))
    garden.run("jardins")
    serve(partners, gardens(40))

    report = garden.run("jardins")

    assert report.outcome == Outcome.HELD
    assert report.message == (
        "jardins: 60 of 100 published records are missing, 10% allowed (expect.max_shrink); published data "
        "kept; look at the source, then `harvester release jardins --reason …` to accept, "
        "or `harvester discard jardins --reason …`"
    )
    assert len(names(garden)) == 100


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"[]", "0 records found, 1 expected at least"),
        (b"", "empty file"),
        (b"<!DOCTYPE html><title>Maintenance</title>", "HTML"),
        (b'[{"id": "j0", "nom": "Jardin 0"}, {"id": "j1", "no', "cut"),
        (b"null", "null"),
    ],
    ids=["empty-list", "empty-body", "html-page", "cut-json", "null"],
)
def test_an_answer_that_is_no_listing_fails_and_leaves_everything_published(garden, partners, answer, said):
    garden.run("jardins")
    partners.serve(LISTING, answer, "application/json")

    report = garden.run("jardins")

    assert (report.outcome, said in report.message) == (Outcome.FAILED, True), report.message
    assert "\n" not in report.message
    assert len(names(garden)) == 10


@pytest.mark.parametrize("fault", ["status:503", "status:429", "cut", "reset", "hang:9"])
def test_a_partner_that_cannot_answer_defers_its_source(garden, partners, fault):
    garden.run("jardins")
    partners.misbehave(LISTING, fault)

    report = garden.run("jardins")

    assert report.outcome == Outcome.DEFERRED
    assert "\n" not in report.message
    assert len(names(garden)) == 10


def test_an_unreachable_host_defers_its_source(garden):
    garden.declare(table("http://127.0.0.1:9/liste.json"))

    report = garden.run("jardins")

    assert report.outcome == Outcome.DEFERRED
    assert "127.0.0.1:9" in report.message


def test_a_broken_line_is_rejected_and_the_rest_is_published(garden, partners):
    lines = ["id,nom,texte,code,ville", *(f"j{n},Jardin {n},Un texte.,34150,Aniane" for n in range(9))]
    garden.declare(table(partners.url + "/jardins.csv"))
    partners.serve("/jardins.csv", "\n".join(lines).encode(), "text/csv")
    garden.run("jardins")
    lines[4] = "j3,Jardin 3"
    partners.serve("/jardins.csv", "\n".join(lines).encode(), "text/csv")

    report = garden.run("jardins")

    assert (report.outcome, report.counts["rejected"]) == (Outcome.DONE_ISSUES, 1)
    assert report.counts["missing"] == 0
    assert "5" in report.issues[0]
    assert len(names(garden)) == 9


def test_a_record_without_a_title_is_kept_out_and_explained(garden, partners):
    serve(partners, [*gardens(9), {"id": "x", "nom": "", "code": "34150"}])

    report = garden.run("jardins")

    assert (report.outcome, report.message) == (Outcome.DONE_ISSUES, "9 created, 1 rejected")
    held = garden.ledger().record("jardins", "x")
    assert (held.state, held.live) == ("rejected", False)
    assert "no name" in held.reason


def test_a_record_that_becomes_invalid_keeps_its_last_valid_version_marked_stale(garden, partners):
    garden.run("jardins")
    broken = gardens(10)
    broken[2]["nom"] = "x"
    serve(partners, broken)

    report = garden.run("jardins")

    assert report.outcome == Outcome.DONE_ISSUES
    assert "Jardin 2" in names(garden)
    assert garden.ask("SELECT ?n { ?r archipel:staleSince ?t ; rdfs:label ?n }") == [("Jardin 2",)]


def test_records_left_out_by_only_are_ignored_not_lost(garden, partners):
    garden.declare(table(partners.url + LISTING, only='{ path = "id", in = ["j1", "j2"] }'))

    report = garden.run("jardins")

    assert (report.message, report.counts["ignored"]) == ("2 created", 8)
    assert garden.ledger().record("jardins", "j5").state == "ignored"


def test_a_ref_that_comes_twice_is_published_once_and_counted(garden, partners):
    serve(partners, [*gardens(10), *gardens(1, name="Autre {}")])

    report = garden.run("jardins")

    assert (report.counts["created"], report.counts["repeated"]) == (10, 1)
    assert "Autre 0" not in names(garden)


def test_dry_run_tells_what_would_happen_and_writes_nothing(garden):
    report = garden.run("jardins", asked=Asked(dry=True))

    assert (report.message, report.run) == ("10 created", None)
    assert (garden.ledger().position(), garden.ledger().last_run()) == (0, 0)


def test_a_limited_run_makes_nothing_missing(garden):
    garden.run("jardins")

    report = garden.run("jardins", asked=Asked(limit=3))

    assert report.counts["missing"] == 0


def test_from_raw_asks_nothing_of_the_partner(garden, partners):
    garden.run("jardins")
    asked = len(partners.requests)

    report = garden.run("jardins", asked=Asked(origin=From.RAW))

    assert (report.outcome, len(partners.requests)) == (Outcome.UNCHANGED, asked)


def test_a_source_without_a_known_licence_is_harvested_but_not_published(garden, partners):
    garden.declare(table(partners.url + LISTING, licence='"unknown"'))

    assert garden.run("jardins").message == "10 created"
    assert names(garden) == set()

    garden.declare(table(partners.url + LISTING, licence='"ODbL-1.0"'))
    garden.run("jardins")

    assert len(names(garden)) == 10


def test_fields_nobody_mapped_and_categories_nobody_aligned_are_counted(garden, partners):
    records = [{**record, "secret": 1, "cat": "inconnue"} for record in gardens(10)]
    serve(partners, records)
    mapping = '{ ref = "id", name = "nom", theme = { from = "cat", align = "colibris" } }'
    garden.declare(table(partners.url + LISTING, map=mapping))
    garden.run("jardins")

    found = garden.ledger().runs("jardins")[0].findings

    assert found["unmapped"]["secret"] == 10
    assert found["unaligned"] == [["colibris", "inconnue", 10]]


def test_any_order_of_the_same_records_gives_the_same_triples(federation, partners, tmp_path):
    dumps = []
    for turn, records in enumerate((gardens(30), gardens(30)[::-1])):
        (tmp_path / str(turn)).mkdir()
        other = type(federation)(tmp_path / str(turn), federation.furnished)
        serve(partners, records)
        other.declare(table(partners.url + LISTING))
        other.run("jardins")
        dumps.append(records_graph(other))

    assert dumps[0] == dumps[1]


def test_the_store_patched_night_after_night_equals_one_made_anew(garden, partners, tmp_path):
    for night in range(5):
        records = gardens(10 + night)
        records[night]["texte"] = f"Nuit {night} à l'atelier, 12,5 m² et 3.0 €."
        serve(partners, records[night % 2 :])
        garden.run("jardins", grace=timedelta(0))
        garden.publish()

    assert garden.dump() == garden.dump(Layout(tmp_path / "anew"))
