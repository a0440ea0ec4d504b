"""What is withdrawn on request leaves everything, and does not come back by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from conftest import ROOT
from searching import traces, unused_pages
from typer.testing import CliRunner
from withdrawn import STEPS, few_territories

from harvester import dumps
from harvester.cli import app
from harvester.config import load
from harvester.errors import StoreError
from harvester.fetch import RawStore
from harvester.harvest import Asked, From
from harvester.harvest.withdrawal import Withdrawal, finish
from harvester.ledger.decisions import (
    WHOLE,
    Suppression,
    decided,
    exported,
    fingerprint,
    imported,
    suppressed,
)
from harvester.ledger.redaction import AGAIN, REQUESTED
from harvester.ledger.withdrawals import order, pending
from harvester.model import Outcome
from harvester.publish import Publisher, publication
from harvester.triplestore import FileLock

LISTING = "/jardins/liste.json"
TABLE = """
[source.{id}]
title = "Jardins"
connector = "table"
licence = "etalab-2.0"
allow_private = true
delay = "0s"
attempts = 1
url = "{url}"
map = {{ ref = "id", name = "nom", description = "texte", postcode = "code", city = "ville", page = "lien"{more} }}
"""
NAME, PLACE = "Zéphirine Quatrebarbes", "derrière l'Hôtel-Dieu"
REASON = ("--reason", "la personne le demande", "--by", "Ada", "--yes")


def gardens(number: int = 30, **more: object) -> list[dict[str, object]]:
    """Gardens; the seventh tells of a person, in its name and in its text."""
    told = {7: {"nom": f"Verger de {NAME}", "texte": f"Le verger est {PLACE}.", "note": f"Clé chez {NAME}."}}
    return [
        {
            "id": f"j{n}",
            "nom": f"Jardin {n}",
            "texte": f"Un jardin, le numéro {n}.",
            "code": "34150",
            "ville": "Aniane",
            "lien": f"https://jardins.example.org/{n}",
        }
        | told.get(n, {})
        | more
        for n in range(number)
    ]


def serve(partners, records: object, path: str = LISTING) -> None:
    partners.serve(path, json.dumps(records).encode(), "application/json")


def declared(partners, more: str = "", source: str = "jardins", path: str = LISTING) -> str:
    return TABLE.format(id=source, url=partners.url + path, more=more)


@pytest.fixture
def garden(federation, partners, monkeypatch):
    """Three nights: one, one where every text changes, one that is held."""
    monkeypatch.setattr(publication, "territory_triples", few_territories)
    shutil.rmtree(federation.layout.oxigraph)
    federation.declare(declared(partners))
    for night in (gardens(), gardens(ville="Gignac")):
        serve(partners, night)
        federation.run("jardins")
        federation.publish()
    dumps.make(federation.layout, load(federation.config).federation)
    serve(partners, gardens(9))
    assert federation.run("jardins").outcome == Outcome.HELD
    serve(partners, gardens(ville="Gignac"))
    return federation


@pytest.fixture
def said(garden):
    words = ["--config", str(garden.config), "--store", str(garden.layout.root)]
    return lambda *asked: CliRunner().invoke(app, [*asked, *words], catch_exceptions=False)


@pytest.fixture
def stands(garden, tmp_path):
    """Where a text stands under the store."""
    aside = tmp_path / "aside"
    aside.mkdir()
    return lambda text: traces(garden.layout.root, text, aside)


def test_search_finds_a_text_wherever_it_is_kept(stands):
    rooms = {where.partition("/")[0] for where in stands(NAME)}

    assert {"ledger.sqlite", "oxigraph", "checkpoints", "raw", "runs", "dumps"} <= rooms


def refs(garden, state: str) -> set[str]:
    rows = {f"j{n}": garden.ledger().record("jardins", f"j{n}") for n in range(40)}
    return {ref for ref, row in rows.items() if row is not None and row.state == state}


def said_of(garden, ref: str, term: str) -> list[tuple[str | None, ...]]:
    garden.publish()
    return garden.ask(f"SELECT ?v {{ <http://localhost:8000/id/jardins/{ref}> {term} ?v }}")


def source_graph(garden) -> list[bytes]:
    return [line for line in garden.dump().splitlines() if line.endswith(b"/graph/source/jardins> .")]


def test_nothing_of_a_withdrawn_record_stands_under_the_store(garden, said, stands):
    told = said("withdraw", "jardins", "j7", *REASON)

    assert told.exit_code == 0, told.output
    assert (stands(NAME), stands(PLACE)) == (set(), set())
    assert unused_pages(garden.layout.ledger) == 0
    row = garden.ledger().record("jardins", "j7")
    assert (row.state, row.reason, row.live, row.name, row.page) == (
        "withdrawn",
        REQUESTED,
        False,
        None,
        None,
    )
    assert garden.ledger().history("jardins", "j7")[-1].operation == "withdraw"
    assert len(garden.ask("SELECT ?r { ?r a archipel:Initiative }")) == 29
    assert [one.reason for one in decided(garden.ledger(), "jardins", "j7")] == ["la personne le demande"]
    assert pending(garden.ledger()) == frozenset()


def test_it_does_not_come_back_with_the_next_nights_nor_with_one_that_is_held_or_read_again(
    garden, partners, said, stands
):
    said("withdraw", "jardins", "j7", *REASON)

    assert garden.run("jardins").outcome == Outcome.UNCHANGED
    for night in (gardens(ville="Puéchabon"), gardens(9), gardens(29)):
        serve(partners, night)
        garden.run("jardins")
        garden.publish()
    garden.run("jardins", asked=Asked(origin=From.RECORDS))
    garden.publish()

    assert (stands(NAME), stands(PLACE)) == (set(), set())
    assert refs(garden, "withdrawn") == {"j7"}
    assert not garden.layout.passing("jardins").exists()
    assert garden.run("jardins", asked=Asked(origin=From.RAW)).outcome == Outcome.DEFERRED


def test_a_field_withdrawn_leaves_everything_and_the_rest_stays_published(garden, partners, said, stands):
    before = source_graph(garden)

    told = said("withdraw", "jardins", "j7", "--field", "description", *REASON)

    assert told.exit_code == 0, told.output
    assert stands(PLACE) == set()
    after = source_graph(garden)
    assert set(after) < set(before)
    assert {line.split(b">")[1] for line in set(before) - set(after)} == {
        b" <http://purl.org/dc/terms/description"
    }
    assert said_of(garden, "j7", "rdfs:label") == [(f"Verger de {NAME}",)]

    assert garden.run("jardins").outcome == Outcome.UNCHANGED
    serve(partners, gardens(ville="Puéchabon"))
    garden.run("jardins")
    garden.publish()
    assert stands(PLACE) == set()
    assert said_of(garden, "j7", "schema:address/schema:addressLocality") == [("Puéchabon",)]


def test_every_kept_night_is_told_again_byte_for_byte_less_what_was_withdrawn(garden, said):
    last = max(run.id for run in garden.ledger().runs("jardins") if run.outcome == Outcome.DONE)
    said("withdraw", "jardins", "j7", *REASON)
    said("withdraw", "jardins", "j8", "--field", "description", *REASON)
    garden.publish()
    before = source_graph(garden)

    garden.run("jardins", asked=Asked(origin=From.RECORDS, of=last - 1))
    assert source_graph(garden) != before
    garden.run("jardins", asked=Asked(origin=From.RECORDS, of=last))

    assert source_graph(garden) == before


def test_a_missing_record_keeps_since_when_it_is_missing_when_it_loses_a_field(garden, partners, said):
    serve(partners, [one for one in gardens(ville="Gignac") if one["id"] != "j7"])
    garden.run("jardins")
    since = said_of(garden, "j7", "archipel:missingSince")

    said("withdraw", "jardins", "j7", "--field", "description", *REASON)

    assert len(since) == 1
    assert said_of(garden, "j7", "archipel:missingSince") == since
    assert said_of(garden, "j7", "dcterms:description") == []


@pytest.mark.parametrize(
    ("step", "field"),
    [
        *((step, ()) for step in STEPS),
        *((step, ("--field", "description")) for step in ("order", "forget", "rewrite")),
    ],
    ids=lambda one: one if isinstance(one, str) else "field" if one else "record",
)
def test_killed_after_any_step_a_withdrawal_is_ended_by_the_next_call(garden, said, stands, step, field):
    words = ["--config", str(garden.config), "--store", str(garden.layout.root)]
    program = [
        sys.executable,
        ROOT / "tests/withdrawn.py",
        step,
        "withdraw",
        "jardins",
        "j7",
        *field,
        *REASON,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([*program, *words], check=False, env=environment, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    night = garden.run("jardins")  # may come between
    ended = said("withdraw")

    assert night.outcome.succeeded
    assert ended.exit_code == 0, ended.output
    assert stands(PLACE) == set()
    assert field or stands(NAME) == set()
    assert refs(garden, "withdrawn") == (set() if field else {"j7"})
    assert (garden.run("jardins").outcome, said("withdraw").output) == (
        Outcome.UNCHANGED,
        "nothing was left to finish\n",
    )


def test_reinstated_record_comes_back_with_its_history_although_the_partner_could_say_304(
    garden, partners, said
):
    said("withdraw", "jardins", "j7", *REASON)
    garden.run("jardins")
    asked = len(partners.requests)

    told = said("reinstate", "jardins", "j7", "--reason", "accord donné", "--by", "Ada")
    report = garden.run("jardins")

    assert told.exit_code == 0, told.output
    assert (report.outcome, report.counts["created"]) == (Outcome.DONE, 1)
    assert [seen.status for seen in partners.requests[asked:] if seen.path == LISTING] == [200]
    assert said_of(garden, "j7", "rdfs:label") == [(f"Verger de {NAME}",)]
    changes = [one.operation for one in garden.ledger().history("jardins", "j7")]
    assert changes == ["create", "update", "withdraw", "create"]
    assert [one.action for one in decided(garden.ledger(), "jardins", "j7")] == ["reinstate", "withdraw"]
    garden.run("jardins")
    assert [seen.status for seen in partners.requests if seen.path == LISTING][-1] == 304


def test_reinstated_field_is_published_again(garden, said):
    said("withdraw", "jardins", "j7", "--field", "description", *REASON)

    said("reinstate", "jardins", "j7", "--field", "description", "--reason", "accord donné")

    assert garden.run("jardins").message == "1 updated"
    assert said_of(garden, "j7", "dcterms:description") == [(f"Le verger est {PLACE}.",)]


def test_record_of_which_no_night_is_kept_comes_again_without_the_field(garden, said, stands):
    for kept in (garden.layout.runs / "jardins").glob("*.zst"):
        kept.unlink()

    said("withdraw", "jardins", "j7", "--field", "description", *REASON)

    assert garden.ledger().record("jardins", "j7").reason == AGAIN
    assert stands(PLACE) == set()
    assert garden.run("jardins").counts["created"] == 1
    assert said_of(garden, "j7", "rdfs:label") == [(f"Verger de {NAME}",)]
    assert said_of(garden, "j7", "dcterms:description") == []


def test_record_of_a_source_that_left_the_file_is_withdrawn_whole_only(garden, partners, said, stands):
    garden.declare(declared(partners, source="carte"))

    refused = said("withdraw", "jardins", "j7", "--field", "description", *REASON)
    done = said("withdraw", "jardins", "j7", *REASON)

    assert (refused.exit_code, "withdraw the whole record" in refused.stderr) == (2, True)
    assert done.exit_code == 0, done.output
    assert (stands(NAME), stands(PLACE)) == (set(), set())


def test_same_thing_in_other_sources_is_shown_first_and_stays(garden, partners, said):
    other = declared(partners, source="carte", path="/carte/liste.json")
    garden.declare(declared(partners) + other)
    serve(partners, [one | {"lien": None} for one in gardens()], "/carte/liste.json")
    serve(partners, gardens(ville="Aniane"))
    garden.run("jardins")
    garden.run("carte")

    told = said("withdraw", "jardins", "j7", *REASON)

    assert f"also (the same name and place): carte 'j7' Verger de {NAME}" in told.output
    assert garden.ledger().record("carte", "j7").state == "published"
    assert garden.run("carte").outcome.succeeded


def test_fields_that_the_source_says_in_one_go_together_and_that_is_told_before(garden, partners, said):
    nested = declared(partners).replace('city = "ville"', 'city = "lieu.ville", street = "lieu.rue"')
    garden.declare(nested)
    serve(partners, gardens(lieu={"ville": "Aniane", "rue": "12 rue Quatrebarbes-le-Vieux"}))
    garden.run("jardins")

    told = said("withdraw", "jardins", "j8", "--field", "street", *REASON)

    assert "comes from the same field of the source, and goes with it: city" in told.output
    assert said_of(garden, "j8", "schema:address/schema:streetAddress") == []
    assert said_of(garden, "j8", "schema:address/schema:addressLocality") == []
    assert said_of(garden, "j9", "schema:address/schema:addressLocality") == [("Aniane",)]


def test_nobody_to_ask_and_no_yes_withdraws_nothing(garden, said):
    told = said("withdraw", "jardins", "j7", "--reason", "la personne le demande")

    assert (told.exit_code, "add --yes" in told.stderr) == (2, True)
    assert refs(garden, "withdrawn") == set()


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (("jardins", "j7", "--reason", "Mme Quatrebarbes le demande"), "--reason repeats 'Quatrebarbes'"),
        (("jardins", "j7", "--reason", NAME.lower()), f"--reason repeats '{NAME.lower()}'"),
        (("jardins", "j7"), "--reason is empty"),
        (("jardins", "j7", "--field", "descriptio", "--reason", "oui"), "did you mean 'description'?"),
        (("jardins", "j7", "--field", "name", "--reason", "oui"), "withdraw the whole record"),
        (
            ("jardins", "j7", "--field", "slogan", "--reason", "oui"),
            "nothing of source 'jardins' fills 'slogan'",
        ),
        (("jardin", "j7", "--reason", "oui"), "no record is known by that"),
    ],
)
def test_what_is_asked_wrongly_is_refused_before_anything_is_done(garden, said, asked, complaint):
    told = said("withdraw", *asked, "--yes")

    assert told.exit_code in (1, 2)
    assert complaint in told.stderr
    assert suppressed(garden.ledger()) == {}


def test_list_tells_what_is_kept_out_and_why_without_the_data(said):
    said("withdraw", "https://jardins.example.org/7", *REASON)
    said("withdraw", "http://localhost:8000/id/jardins/j8", "--field", "description", *REASON)

    told = json.loads(said("withdraw", "--list", "--json").output)["suppressions"]

    assert [(one["hash"], one["field"], one["reason"]) for one in told] == [
        (fingerprint("jardins", "j7"), "", "la personne le demande"),
        (fingerprint("jardins", "j8"), "description", "la personne le demande"),
    ]
    assert "j7" not in said("withdraw", "--list").output


def test_record_never_seen_is_kept_out_when_it_comes(garden, partners, said):
    told = said("withdraw", "jardins", "j35", *REASON)
    serve(partners, gardens(40))

    garden.run("jardins")

    assert "never seen" in told.output
    assert garden.ledger().record("jardins", "j35") is None
    assert len(refs(garden, "published")) == 39


def test_list_of_another_installation_is_carried_out_here(garden, said, stands):
    said("withdraw", "jardins", "j7", *REASON)
    lines = list(exported(garden.ledger()))
    said("reinstate", "jardins", "j7", "--reason", "accord donné")
    garden.run("jardins")
    garden.publish()
    assert stands(NAME)

    assert order(garden.ledger(), imported(lines))
    assert said("withdraw").output == "finished: 1\n"

    assert stands(NAME) == set()
    assert NAME not in "".join(lines)


def test_answers_of_runs_that_failed_or_were_killed_go_too(garden, said, stands):
    with RawStore(garden.layout.raw).writer() as orphan:
        orphan.write(f"<p>{NAME}</p>".encode())
    killed = garden.layout.passing("jardins") / "ab" / "cd.zst"
    killed.parent.mkdir(parents=True)
    killed.write_bytes(NAME.encode())

    said("withdraw", "jardins", "j7", *REASON)

    assert stands(NAME) == set()


def test_source_being_harvested_is_waited_for_and_what_was_asked_is_on_the_list_meanwhile(garden):
    seventh = Suppression(fingerprint("jardins", "j7"), WHOLE, datetime.now(UTC))
    order(garden.ledger(), [seventh])
    work = Withdrawal(
        {}, load(garden.config).federation, garden.layout, garden.ledger(), garden.publish, patience_s=0.3
    )

    with (
        FileLock(garden.layout.source_lock("jardins")),
        pytest.raises(StoreError, match="jardins: under way"),
    ):
        finish(work)

    assert suppressed(garden.ledger())
    assert finish(work) == 1
    assert refs(garden, "withdrawn") == {"j7"}


def test_messages_of_a_source_that_lost_a_record_quote_nothing_of_its_answers(garden, partners, said):
    said("withdraw", "jardins", "j7", *REASON)
    partners.serve(LISTING, f"<p>{NAME}</p>".encode(), "application/json")

    report = garden.run("jardins")

    assert report.outcome == Outcome.FAILED
    assert NAME not in report.message


def test_renamed_source_keeps_what_was_withdrawn_under_its_old_name(garden, partners, said):
    said("withdraw", "jardins", "j7", *REASON)
    garden.declare(declared(partners, source="vergers"))
    serve(partners, gardens())

    garden.run("vergers", was=("jardins",))

    ledger = garden.ledger()
    assert (ledger.record("vergers", "j7"), ledger.record("vergers", "j8").state) == (None, "published")


def test_server_that_holds_the_store_makes_it_anew_and_shows_readers_the_new_one(garden, said, stands):
    ledger, shown = garden.ledger(), []
    publisher = Publisher(garden.layout, load(garden.config).federation, ledger, shown.append)
    with FileLock(garden.layout.writer_lock):
        publisher.start()
        try:
            told = said("withdraw", "jardins", "j7", *REASON)
        finally:
            publisher.stop()

    assert told.exit_code == 0, told.output
    assert stands(NAME) == set()
    assert [path.is_dir() for path in shown][-1:] == [True]
    assert len(garden.ask("SELECT ?r { ?r a archipel:Initiative }")) == 29
